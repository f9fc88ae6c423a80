package dev.valetkey.acquire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.testkit.Fault;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** RFC 6749 §4.4. */
class ClientCredentialsGrantTest extends TokenEndpointContract {
  private static final GrantConfig.ClientCredentials GRANT =
      new GrantConfig.ClientCredentials(
          "corp",
          List.of("github-mcp"),
          List.of(URI.create("https://mcp.github.example/mcp")),
          List.of("repo:read"),
          Map.of("connector_id", "x"));

  @Override
  TokenRequest request() {
    return lasting(Duration.ZERO);
  }

  @Override
  Rejection meaningOf(String code) {
    return ofClient(code);
  }

  // R-EX-4
  @Test
  void formHoldsNoUser() {
    granted();

    assertThat(corp.tokenCalls().getLast().bodyText())
        .isEqualTo(
            "grant_type=client_credentials&audience=github-mcp"
                + "&resource=https%3A%2F%2Fmcp.github.example%2Fmcp"
                + "&scope=repo%3Aread&connector_id=x");
  }

  @Test
  void opaqueTokenThatDoesNotSayHowLongItLastsIsUsedOnce() {
    corp.switches().opaqueTokens(true);
    corp.faults().token(Fault.json(body -> body.remove("expires_in")), 2);

    AccessToken once = granted();
    TokenOutcome kept = acquirer.acquire(lasting(Duration.ofSeconds(30)), time.deadline());

    assertThat(once.expiresAt()).isEqualTo(once.issuedAt());
    assertThat(kept)
        .isInstanceOfSatisfying(
            TokenOutcome.Granted.class,
            granted ->
                assertThat(granted.token().expiresAt() - granted.token().issuedAt())
                    .isEqualTo(30_000));
  }

  private TokenRequest lasting(Duration defaultLifetime) {
    return Requests.request(GRANT, Requests.expected(GRANT, issuer), issuer, null, defaultLifetime);
  }
}
