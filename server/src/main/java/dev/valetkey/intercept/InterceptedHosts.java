package dev.valetkey.intercept;

import dev.valetkey.config.AddressBlock;
import dev.valetkey.config.Config;
import dev.valetkey.config.ServerConfig;
import java.net.URI;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The hosts whose TLS is opened: those of the {@code https} servers and of their {@code https}
 * aliases, in the file's order. An address in place of a name is none of them: TLS clients do not
 * say it (RFC 6066 §3), and the pod's authority may not vouch for it.
 */
public final class InterceptedHosts {
  private InterceptedHosts() {}

  /** The names of a configuration, whether or not it has an {@code intercept} section. */
  public static Set<String> of(Config config) {
    Set<String> hosts = new LinkedHashSet<>();
    config.servers().values().stream()
        .flatMap(InterceptedHosts::addresses)
        .filter(url -> url.getScheme().equals("https"))
        .map(URI::getHost)
        .filter(host -> !isAddress(host))
        .forEach(hosts::add);
    return Collections.unmodifiableSet(hosts);
  }

  private static Stream<URI> addresses(ServerConfig server) {
    return Stream.concat(Stream.of(server.url()), server.aliases().stream());
  }

  private static boolean isAddress(String host) {
    return host.startsWith("[") || AddressBlock.address(host).isPresent();
  }
}
