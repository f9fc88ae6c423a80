package dev.valetkey.agents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.SeenRequest;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Agents without OpenTelemetry, which never see a user token either: those that hand on their
 * {@code Authorization} call as their user, the others do not call at all.
 */
@Timeout(120)
final class PlainAgentsIT {
  @TempDir private static Path folder;
  private static final Map<Language, AgentPod> PODS = new EnumMap<>(Language.class);

  private static Stream<Arguments> otherWays() {
    return Stream.of(Language.values())
        .flatMap(language ->
            Stream.concat(language.losing().stream(), language.keeping().stream())
                .filter(way -> !way.equals("shared_mcp") && !way.equals("background_task"))
                .map(way -> Arguments.of(language, way)));
  }

  @AfterAll
  static void stop() {
    PODS.values().forEach(AgentPod::close);
  }

  @ParameterizedTest
  @EnumSource
  void agentThatHandsOnItsAuthorizationCallsAsItsUser(Language language) {
    Crowd crowd = Crowd.ask(pod(language), List.of("forward"));

    for (User user : crowd.users()) {
      assertThat(crowd.answer(user, "forward").names(user.name())).isTrue();
      List<SeenRequest> seen = crowd.seen(user, "forward");
      assertThat(seen).hasSize(1);
      assertThat(Crowd.subject(seen.getFirst())).isEqualTo(user.name());
    }
    assertThat(crowd.wireText()).doesNotContain("vkh-").doesNotContainIgnoringCase("valetkey");
  }

  @ParameterizedTest
  @MethodSource("otherWays")
  void agentThatHandsOnNothingIsRefused(Language language, String way) {
    AgentPod pod = pod(language);
    int exchanges = pod.issuer().exchanges().size();
    long requests = pod.github().requests().count();

    Answer answer = pod.ask(pod.user("alice"), way, "who am I");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.called()).isIn(401, 0); // 0: SDKs show no status
    assertThat(answer.isRefusal("no_user_token") || answer.called() == 0).isTrue();
    assertThat(pod.issuer().exchanges()).hasSize(exchanges);
    assertThat(pod.github().requests().count()).isEqualTo(requests);
  }

  // TM-HANDLE
  @ParameterizedTest
  @EnumSource
  void handleCountsOnlyAtTheServersThatAreListedForIt(Language language) {
    AgentPod pod = pod(language);

    Answer answer = pod.ask(pod.user("alice"), "forward", "who am I", "/jira");

    assertThat(answer.called()).isEqualTo(403);
    assertThat(answer.isRefusal("handle_elsewhere")).as(answer.text()).isTrue();
    assertThat(pod.jira().requests().count()).isZero();
  }

  @Test
  void agentMayHandOnTheUserTokenItself() {
    String sections = "inbound: {user_token: leave}";
    try (AgentPod pod =
        AgentPod.start(Language.NODE, Telemetry.NONE, folder.resolve("leave"), sections)) {
      User alice = pod.user("alice");

      Answer answer = pod.ask(alice, "forward", "who am I");

      assertThat(answer.names("alice")).as(answer.text()).isTrue();
      assertThat(pod.heard("/ask/").getLast().values("authorization"))
          .containsExactly("Bearer " + alice.token());
    }
  }

  private static AgentPod pod(Language language) {
    return PODS.computeIfAbsent(
        language,
        l ->
            AgentPod.start(
                l,
                Telemetry.NONE,
                folder.resolve(l.name()),
                "inbound: {user_token: handle, handle_servers: [github]}"));
  }
}
