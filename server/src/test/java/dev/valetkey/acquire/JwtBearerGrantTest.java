package dev.valetkey.acquire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** RFC 7523 §2.1: the user's token, the workload's, or one of another issuer as an assertion. */
class JwtBearerGrantTest extends TokenEndpointContract {
  private static final String GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer";

  private User alice;

  @BeforeEach
  void signIn() {
    alice = Requests.user(corp.issuer(), "alice", corp.userToken("alice"));
  }

  @Override
  TokenRequest request() {
    return Written.request(
        folder,
        "issuers:\n"
            + Written.issuer("corp", issuer.issuer())
            + Written.server(
                "{type: jwt_bearer, audience: github-mcp, scope: [repo:read, user],"
                    + " extra_parameters: {requested_token_use: on_behalf_of}}"),
        alice);
  }

  @Override
  Rejection meaningOf(String code) {
    return ofUser(code);
  }

  @Test
  void formHoldsTheUsersTokenAsAssertion() {
    granted();

    assertThat(corp.tokenCalls().getLast().form())
        .isEqualTo(
            Form.of(
                "grant_type",
                GRANT_TYPE,
                "assertion",
                alice.userToken().text().reveal(),
                "audience",
                "github-mcp",
                "resource",
                "https://mcp.github.example/mcp",
                "scope",
                "repo:read user",
                "requested_token_use",
                "on_behalf_of"));
  }

  // R-EX-5
  @Test
  void workloadsOwnAssertionIsReadAnewAndNeedsNoUser() throws IOException {
    String yaml =
        "issuers:\n"
            + Written.issuer("corp", issuer.issuer())
            + Written.server(
                "{type: jwt_bearer, assertion_file: workload, resource: [], audience: github-mcp}");
    Files.writeString(folder.resolve("workload"), corp.userToken("pod") + "\n");
    TokenRequest nobody = Written.request(folder, yaml, null);
    assertThat(acquirer.acquire(nobody, time.deadline())).isInstanceOf(TokenOutcome.Granted.class);

    String renewed = corp.userToken("pod");
    Files.writeString(folder.resolve("workload"), renewed + "\n");
    assertThat(acquirer.acquire(nobody, time.deadline())).isInstanceOf(TokenOutcome.Granted.class);
    assertThat(corp.tokenCalls().getLast().form())
        .isEqualTo(
            Form.of("grant_type", GRANT_TYPE, "assertion", renewed, "audience", "github-mcp"));

    // Nobody can sign in to mend an assertion that is not the user's.
    Files.writeString(folder.resolve("workload"), "CANARY.not.accepted\n");
    assertThat(acquirer.acquire(nobody, time.deadline()))
        .isEqualTo(new TokenOutcome.Rejected(Rejection.UNAUTHORIZED_CLIENT));
  }

  @Test
  void missingAssertionFileKeepsUsFromAsking() throws IOException {
    String yaml =
        "issuers:\n"
            + Written.issuer("corp", issuer.issuer())
            + Written.server("{type: jwt_bearer, assertion_file: workload}");
    Path workload = Files.writeString(folder.resolve("workload"), "CANARY-seen-at-start");
    TokenRequest nobody = Written.request(folder, yaml, null);
    Files.delete(workload);

    assertThat(acquirer.acquire(nobody, time.deadline()))
        .isEqualTo(new TokenOutcome.Unavailable(Cause.UNREACHABLE, Duration.ofSeconds(5)));
    assertThat(corp.requests().all()).isEmpty();
  }

  // R-TX-13, R-EX-2: here audience names the second issuer, and the server is asked for there.
  @Test
  void identityChainingCarriesTheFirstIssuersTokenToTheSecond() {
    try (Issuer partner = Issuer.start()) {
      partner.trust(corp);
      String yaml =
          "issuers:\n"
              + Written.issuer("corp", corp.issuer())
              + Written.issuer("partner", partner.issuer())
              + """
              grants:
                chain: {issuer: corp, audience: %s, requested_token_type: jwt}
              """
                  .formatted(partner.issuer())
              + Written.server(
                  "{type: jwt_bearer, issuer: partner, subject_token_from: chain, scope: repo:read}");

      TokenOutcome outcome =
          acquirer.acquire(Written.request(folder, yaml, alice), time.deadline());

      assertThat(outcome)
          .isInstanceOfSatisfying(
              TokenOutcome.Granted.class,
              granted ->
                  assertThat(granted.token().text().reveal())
                      .isEqualTo(partner.issuedTokens().getLast()));
      assertThat(corp.exchanges().getLast())
          .isEqualTo(
              Form.of(
                  "grant_type",
                  "urn:ietf:params:oauth:grant-type:token-exchange",
                  "subject_token",
                  alice.userToken().text().reveal(),
                  "subject_token_type",
                  Requests.ACCESS_TOKEN,
                  "audience",
                  partner.issuer(),
                  "requested_token_type",
                  Requests.JWT));
      assertThat(partner.tokenCalls().getLast().form())
          .isEqualTo(
              Form.of(
                  "grant_type",
                  GRANT_TYPE,
                  "assertion",
                  corp.issuedTokens().getLast(),
                  "resource",
                  "https://mcp.github.example/mcp",
                  "scope",
                  "repo:read"));
      assertThat(partner.requests().wireText()).doesNotContain(alice.userToken().text().reveal());
    }
  }

  @Test
  void refusalOfTheFirstIssuerIsTheAnswerAndTheSecondIsNotAsked() {
    try (Issuer partner = Issuer.start()) {
      String yaml =
          "issuers:\n"
              + Written.issuer("corp", corp.issuer())
              + Written.issuer("partner", partner.issuer())
              + "grants: {chain: {issuer: corp, audience: elsewhere}}\n"
              + Written.server("{type: jwt_bearer, issuer: partner, subject_token_from: chain}");
      corp.revoke(alice.userToken().text().reveal());

      assertThat(acquirer.acquire(Written.request(folder, yaml, alice), time.deadline()))
          .isEqualTo(new TokenOutcome.Rejected(Rejection.INVALID_REQUEST));
      assertThat(partner.requests().all()).isEmpty();
    }
  }

  @Test
  void tokenForAnotherIssuerThanTheSecondIsNotShownToIt() {
    try (Issuer partner = Issuer.start()) {
      partner.trust(corp);
      String yaml =
          "issuers:\n"
              + Written.issuer("corp", corp.issuer())
              + Written.issuer("partner", partner.issuer())
              + "grants: {chain: {issuer: corp, audience: %s}}\n".formatted(partner.issuer())
              + Written.server("{type: jwt_bearer, issuer: partner, subject_token_from: chain}");
      meet(Fault.issuedClaims(claims -> claims.put("aud", "agent")), 1);

      assertThat(acquirer.acquire(Written.request(folder, yaml, alice), time.deadline()))
          .isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_AUDIENCE));
      assertThat(partner.requests().all()).isEmpty();
    }
  }
}
