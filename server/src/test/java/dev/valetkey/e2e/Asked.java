package dev.valetkey.e2e;

import dev.valetkey.admin.AdminClient;
import dev.valetkey.admin.Explanation;
import dev.valetkey.token.Secret;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** What a running sidecar says about itself on its admin socket. */
final class Asked {
  private final Pod pod;

  private Asked(Pod pod) {
    this.pod = pod;
  }

  static Asked sidecar(Pod pod) {
    return new Asked(pod);
  }

  /** What it would do with a call of this user to this server. */
  Explanation explain(String server, String token) {
    try (AdminClient client = AdminClient.of(pod.adminSocket())) {
      Explanation explanation =
          client.explain(
              new Explanation.Question(
                  "POST", "http://" + Pod.host(server) + "/mcp", Secret.of(token), Map.of()));
      pod.leaks().keep("explain", explanation.toString());
      return explanation;
    } catch (IOException unreachable) {
      throw new UncheckedIOException(unreachable);
    }
  }

  /** The line about the cache. */
  String cacheOf(String server, String token) {
    return explain(server, token).lines().stream()
        .filter(line -> line.name().equals("cache"))
        .map(Explanation.Line::value)
        .findFirst()
        .orElseThrow();
  }
}
