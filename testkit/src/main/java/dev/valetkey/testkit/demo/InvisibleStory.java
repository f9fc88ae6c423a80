package dev.valetkey.testkit.demo;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Leaks;
import dev.valetkey.testkit.SeenRequest;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The story of an agent that knows nothing of valetkey, in a {@link Pod}. */
final class InvisibleStory {
  private static final Claims HANDLE =
      new Claims("a handle", Claims.ABSENT, Claims.ABSENT, Claims.ABSENT, Claims.ABSENT);

  private final Pod pod;
  private final Page page;
  private final InstrumentedAgent agent;

  InvisibleStory(Pod pod, Page page) {
    this.pod = pod;
    this.page = page;
    this.agent = pod.agent();
  }

  void play() {
    String alice = pod.signIn().login("alice");
    String bob = pod.signIn().login("bob");

    page.chapter("The agent, which knows nothing");
    itsCode();
    itsEnvironment();

    page.chapter("Alice calls the agent, with her token; it asks two servers for her");
    asked("Alice", "alice", alice);

    page.chapter("What became of her token: what the agent saw, and what each server saw");
    beforeAndAfter(alice);

    page.chapter("Bob beside Alice, 10 calls each at the same time");
    sideBySide(Map.of("alice", alice, "bob", bob), 10);

    page.chapter("The agent asks its language model, which is no MCP server");
    languageModel(alice);

    page.chapter("What is refused, and why");
    withoutUser();
    strangers();

    page.chapter("The agent reaches for valetkey itself");
    sockets();

    page.chapter("Who saw what");
    nothingLeaked();
  }

  private void itsCode() {
    List<String> words =
        Stream.of("valetkey", "token", "vkh-", "baggage", "proxy")
            .filter(agent.code().toLowerCase(Locale.ROOT)::contains)
            .toList();
    page.check(
        words.isEmpty(),
        "agent.py, "
            + agent.code().lines().count()
            + " lines, says nothing of valetkey, a token, baggage or a proxy",
        "none of these words, but: " + words);
    page.check(
        agent.code().contains("http://github.example/mcp"),
        "  it calls http://github.example/mcp and http://jira.example/mcp, like anybody",
        "these two");
  }

  private void itsEnvironment() {
    String names =
        agent.environment().stream()
            .map(entry -> entry.split("=", 2)[0])
            .map(name -> name.replaceFirst("^(OTEL|PYTHON).*", "$1*"))
            .distinct()
            .sorted()
            .collect(Collectors.joining(", "));
    page.same("its environment", "LANG, MODEL_KEY, MODEL_URL, OTEL*, PATH, PYTHON*", names);
    Leaks ours = new Leaks();
    pod.signIn().canaries().forEach(ours::secret);
    page.check(
        ours.in("environment", String.join("\n", agent.environment())).isEmpty(),
        "  no token or secret of ours is in there, no proxy and no certificate",
        "none");
    page.same("its uid", String.valueOf(Pod.AGENT), agent.uid());
  }

  /** One call of a user's, for which the agent makes two; each server must see this user. */
  private void asked(String who, String user, String token) {
    long start = System.nanoTime();
    Http.Response answer = pod.ask("/plan", token);
    String took = Scenes.millis(Duration.ofNanos(System.nanoTime() - start));
    page.check(
        answer.status() == 200,
        "POST http://agent.example/plan with "
            + who
            + "'s token: "
            + answer.status()
            + " in "
            + took,
        "200");
    for (String server : Pod.SERVERS) {
      String caller = caller(answer, server);
      page.check(
          user.equals(caller), "  " + server + " told the agent \"you are " + caller + "\"", user);
    }
  }

  private void beforeAndAfter(String alice) {
    page.table(
        List.of(
            row("Alice sent", "travel-agent", "openid profile", "-", Claims.of(alice)),
            new Page.Row("agent saw", HANDLE, agentSaw()),
            row("github saw", "github-mcp", "repo:read", OwnIssuer.CLIENT, seen("github")),
            row("jira saw", "jira-mcp", "issues:read", "-", seen("jira"))));
    Leaks hers = new Leaks().secret("Alice's token", alice);
    page.check(
        hers.in("agent", agent.printed()).isEmpty(),
        "  her token is in nothing that the agent was sent",
        "it is not");
    page.same("agent saw baggage", "tenant=acme, valetkey=***", members(agent.heard().getLast()));
    List<String> github = pod.server("github").requests().last().headers("baggage");
    page.same("github saw baggage", "tenant=acme", String.join(", ", github));
  }

  /** Two users call the agent at once; both servers must name, each time, the one who asked. */
  private void sideBySide(Map<String, String> tokenOfUser, int callsEach) {
    int heard = agent.heard().size();
    Map<Future<Http.Response>, String> calls = new LinkedHashMap<>();
    int right = 0;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < callsEach; i++) {
        tokenOfUser.forEach(
            (user, token) -> calls.put(threads.submit(() -> pod.ask("/plan", token)), user));
      }
      for (Map.Entry<Future<Http.Response>, String> call : calls.entrySet()) {
        for (String server : Pod.SERVERS) {
          right += call.getValue().equals(caller(call.getKey().get(), server)) ? 1 : 0;
        }
      }
    } catch (ExecutionException | InterruptedException failed) {
      throw new IllegalStateException("calls side by side", failed);
    }
    int all = calls.size() * Pod.SERVERS.size();
    page.check(
        right == all,
        right + " of " + all + " calls of servers arrived as the user who had asked the agent",
        "all of them");
    long handles =
        agent.heard().stream().skip(heard).map(InvisibleStory::authorization).distinct().count();
    page.check(
        handles == tokenOfUser.size(),
        "  all that the agent had to tell them apart: " + handles + " handles",
        "a handle for each user");
  }

  /** Its own key must arrive there; what stands for the user must not. */
  private void languageModel(String alice) {
    Http.Response answer = pod.ask("/think", alice);
    SeenRequest seen = pod.model().requests().last();
    page.check(
        answer.status() == 200
            && seen.headers("authorization")
                .equals(List.of("Bearer " + InstrumentedAgent.MODEL_KEY)),
        "the model got the agent's own key, untouched",
        "the key");
    String baggage = String.join(", ", seen.headers("baggage"));
    page.check(
        baggage.equals("tenant=acme") && !seen.wireText().contains("vkh-"),
        "  and no handle; of the agent's baggage: " + baggage,
        "tenant=acme and no handle");
  }

  private void withoutUser() {
    long before = pod.server("github").requests().count();
    Map<String, Object> job = agent.nightlyJob();
    refused("a job of the agent's own, for no user", job, 401, "no_user_token");
    long arrived = pod.server("github").requests().count() - before;
    page.check(arrived == 0, "  github saw " + arrived + " requests", "none");
  }

  /** Users' calls that are none. */
  private void strangers() {
    int before = agent.heard().size();
    String handle = authorization(agent.heard().getLast()).substring("Bearer ".length());
    refused("a call of the agent without a token", pod.ask("/plan", null), "no_user_token");
    refused(
        "a call from outside with the agent's handle",
        pod.ask("/plan", handle),
        "user_token_malformed");
    int heard = agent.heard().size() - before;
    page.check(heard == 0, "  the agent heard " + heard + " of them", "none");
  }

  private void sockets() {
    String socket = pod.socket().toString();
    reached("it opens valetkey's socket", "EACCES", connected(Pod.AGENT, socket));
    reached("it opens Envoy's admin", "EACCES", connected(Pod.AGENT, pod.envoyAdmin().toString()));
    reached("it dials Envoy's port itself", "ECONNREFUSED", connected(Pod.AGENT, "15001"));
    reached("it opens the socket with Envoy's group", "hung up on", connected(Pod.ENVOY, socket));
    page.check(
        pod.log().contains("peer refused") && pod.log().contains("\"uid\":" + Pod.AGENT),
        "  valetkey had asked the kernel who calls, and logged: peer refused, uid " + Pod.AGENT,
        "this line in its log");
  }

  private void nothingLeaked() {
    Leaks all = new Leaks();
    pod.signIn().canaries().forEach(all::secret);
    all.secret("key of the agent's", InstrumentedAgent.MODEL_KEY);
    Map<String, String> writings = pod.writings();
    Pod.SERVERS.forEach(server -> writings.put(server, pod.server(server).requests().wireText()));
    writings.put("this page", page.printed());
    page.check(
        leaks(all, writings).isEmpty(),
        "no server, log, audit line or metric, nor this page, holds a user token or a secret",
        "none, but: " + leaks(all, writings));
    Leaks ours = new Leaks();
    pod.signIn().canaries().forEach(ours::secret);
    Pod.SERVERS.forEach(
        server -> ours.secrets("token for " + server, pod.server(server).seenTokens()));
    Map<String, String> agents =
        Map.of("agent", agent.printed(), "model", pod.model().requests().wireText());
    page.check(
        leaks(ours, agents).isEmpty(),
        "neither the agent nor its model ever held one, nor a token made for a server",
        "none, but: " + leaks(ours, agents));
    List<String> marked =
        Pod.SERVERS.stream()
            .filter(server -> pod.server(server).requests().wireText().contains("vkh-"))
            .toList();
    page.check(marked.isEmpty(), "no server saw a handle", "none, but: " + marked);
  }

  private static List<Leaks.Finding> leaks(Leaks secrets, Map<String, String> places) {
    return places.entrySet().stream()
        .flatMap(place -> secrets.in(place.getKey(), place.getValue()).stream())
        .toList();
  }

  private void refused(String what, Http.Response answer, String reason) {
    refused(what, Map.of("status", (long) answer.status(), "text", answer.text()), 401, reason);
  }

  /** An answer, as its receiver got it, that must be a refusal for this reason. */
  private void refused(String what, Map<String, Object> answer, int status, String reason) {
    Agent.Refusal refusal = Agent.Refusal.in(String.valueOf(answer.get("text")));
    page.check(
        String.valueOf(status).equals(String.valueOf(answer.get("status")))
            && reason.equals(refusal.reason()),
        what + ": " + answer.get("status") + " " + refusal.reason(),
        status + " " + reason);
    // The code is in the sentence for people, too, at its end.
    String sentence = refusal.message().replaceFirst(" \\(valetkey: \\w+\\)$", "");
    page.check(!sentence.isEmpty(), "  it reads: " + sentence, "a sentence");
  }

  private void reached(String what, String expected, String actual) {
    page.check(expected.equals(actual), what + ": " + actual, expected);
  }

  /** Connects in the pod with the agent's uid, and says what came of it. */
  private String connected(int gid, String address) {
    return pod.run(
        Pod.AGENT,
        gid,
        InstrumentedAgent.python(),
        "-c",
        """
        import errno, socket, sys
        to = sys.argv[1]
        unix = to.startswith("/")
        line = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        line.settimeout(60)
        try:
            line.connect(to if unix else ("127.0.0.1", int(to)))
            line.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            while line.recv(1024):
                pass
            print("hung up on")
        except (BrokenPipeError, ConnectionResetError):
            print("hung up on")
        except OSError as refused:
            print(errno.errorcode.get(refused.errno, refused))
        """,
        address);
  }

  private static Page.Row row(String label, String aud, String scope, String act, Claims actual) {
    Claims expected = new Claims(Claims.origin(OwnIssuer.ISSUER), aud, "alice", scope, act);
    return new Page.Row(label, expected, actual);
  }

  private Claims seen(String server) {
    return Claims.in(pod.server(server).requests().last());
  }

  private Claims agentSaw() {
    return isHandle(authorization(agent.heard().getLast())) ? HANDLE : Claims.NO_TOKEN;
  }

  private static boolean isHandle(String authorization) {
    return authorization.matches("Bearer vkh-[\\w-]+");
  }

  private static String authorization(Map<String, Object> headers) {
    return String.join(", ", Json.texts(headers.get("authorization")));
  }

  /** The members of its baggage, without their secrets and in order. */
  private static String members(Map<String, Object> headers) {
    String baggage = String.join(",", Json.texts(headers.get("baggage")));
    return Stream.of(baggage.split(","))
        .map(member -> member.replaceFirst("vkh-.*", "***"))
        .sorted()
        .collect(Collectors.joining(", "));
  }

  /** The subject that the server saw, as the agent handed it on; null when it saw none. */
  private static @Nullable String caller(Http.Response answer, String server) {
    Map<String, Object> said =
        answer.status() == 200 ? Json.object(answer.json(), server) : Map.of();
    return Agent.caller(String.valueOf(said.get("text")));
  }
}
