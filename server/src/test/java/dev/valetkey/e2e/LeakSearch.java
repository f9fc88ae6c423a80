package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.admin.AdminClient;
import dev.valetkey.admin.Explanation;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Leaks;
import dev.valetkey.testkit.SeenRequest;
import dev.valetkey.token.Secret;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Looks through all that a pod wrote, sent and answered for what must not be there: user tokens at
 * an upstream; any token or secret in a log, a metric, an admin answer or an answer to the agent; a
 * token at another server than its own. hardening.md T21.
 */
final class LeakSearch {
  static final String STATIC_SECRET = "CANARY-static-secret-of-the-search-server";

  private final Pod pod;
  private final Map<String, String> kept = new ConcurrentHashMap<>();
  private final Set<String> userSecrets = ConcurrentHashMap.newKeySet();

  LeakSearch(Pod pod) {
    this.pod = pod;
  }

  /** Keeps an output to be searched at the end. */
  String keep(String place, String text) {
    kept.merge(place, text, String::concat);
    return text;
  }

  /** Forgets what was kept under this name. */
  void forget(String place) {
    kept.remove(place);
  }

  /** Something else that the agent held and nobody else may see. */
  String secret(String text) {
    userSecrets.add(text);
    return text;
  }

  void search() {
    Leaks ofUsers = new Leaks();
    ofUsers.secrets("user token", userTokens());
    ofUsers.secret("client secret", Issuer.AGENT_SECRET);
    ofUsers.secret("client secret at the partner", PodFile.PARTNER_SECRET);
    ofUsers.secrets("secret of an agent", userSecrets);
    Leaks ofServers = new Leaks();
    ofServers.secrets("issued token", pod.issuedTokens());
    ofServers.secret("static secret", STATIC_SECRET);

    List<Leaks.Finding> findings = new ArrayList<>();
    writings()
        .forEach((place, text) -> {
          findings.addAll(ofUsers.in(place, text));
          findings.addAll(ofServers.in(place, text));
        });
    pod.servers()
        .forEach((name, server) ->
            findings.addAll(ofUsers.in("server " + name, server.requests().wireText())));
    findings.addAll(ofServers.in("evil server", pod.evil().requests().wireText()));
    findings.addAll(ofUsers.in("evil server", pod.evil().requests().wireText()));

    assertThat(findings).as("secrets that leaked").isEmpty();
    pod.servers().forEach((name, server) -> server.requests().all().forEach(r -> own(name, r)));
  }

  /** The token of a request is none, or one that was issued for this server alone. */
  private void own(String server, SeenRequest request) {
    assertThat(request.headers("x-valetkey-user-token")).isEmpty();
    String token = request.bearer() == null ? request.dpopToken() : request.bearer();
    Jwt jwt = token == null ? null : Jwt.read(token);
    if (jwt != null) {
      assertThat(jwt.audience())
          .as("audience of a token at " + server)
          .containsExactly(server + "-mcp");
      assertThat(pod.issuedTokens()).contains(jwt.text());
    }
  }

  private Map<String, String> writings() {
    Map<String, String> writings = new LinkedHashMap<>(kept);
    for (int i = 0; i < pod.sidecars().size(); i++) {
      Child sidecar = pod.sidecars().get(i);
      writings.put("audit log " + i, sidecar.out());
      writings.put("diagnostic log " + i, sidecar.err());
    }
    writings.put("log of Envoy", pod.envoy().log());
    writings.put("answers to the agent", pod.agent().answers());
    if (pod.sidecar().isAlive()) {
      for (String page : List.of("/metrics", "/readyz", "/livez")) {
        writings.put(page, Http.get(pod.admin(page)).wireText());
      }
      writings.putAll(adminAnswers());
    }
    return writings;
  }

  private Map<String, String> adminAnswers() {
    Map<String, String> answers = new LinkedHashMap<>();
    try (AdminClient client = AdminClient.of(pod.adminSocket())) {
      answers.put("sessions", client.sessions().toString());
      for (String server : pod.servers().keySet()) {
        String url = "http://" + Pod.host(server) + "/mcp";
        Secret token = Secret.of(pod.issuer().userToken("searcher"));
        answers.put(
            "explain " + server,
            client.explain(new Explanation.Question("POST", url, token, Map.of())).toString());
      }
    } catch (IOException unreachable) {
      throw new UncheckedIOException(unreachable);
    }
    return answers;
  }

  /** Tokens of enough letters to be told from other text. */
  private List<String> userTokens() {
    return pod.issuer().userTokens().stream()
        .filter(token -> token.length() > 40)
        .distinct()
        .toList();
  }
}
