package dev.valetkey.agents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.SeenRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What users' clients, and the agent itself, can try with tokens, handles and traces. */
@Timeout(60)
final class UsersCallsIT {
  @TempDir private static Path folder;
  private static AgentPod pod;

  /** What a client sends that is not let in, and why. */
  private enum Unwelcome {
    NOTHING("no_user_token", issuer -> null),
    EXPIRED(
        "user_token_expired",
        issuer ->
            issuer
                .jwt("alice")
                .issuedIn(Duration.ofHours(-2))
                .expiresIn(Duration.ofHours(-1))
                .signed()),
    FOR_ANOTHER(
        "user_token_audience", issuer -> issuer.jwt("alice").audience("another-app").signed()),
    FORGED("user_token_signature", issuer -> issuer.jwt("alice").brokenSignature()),
    A_HANDLE("user_token_malformed", issuer -> handleOf("alice"));

    private final String code;
    private final Function<Issuer, @Nullable String> token;

    Unwelcome(String code, Function<Issuer, @Nullable String> token) {
      this.code = code;
      this.token = token;
    }
  }

  @BeforeAll
  static void start() {
    pod = AgentPod.start(Language.NODE, Telemetry.DEFAULT, folder, "inbound: {user_token: handle}");
  }

  @AfterAll
  static void stop() {
    if (pod != null) {
      pod.close();
    }
  }

  // TM-AROUND
  @ParameterizedTest
  @EnumSource
  void agentIsNotReachedWithoutAGoodToken(Unwelcome sent) {
    User user = new User("alice", sent.token.apply(pod.issuer()), List.of());
    int heard = pod.heard("/").size();

    Http.Response answer = pod.request(user, "POST", "/ask/fetch");

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.text()).contains("\"code\":\"" + sent.code + "\"");
    assertThat(answer.header("www-authenticate")).startsWith("Bearer");
    assertThat(pod.heard("/")).hasSize(heard);
  }

  // TM-AROUND
  @Test
  void healthIsAnsweredWithoutATokenAndNamesNobody() {
    User probe = new User("probe", null, List.of());
    assertThat(pod.request(probe, "GET", "/healthz").text()).contains("well");

    User alice =
        pod.user("alice")
            .with("baggage", "valetkey=" + handleOf("ben"))
            .with("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    assertThat(pod.request(alice, "GET", "/healthz").status()).isEqualTo(200);

    assertThat(pod.heard("/healthz"))
        .hasSize(2)
        .allSatisfy(request ->
            assertThat(request.headers())
                .doesNotContainKeys("authorization", "baggage", "traceparent", "tracestate"));
  }

  /** OpenTelemetry reads baggage generously: white space, properties, percent signs in names. */
  // TM-GUESS
  @ParameterizedTest
  @ValueSource(
      strings = {
        "valetkey=HANDLE,tenant=acme",
        "tenant=acme,valetkey=HANDLE",
        "tenant=acme , valetkey = HANDLE ; a=b",
        "tenant=acme,%76aletkey=HANDLE",
        "tenant=acme,valetkey%20=HANDLE",
        "valetkey=HANDLE,valetkey=vkh-made-up,tenant=acme",
        ",,valetkey=HANDLE,,tenant=acme"
      })
  void handleThatAClientSendsDoesNotCount(String baggage) {
    User ben = pod.user("ben").with("baggage", baggage.replace("HANDLE", handleOf("alice")));
    String question = "<" + baggage + ">";

    Answer answer = pod.ask(ben, "fetch", question);

    assertThat(answer.names("ben")).as(answer.text()).isTrue();
    SeenRequest seen = pod.github().requests().last();
    assertThat(seen.headers("baggage")).containsExactly("tenant=acme");
  }

  // TM-HANDLE
  @Test
  void handleEndsWhenItsUserSignsOut() {
    String handle = handleOf("carol");
    assertThat(pod.callAsAgent("authorization", "Bearer " + handle).text()).contains("carol");
    assertThat(pod.callAsAgent("baggage", "valetkey=" + handle).text()).contains("carol");

    pod.signOut("carol");

    for (Http.Response answer :
        List.of(
            pod.callAsAgent("authorization", "Bearer " + handle),
            pod.callAsAgent("baggage", "valetkey=" + handle))) {
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.text()).contains("handle_unknown");
    }
  }

  // TM-HANDLE
  @Test
  void handleEndsWithTheTokenItStandsFor() {
    String brief = pod.issuer().jwt("dave").expiresIn(Duration.ofSeconds(3)).signed();
    pod.ask(new User("dave", brief, List.of()), "fetch", "who am I");
    String handle = pod.heard("/ask/").getLast().handle();
    assertThat(pod.callAsAgent("authorization", "Bearer " + handle).text()).contains("dave");

    Poll.until(
        Duration.ofSeconds(10),
        "the handle to end",
        () -> pod.callAsAgent("authorization", "Bearer " + handle).status() == 401);

    assertThat(pod.callAsAgent("baggage", "valetkey=" + handle).text()).contains("handle_unknown");
  }

  // TM-GUESS
  @Test
  void handleThatNobodyMadeIsRefused() {
    Http.Response answer =
        pod.callAsAgent("authorization", "Bearer vkh-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.text()).contains("handle_unknown");
  }

  // TM-HANDLE
  @Test
  void handleDoesNotLeaveForAHostThatIsNoServer() {
    Http.Response answer =
        pod.callAsAgentAt("nowhere.example", "authorization", "Bearer " + handleOf("alice"));

    assertThat(answer.status()).isEqualTo(403);
  }

  /** The handle that the agent is given for this user. */
  private static String handleOf(String user) {
    assertThat(pod.ask(pod.user(user), "fetch", "who am I").names(user)).isTrue();
    return pod.heard("/ask/").getLast().handle();
  }
}
