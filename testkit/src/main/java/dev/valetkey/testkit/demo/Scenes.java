package dev.valetkey.testkit.demo;

import dev.valetkey.testkit.Leaks;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Recorder;
import dev.valetkey.testkit.SeenRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** The scenes that both stories share. Each prints lines that are checks. */
final class Scenes {
  private final Stage stage;
  private final SignIn signIn;
  private final Page page;
  private final Agent agent;

  Scenes(Stage stage, SignIn signIn, Page page) {
    this.stage = stage;
    this.signIn = signIn;
    this.page = page;
    this.agent = stage.agent();
  }

  /** One call that must succeed; gives its answer. */
  Agent.Answer call(String server, String token, String who) {
    Agent.Answer answer = agent.call(Stage.host(server), token);
    page.check(
        answer.status() == 200,
        "POST http://" + Stage.host(server) + "/mcp with " + who + "'s token: " + summary(answer),
        "200");
    return answer;
  }

  /** One call that must be refused for this reason. */
  void refused(String what, Agent.Answer answer, int status, String reason) {
    String text = answer.reason() == null ? "" : " " + answer.reason();
    page.check(
        answer.status() == status && reason.equals(answer.reason()),
        what + ": " + answer.status() + text,
        status + " " + reason);
    page.check(!answer.message().isEmpty(), "  its user reads: " + answer.message(), "a sentence");
  }

  /** The newest request that the server saw. */
  SeenRequest last(String server) {
    return stage.server(server).requests().last();
  }

  /** Many calls after the first one: how long they take, and that they bring the same token. */
  void fromTheCache(String server, String token, Duration first) {
    McpServer upstream = stage.server(server);
    String before = String.valueOf(last(server).bearer());
    List<Duration> times = new ArrayList<>();
    boolean same = true;
    for (int i = 0; i < 50; i++) {
      Agent.Answer answer = agent.call(Stage.host(server), token);
      times.add(answer.took());
      same &= answer.status() == 200 && before.equals(upstream.requests().last().bearer());
    }
    Duration median = times.stream().sorted().toList().get(times.size() / 2);
    page.check(
        same,
        "50 more calls: "
            + millis(median)
            + " each, through Envoy and back (the first: "
            + millis(first)
            + ")",
        "200 and the token of the first call each time");
  }

  /** Two users call one server at once; every answer must name the one who asked. */
  void sideBySide(String server, Map<String, String> tokenOfUser, int callsEach) {
    Map<Future<Agent.Answer>, String> calls = new LinkedHashMap<>();
    int right = 0;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < callsEach; i++) {
        tokenOfUser.forEach((user, token) ->
            calls.put(threads.submit(() -> agent.call(Stage.host(server), token)), user));
      }
      for (Map.Entry<Future<Agent.Answer>, String> call : calls.entrySet()) {
        Agent.Answer answer = call.getKey().get();
        right += answer.status() == 200 && call.getValue().equals(answer.caller()) ? 1 : 0;
      }
    } catch (ExecutionException | InterruptedException failed) {
      throw new IllegalStateException("calls side by side", failed);
    }
    page.check(
        right == calls.size(),
        right + " of " + calls.size() + " calls at once arrived as the user who made them",
        "all of them");
  }

  /** The server revokes the token it got; the agent must not notice. */
  void healed(String server, String token) {
    McpServer upstream = stage.server(server);
    String old = String.valueOf(last(server).bearer());
    upstream.revoke(old);
    long before = upstream.requests().count();
    Agent.Answer answer = agent.call(Stage.host(server), token);
    List<SeenRequest> attempts = upstream.requests().all().stream().skip(before).toList();
    page.check(
        attempts.size() == 2
            && old.equals(attempts.getFirst().bearer())
            && !old.equals(attempts.getLast().bearer())
            && attempts.getFirst().bodyText().equals(attempts.getLast().bodyText()),
        server + " saw " + attempts.size() + " attempts: the old token, then a new one",
        "2 attempts with the same body, the second with a new token");
    page.check(answer.status() == 200, "the agent asked once: " + summary(answer), "200");
  }

  /** A host that is no server gets nothing, not even a connection. */
  void unlisted(String token) {
    Recorder stranger = stage.stranger();
    Agent.Answer answer = agent.call("localhost:" + stranger.port(), token);
    refused(
        "http://localhost:" + stranger.port() + ", which listens", answer, 403, "unlisted_host");
    page.check(
        stranger.connections() == 0,
        "  it got no token and saw " + stranger.connections() + " connections",
        "0 connections");
  }

  /** Nothing that anybody received or wrote holds a secret that does not belong there. */
  void nothingLeaked() {
    Map<String, String> canaries = signIn.canaries();
    Leaks ours = new Leaks();
    canaries.forEach(ours::secret);
    long found = 0;
    for (Map.Entry<String, McpServer> server : stage.servers().entrySet()) {
      Leaks foreign = new Leaks();
      canaries.forEach(foreign::secret);
      foreign.secrets("token of another server", tokensOfOthers(server.getKey()));
      found += foreign.in(server.getKey(), server.getValue().requests().wireText()).size();
    }
    page.check(
        found == 0,
        "no server received a user token, a secret of ours or another server's token",
        "none of them, but there were " + found);
    Leaks all = new Leaks();
    canaries.forEach(all::secret);
    stage
        .servers()
        .forEach((name, server) -> all.secrets("token for " + name, server.seenTokens()));
    Map<String, String> writings = stage.writings();
    writings.put("this page", page.printed());
    List<Leaks.Finding> leaks =
        writings.entrySet().stream()
            .flatMap(w -> all.in(w.getKey(), w.getValue()).stream())
            .toList();
    page.check(
        leaks.isEmpty(),
        "no log, audit line or metric of valetkey or Envoy, nor this page, holds a token or secret",
        "none, but: " + leaks);
  }

  /** Milliseconds for people. */
  static String millis(Duration duration) {
    return String.format(Locale.ROOT, "%.1f ms", duration.toNanos() / 1e6);
  }

  private List<String> tokensOfOthers(String server) {
    return stage.servers().entrySet().stream()
        .filter(other -> !other.getKey().equals(server))
        .flatMap(other -> other.getValue().seenTokens().stream())
        .toList();
  }

  private static String summary(Agent.Answer answer) {
    return Stream.of(
            String.valueOf(answer.status()),
            answer.reason() == null ? "" : answer.reason(),
            answer.caller() == null ? "" : "\"you are " + Claims.shortened(answer.caller()) + "\"",
            answer.status() == 200 ? "" : answer.message(),
            "in " + millis(answer.took()))
        .filter(part -> !part.isEmpty())
        .reduce((one, other) -> one + " " + other)
        .orElseThrow();
  }
}
