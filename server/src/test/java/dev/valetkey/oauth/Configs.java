package dev.valetkey.oauth;

import dev.valetkey.config.ClientAuthMethod;
import dev.valetkey.config.Copies;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.Profile;
import dev.valetkey.config.TlsConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Configuration records for issuers of the testkit. */
public final class Configs {
  private Configs() {}

  /**
   * The client {@code agent} with its secret in a file of this folder. Everything is discovered.
   */
  public static IssuerConfig agent(dev.valetkey.testkit.Issuer issuer, Path folder) {
    return of(
        issuer.issuer(),
        ClientAuthMethod.CLIENT_SECRET_BASIC,
        secret(folder, "agent", dev.valetkey.testkit.Issuer.AGENT_SECRET),
        null,
        Duration.ofSeconds(8),
        16);
  }

  public static IssuerConfig of(
      String issuer,
      ClientAuthMethod method,
      @Nullable Path secretFile,
      @Nullable Path keyFile,
      Duration timeout,
      int maxInFlight) {
    return new IssuerConfig(
        "corp",
        URI.create(issuer),
        Profile.GENERIC,
        "agent",
        method,
        secretFile,
        keyFile,
        null,
        IssuerConfig.AssertionAudience.ISSUER,
        null,
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        null,
        null,
        null,
        true,
        false,
        Map.of(),
        TlsConfig.DEFAULT,
        timeout,
        maxInFlight,
        null);
  }

  /**
   * Authenticating with assertions.
   *
   * @param file with the platform's; null: made with our key
   */
  static IssuerConfig asserting(
      IssuerConfig c,
      @Nullable String clientId,
      IssuerConfig.AssertionAudience audience,
      @Nullable Path file,
      String type) {
    return Copies.of(
        c,
        "clientId",
        clientId,
        "clientAssertionAudience",
        audience,
        "clientAssertionFile",
        file,
        "clientAssertionType",
        type);
  }

  public static IssuerConfig pinned(
      IssuerConfig c, @Nullable URI tokenEndpoint, @Nullable URI jwksUri) {
    return Copies.of(c, "tokenEndpoint", tokenEndpoint, "jwksUri", jwksUri);
  }

  public static IssuerConfig dialled(
      IssuerConfig c, @Nullable URI connectTo, boolean allowHttp, TlsConfig tls) {
    return Copies.of(c, "connectTo", connectTo, "allowHttp", allowHttp, "tls", tls);
  }

  public static IssuerConfig limited(IssuerConfig c, Duration timeout, int maxInFlight) {
    return Copies.of(c, "timeout", timeout, "maxInFlight", maxInFlight);
  }

  /** A file with this text and a newline, as editors and kubelets leave it. */
  public static Path secret(Path folder, String name, String text) {
    try {
      return Files.writeString(folder.resolve(name), text + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
