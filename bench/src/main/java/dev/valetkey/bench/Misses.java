package dev.valetkey.bench;

import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.TestCa;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What each grant costs when its token is not in the cache. */
final class Misses {
  private static final int WARM = 500;
  private static final int COUNT = 250;
  private static final int ROUNDS = 4;

  /** Identical calls at one time would share one acquisition. */
  private static final int IN_FLIGHT = 1;

  private Misses() {}

  static void run(Path folder) {
    TestCa ca = TestCa.create(folder);
    try (Issuer issuer = Users.issuer(IssuerOptions.defaults().withTls(ca.localhost()))) {
      SidecarFolder sidecar =
          SidecarFolder.withoutCache(
              folder.resolve("misses"), issuer, ca.pem().toString(), grants(issuer, ca));
      try (ServerProcess server = ServerProcess.sidecar(sidecar, List.of()).awaitServing();
          CheckClient client = new CheckClient(server.socket())) {
        Table table = new Table("miss of", "CPU ÷ token_exchange", "CPU µs", "issuer calls");
        String user = issuer.userToken("alice");
        grants(issuer, ca).keySet().forEach(name -> calls(client, name, user, WARM));
        double exchange = 0;
        for (String name : grants(issuer, ca).keySet()) {
          issuer.requests().clear();
          double micros = cpu(server, client, name, user);
          exchange = exchange == 0 ? micros : exchange;
          table.row(
              name.replace('-', '_'),
              Table.number(micros / exchange, 2),
              Table.number(micros, 0),
              Table.number((double) issuer.requests().count() / (COUNT * ROUNDS), 0));
        }
        table.print("Misses: what each grant costs without the cache, over TLS");
      }
    }
  }

  /** By name of the server, which is also the row. */
  private static Map<String, String> grants(Issuer issuer, TestCa ca) {
    Map<String, String> grants = new LinkedHashMap<>();
    grants.put("token-exchange", "{audience: a}");
    grants.put("client-credentials", "{type: client_credentials, audience: a}");
    grants.put("jwt-bearer", "{type: jwt_bearer, audience: a}");
    grants.put(
        "jwt-bearer-chained", "{type: jwt_bearer, audience: a, subject_token_from: chained}");
    grants.put(
        "id-jag",
        "{type: id_jag, issuer: corp, identity_issuer: corp, subject_token_type: access_token}");
    grants.put(
        "brokered-token",
        "{type: brokered_token, endpoint: \"%s\"}".formatted(issuer.storedTokenEndpoint()));
    grants.put(
        "token-broker",
        "{type: token_broker, url: \"%s\", tls: {ca_file: %s}}"
            .formatted(issuer.issuer(), ca.pem()));
    return grants;
  }

  /** Microseconds of the sidecar's CPU for one miss; of some rounds the smallest. */
  private static double cpu(ServerProcess server, CheckClient client, String name, String user) {
    double best = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      long before = server.cpu();
      calls(client, name, user, COUNT);
      best = Math.min(best, (server.cpu() - before) / 1e3 / COUNT);
    }
    return best;
  }

  private static void calls(CheckClient client, String server, String user, int count) {
    byte[] call = Messages.call(server, user);
    int forwarded = client.run(count, IN_FLIGHT, i -> call);
    if (forwarded != count) {
      throw new IllegalStateException(server + ": " + forwarded + " calls were forwarded");
    }
  }
}
