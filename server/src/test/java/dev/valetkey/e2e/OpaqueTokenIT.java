package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.JwtBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Opaque user tokens that the issuer is asked about, and logouts, through a real Envoy. */
@Timeout(60)
final class OpaqueTokenIT {
  private static Pod pod;

  @BeforeAll
  static void start() {
    pod =
        new PodFile()
            .exchange("github")
            .exchange("jira")
            .sections("users: [{issuer: corp, opaque: introspect, backchannel_logout: true}]\n")
            .start();
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void forget() {
    pod.issuer().requests().clear();
    pod.issuer().faults().clear();
  }

  // R-TX-8, R-IA-6
  @Test
  void opaqueTokenIsExchangedOnceTheIssuerKnowsIt() {
    String token = pod.issuer().opaqueUserToken("alice");

    for (int i = 0; i < 3; i++) {
      assertThat(pod.agent().call("github", token).status()).isEqualTo(200);
    }

    assertThat(pod.issuer().introspections()).hasSize(1);
    assertThat(pod.issuer().exchanges()).hasSize(1);
    assertThat(pod.issuer().exchanges().getFirst().first("subject_token")).isEqualTo(token);
    assertThat(Asked.sidecar(pod).cacheOf("github", token)).contains("hit");
  }

  @Test
  void opaqueTokenThatWasUsedIsKeptFromOtherHosts() {
    String token = pod.issuer().opaqueUserToken("frank");
    try (DirectCheck check = new DirectCheck(pod.folder().resolve("authz.sock"))) {
      assertThat(removed(check, token)).isEmpty();
      assertThat(pod.agent().call("github", token).status()).isEqualTo(200);
      assertThat(removed(check, token)).containsExactly("authorization");
      assertThat(removed(check, "sk-CANARY-llm-key")).isEmpty();
    }
  }

  /** Headers that a call to a host that is no server goes on without. */
  private static List<String> removed(DirectCheck check, String token) {
    return check
        .ask("unlisted", "llm", Map.of("authorization", "Bearer " + token))
        .getOkResponse()
        .getHeadersToRemoveList();
  }

  @Test
  void tokenThatTheIssuerDoesNotKnowIsRefusedAndNotExchanged() {
    refused(pod.agent().call("github", "CANARY-invented"), 401, "user_token_inactive");
    refused(
        pod.agent()
            .call(
                "github",
                pod.issuer().opaqueUserToken(pod.issuer().jwt("alice").audience("stranger"))),
        401,
        "user_token_audience");
    assertThat(pod.issuer().exchanges()).isEmpty();
  }

  // R-BC-5
  @Test
  void whileTheIssuerCannotBeAskedTheAnswerIs503() {
    pod.issuer().faults().introspection(Fault.status(500), 1);

    Http.Response answer = pod.agent().call("github", pod.issuer().opaqueUserToken("bob"));

    refused(answer, 503, "issuer_unavailable");
    assertThat(answer.header("retry-after")).isEqualTo("1");
  }

  @Test
  void issuedTokenMustBeTheUsers() {
    pod.issuer().faults().token(Fault.issuedClaims(claims -> claims.put("sub", "bob")), 1);

    refused(
        pod.agent().call("github", pod.issuer().opaqueUserToken("erin")), 403, "issued_subject");
  }

  @Test
  void formIsThatOfAnyBearerToken() {
    String token = pod.issuer().opaqueUserToken("alice");

    refused(pod.agent().call("github", token + "," + token), 401, "several_user_tokens");
    refused(pod.agent().call("github", token + "a".repeat(17_000)), 401, "user_token_malformed");
    refused(pod.agent().call("github", token + " x"), 401, "user_token_malformed");
    assertThat(pod.issuer().introspections()).isEmpty();
  }

  // R-CA-4
  @Test
  void logoutEndsTheSessionAndItsTokens() {
    String token = pod.issuer().jwt("carol").claim("sid", "s-carol").signed();
    assertThat(pod.agent().call("github", token).status()).isEqualTo(200);
    assertThat(pod.agent().call("jira", token).status()).isEqualTo(200);
    String unused = pod.issuer().jwt("carol").claim("sid", "s-carol").signed();
    assertThat(sessions()).contains("\"carol\"");

    assertThat(logout(pod.issuer().logout().claim("sid", "s-carol")).status()).isEqualTo(200);

    assertThat(sessions()).doesNotContain("\"carol\"");
    refused(pod.agent().call("github", token), 401, "user_token_inactive");
    refused(pod.agent().call("jira", unused), 401, "user_token_inactive");
    assertThat(pod.agent().call("github", pod.issuer().userToken("carol")).status()).isEqualTo(200);
  }

  // R-CA-4
  @Test
  void forgedLogoutEndsNothing() {
    String token = pod.issuer().jwt("dave").claim("sid", "s-dave").signed();
    assertThat(pod.agent().call("github", token).status()).isEqualTo(200);
    try (Issuer stranger = Issuer.start()) {
      JwtBuilder forged =
          stranger.logout().claim("iss", pod.issuer().issuer()).claim("sid", "s-dave");

      assertThat(logout(forged).status()).isEqualTo(400);
    }

    assertThat(pod.agent().call("github", token).status()).isEqualTo(200);
  }

  @Test
  void whatOnlyTheExchangeValidatesIsTakenAsTheIssuerSaysIt() {
    try (Pod trusting =
        new PodFile()
            .exchange("github")
            .sections("users: [{issuer: corp, opaque: exchange_validates}]\n")
            .start()) {
      Issuer issuer = trusting.issuer();
      String token = issuer.opaqueUserToken("alice");

      for (int i = 0; i < 5; i++) {
        assertThat(trusting.agent().call("github", token).status()).isEqualTo(200);
      }
      assertThat(issuer.exchanges()).hasSize(1);

      // R-CA-1: another token of the same user is another key.
      assertThat(trusting.agent().call("github", issuer.opaqueUserToken("alice")).status())
          .isEqualTo(200);
      assertThat(issuer.exchanges()).hasSize(2);

      issuer.revoke(token);
      String gone = issuer.opaqueUserToken(issuer.jwt("alice").expiresIn(Duration.ofHours(-1)));
      refused(trusting.agent().call("github", gone), 401, "invalid_request");
      refused(
          trusting.agent().call("github", issuer.jwt("alice").brokenSignature()),
          401,
          "user_token_signature");
      refused(
          trusting.agent().call("github", issuer.userToken("alice") + ".x"),
          401,
          "user_token_malformed");
      assertThat(issuer.introspections()).isEmpty();
      assertThat(
              Http.post(
                      trusting.admin("/backchannel-logout"),
                      Form.of("logout_token", issuer.logout().claim("sub", "alice").signed()))
                  .status())
          .isEqualTo(404);
    }
  }

  private static Http.Response logout(JwtBuilder token) {
    return Http.post(pod.admin("/backchannel-logout"), Form.of("logout_token", token.signed()));
  }

  private static String sessions() {
    return pod.command("sessions", "--json", "--socket", pod.adminSocket().toString());
  }

  private static void refused(Http.Response answer, int status, String code) {
    assertThat(answer.status()).isEqualTo(status);
    assertThat(Agent.code(answer)).isEqualTo(code);
  }
}
