package dev.valetkey.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Judges what takes several keys to judge, and fills in the defaults that follow from other keys.
 */
final class Rules {

  private Rules() {}

  static void apply(Draft config, Findings findings) {
    Map<String, Draft> issuers = config.sections("issuers");
    Map<String, Draft> servers = config.sections("servers");
    Draft listen = config.get("listen", Draft.class);
    if (listen != null) {
      listen.fill("allowed_uids", Stream.of(ownUid(), 0).distinct().toList());
    }
    issuers.values().forEach(issuer -> IssuerRules.apply(issuer, findings));
    Map<String, Draft> named = config.sections("grants");
    GrantRules grants = new GrantRules(issuers, named, findings);
    grants.applyToNamed();
    servers.values().forEach(server -> ServerRules.apply(server, issuers, grants, findings));
    AddressRules.apply(servers.values(), findings);
    PodRules.apply(config, servers, findings);
    UserRules.apply(config, issuers, servers.values(), GrantRules.complete(named), findings);
  }

  /**
   * The kernel's word about this process; root's where there is no such word, which lets nobody
   * else in.
   */
  private static int ownUid() {
    try {
      return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    } catch (IOException | UnsupportedOperationException e) {
      return 0;
    }
  }
}
