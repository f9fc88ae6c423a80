package dev.valetkey.oauth;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.ClientAuthMethod;
import dev.valetkey.config.OpaqueTokens;
import dev.valetkey.config.UserRule;
import dev.valetkey.keycloak.RealKeycloak;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Keycloak;
import dev.valetkey.token.Subject;
import dev.valetkey.token.UserTokenFault;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a real Keycloak says of its tokens. They are JWTs, but it is asked as if they were not. */
@Timeout(60)
final class KeycloakIntrospectionIT {
  private final MovedTime time = new MovedTime();

  // R-IA-6
  @Test
  void userOfATokenIsWhoItsClaimsSayUntilTheLogout(@TempDir Path folder) {
    Keycloak keycloak = RealKeycloak.start();
    String text = keycloak.passwordToken("chat-app", "bob");
    Jwt token = Jwt.of(text);
    try (Issuers issuers = new Issuers(time, time, new SecureRandom())) {
      OpaqueUserTokens tokens = tokens(issuers.of(agent(keycloak, folder)));

      Verification before = tokens.verify(text.getBytes(US_ASCII), time.deadline());
      keycloak.logout("bob");
      Verification after = tokens.verify(text.getBytes(US_ASCII), time.deadline());

      assertThat(before)
          .isInstanceOfSatisfying(
              Verification.Verified.class,
              verified -> {
                Subject subject = verified.subject();
                assertThat(subject.sub()).isEqualTo(token.claim("sub"));
                assertThat(subject.sid()).isEqualTo(token.claim("sid"));
                assertThat(subject.client()).isEqualTo("chat-app");
                assertThat(subject.expiresAt().getEpochSecond())
                    .isEqualTo(token.claims().get("exp"));
              });
      assertThat(after).isEqualTo(new Verification.Invalid(UserTokenFault.INACTIVE));
    }
  }

  private static dev.valetkey.config.IssuerConfig agent(Keycloak keycloak, Path folder) {
    return Configs.of(
        keycloak.issuer(),
        ClientAuthMethod.CLIENT_SECRET_BASIC,
        Configs.secret(folder, "agent", Keycloak.AGENT_SECRET),
        null,
        Duration.ofSeconds(8),
        4);
  }

  private OpaqueUserTokens tokens(Issuer issuer) {
    UserRule rule =
        new UserRule(
            "corp",
            List.of("agent"),
            List.of("RS256"),
            "sid",
            false,
            OpaqueTokens.INTROSPECT,
            false,
            List.of());
    return new OpaqueUserTokens(
        List.of(new UserTokenVerifier.Rule(rule, issuer)), new SubjectClaims(time), time);
  }
}
