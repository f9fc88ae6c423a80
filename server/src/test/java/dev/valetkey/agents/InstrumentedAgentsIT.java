package dev.valetkey.agents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.SeenRequest;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Agents under OpenTelemetry's automatic instrumentation, which never see a user token: a call of
 * an MCP server carries the token of the user who asked, whichever way the agent makes it. Each
 * agent is asked once, by twenty users at the same time.
 */
@Timeout(240)
final class InstrumentedAgentsIT {
  @TempDir private static Path folder;
  private static final Map<Kind, AgentPod> PODS = new HashMap<>();
  private static final Map<Kind, Crowd> CROWDS = new HashMap<>();

  /** An agent, and what its instrumentation hands on. */
  private record Kind(Language language, Telemetry telemetry) {
    @Override
    public String toString() {
      return language + " " + telemetry;
    }
  }

  private record Way(Kind kind, String name) {
    @Override
    public String toString() {
      return kind + " " + name;
    }
  }

  private static Stream<Kind> kinds() {
    return Stream.of(Telemetry.DEFAULT, Telemetry.TRACE_ONLY)
        .flatMap(how -> Stream.of(Language.values()).map(language -> new Kind(language, how)));
  }

  private static Stream<Way> keepingWays() {
    return ways(Language::keeping);
  }

  private static Stream<Way> losingWays() {
    return ways(Language::losing);
  }

  private static Stream<Way> stickingWays() {
    return ways(Language::sticking);
  }

  private static Stream<Way> ways(Function<Language, List<String>> which) {
    return kinds()
        .flatMap(kind -> which.apply(kind.language()).stream().map(name -> new Way(kind, name)));
  }

  @AfterAll
  static void stop() {
    PODS.values().forEach(AgentPod::close);
  }

  @ParameterizedTest
  @MethodSource("keepingWays")
  void serverSeesTheTokenOfTheUserWhoAsks(Way way) {
    Crowd crowd = crowd(way.kind());

    for (User user : crowd.users()) {
      List<SeenRequest> seen = crowd.seen(user, way.name());
      assertThat(seen).as(user.name()).hasSize(1);
      Jwt token = Jwt.of(String.valueOf(seen.getFirst().bearer()));
      assertThat(token.claim("sub")).isEqualTo(user.name());
      assertThat(token.audience()).containsExactly("github-mcp");
    }
  }

  @ParameterizedTest
  @MethodSource("keepingWays")
  void userIsAnsweredForHimself(Way way) {
    Crowd crowd = crowd(way.kind());

    for (User user : crowd.users()) {
      Answer answer = crowd.answer(user, way.name());
      if (way.name().equals("background_task")) {
        assertThat(answer).isEqualTo(new Answer(200, 202, ""));
      } else {
        assertThat(answer.names(user.name())).as(answer.text()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("keepingWays")
  void baggageOfTheUsersClientArrivesAlone(Way way) {
    Crowd crowd = crowd(way.kind());

    for (User user : crowd.users()) {
      List<String> baggage = crowd.seen(user, way.name()).getFirst().headers("baggage");
      if (way.kind().telemetry() == Telemetry.DEFAULT) {
        assertThat(baggage).containsExactly("tenant=of-" + user.name());
      } else {
        assertThat(baggage).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyRequestOfAnMcpSessionIsItsUsers(Kind kind) {
    Crowd crowd = crowd(kind);

    for (User user : crowd.users()) {
      String session = crowd.seen(user, "mcp").getFirst().header("mcp-session-id");
      List<SeenRequest> requests =
          crowd.seen().stream()
              .filter(r -> session != null && session.equals(r.header("mcp-session-id")))
              .toList();
      assertThat(requests)
          .hasSizeGreaterThan(1)
          .allSatisfy(request ->
              assertThat(Jwt.of(String.valueOf(request.bearer())).claim("sub"))
                  .isEqualTo(user.name()));
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void serverSeesNothingOfOurs(Kind kind) {
    String wire = crowd(kind).wireText();

    assertThat(wire).doesNotContain("vkh-").doesNotContainIgnoringCase("valetkey");
  }

  // TM-LEAK
  @ParameterizedTest
  @MethodSource("kinds")
  void agentHearsHandlesAndNoToken(Kind kind) {
    Crowd crowd = crowd(kind);

    List<Heard> heard = crowd.heard();

    assertThat(heard).hasSize(crowd.answers().size());
    for (Heard request : heard) {
      String handle = request.handle();
      assertThat(request.values("authorization")).containsExactly("Bearer " + handle);
      assertThat(request.values("baggage")).hasSize(1);
      assertThat(request.values("baggage").getFirst())
          .matches("tenant=of-user-\\d+, ?valetkey=" + handle);
      assertThat(request.values("traceparent")).hasSize(1);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void handlesOfTwoUsersDiffer(Kind kind) {
    Map<String, List<Heard>> byTenant = crowd(kind).heardByTenant();

    assertThat(byTenant).hasSize(Crowd.SIZE);
    assertThat(byTenant.values().stream().flatMap(List::stream).map(Heard::handle).distinct())
        .hasSizeGreaterThanOrEqualTo(Crowd.SIZE);
  }

  // TM-MIX
  @ParameterizedTest
  @MethodSource("losingWays")
  void wayThatLosesTheUserIsRefused(Way way) {
    crowd(way.kind());
    AgentPod pod = PODS.get(way.kind());
    int exchanges = pod.issuer().exchanges().size();
    long requests = pod.github().requests().count();

    Answer answer = pod.ask(pod.user("lost"), way.name(), "who am I");

    assertThat(answer.called()).isEqualTo(401);
    assertThat(answer.isRefusal("no_user_token")).as(answer.text()).isTrue();
    assertThat(pod.issuer().exchanges()).hasSize(exchanges);
    assertThat(pod.github().requests().count()).isEqualTo(requests);
  }

  /** Nobody outside the agent can tell. */
  @ParameterizedTest
  @MethodSource("stickingWays")
  void workerThatARequestStartedStaysWithItsUser(Way way) {
    crowd(way.kind());
    AgentPod pod = PODS.get(way.kind());

    Answer first = pod.ask(pod.user("first"), way.name(), "who am I");
    Answer second = pod.ask(pod.user("second"), way.name(), "who am I");

    assertThat(first.names("first")).as(first.text()).isTrue();
    assertThat(second.names("first")).as(second.text()).isTrue();
  }

  private static Crowd crowd(Kind kind) {
    if (!PODS.containsKey(kind)) {
      Path own = folder.resolve(kind.toString().replace(' ', '-'));
      String sections = "inbound: {user_token: handle}";
      PODS.put(kind, AgentPod.start(kind.language(), kind.telemetry(), own, sections));
    }
    return CROWDS.computeIfAbsent(kind, k -> Crowd.ask(PODS.get(k), k.language().keeping()));
  }
}
