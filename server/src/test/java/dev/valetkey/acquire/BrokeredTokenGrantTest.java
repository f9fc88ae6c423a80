package dev.valetkey.acquire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Reply;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A third party's token, exchanged at the token endpoint (Auth0 Token Vault, Okta STS). */
class BrokeredTokenGrantTest extends TokenEndpointContract {
  private User alice;

  @BeforeEach
  void signIn() {
    alice = Requests.user(corp.issuer(), "alice", corp.userToken("alice"));
  }

  @Override
  TokenRequest request() {
    return request("requested_token_type: jwt, extra_parameters: {connection: github}", "");
  }

  @Override
  Rejection meaningOf(String code) {
    return ofUser(code);
  }

  @Override
  boolean demandsTokenType() {
    return false;
  }

  // R-TX-13
  @Test
  void formNamesTheConnection() {
    granted();

    assertThat(corp.exchanges().getLast())
        .isEqualTo(
            Form.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token",
                alice.userToken().text().reveal(),
                "subject_token_type",
                Requests.ACCESS_TOKEN,
                "requested_token_type",
                Requests.JWT,
                "connection",
                "github"));
  }

  @Test
  void grantTypeMayBeTheIssuersOwn() {
    TokenRequest request =
        request(
            "grant_type: urn:example:vault, audience: a, resource: urn:b, scope: c d,"
                + " subject_token_type: refresh_token",
            "");

    assertThat(acquirer.acquire(request, time.deadline()))
        .isEqualTo(new TokenOutcome.Rejected(Rejection.UNAUTHORIZED_CLIENT));
    assertThat(corp.tokenCalls().getLast().form())
        .isEqualTo(
            Form.of(
                "grant_type",
                "urn:example:vault",
                "subject_token",
                alice.userToken().text().reveal(),
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:refresh_token",
                "audience",
                "a",
                "resource",
                "urn:b",
                "scope",
                "c d"));
  }

  @Test
  void thirdPartysTokenNamesWhomItLikes() {
    meet(
        Fault.issuedClaims(claims -> {
          claims.put("iss", "https://github.example");
          claims.put("sub", "4711");
          claims.put("aud", "elsewhere");
          claims.put("scope", "repo user");
        }),
        1);

    assertThat(acquire()).isInstanceOf(TokenOutcome.Granted.class);
  }

  // R-IA-5: the identical request is asked again once the user has agreed.
  @Test
  void consentThatIsMissingIsTheUsersToGive() {
    meet(
        visit ->
            Reply.json(
                400,
                Map.of(
                    "error",
                    "interaction_required",
                    "interaction_uri",
                    "https://okta.example/CANARY-handle")),
        1);
    TokenOutcome before = acquire();
    TokenOutcome after = acquire();

    assertThat(before).isEqualTo(new TokenOutcome.Rejected(Rejection.INTERACTION_REQUIRED));
    assertThat(after).isInstanceOf(TokenOutcome.Granted.class);
    assertThat(corp.exchanges().getLast()).isEqualTo(corp.exchanges().getFirst());
  }

  // R-TX-7
  @Test
  void issuersOwnErrorCodesMeanWhatTheFileSays() {
    meet(Fault.oauthError(401, "no_linked_account"), 1);

    TokenRequest request = request("", "    errors: {no_linked_account: interaction_required}\n");

    assertThat(acquirer.acquire(request, time.deadline()))
        .isEqualTo(new TokenOutcome.Rejected(Rejection.INTERACTION_REQUIRED));
    assertThat(corp.tokenCalls()).hasSize(1);
  }

  private TokenRequest request(String keys, String ofIssuer) {
    String yaml =
        "issuers:\n"
            + Written.issuer("corp", issuer.issuer())
            + ofIssuer
            + Written.server("{type: brokered_token, " + keys + "}");
    return Written.request(folder, yaml, alice);
  }
}
