package dev.valetkey.acquire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.Profile;
import dev.valetkey.testkit.Json;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What docs/issuers says is true: every page is run. */
class ProfilesTest {
  @TempDir private Path folder;

  @Test
  void everyProfileHasItsPageAndTheIndexNamesThemAll() throws IOException {
    List<String> profiles =
        Arrays.stream(Profile.values()).map(p -> p.name().toLowerCase(Locale.ROOT)).toList();

    assertThat(ProfilePage.names()).containsExactlyInAnyOrderElementsOf(profiles);
    String index = Files.readString(ProfilePage.FOLDER.resolve("README.md"));
    assertThat(profiles).allSatisfy(name -> assertThat(index).contains("(" + name + ".md)"));
  }

  static Stream<ProfilePage.Example> examples() {
    return ProfilePage.names().stream().flatMap(name -> ProfilePage.read(name).examples().stream());
  }

  @ParameterizedTest
  @MethodSource("examples")
  void pageUsesItsProfile(ProfilePage.Example example) {
    try (ProfileWorld world = new ProfileWorld(example, folder)) {
      assertThat(world.config().issuers().values())
          .extracting(IssuerConfig::profile)
          .extracting(profile -> profile.name().toLowerCase(Locale.ROOT))
          .contains(example.profile());
    }
  }

  // R-TX-1, R-MCP-3, R-RI-1: to the byte, but for what is secret.
  @ParameterizedTest
  @MethodSource("examples")
  void pageShowsWhatGoesOverTheWire(ProfilePage.Example example) {
    try (ProfileWorld world = new ProfileWorld(example, folder)) {
      world.acquire();

      assertThat(world.wire()).isEqualTo(example.wire());
    }
  }

  // R-TX-4, R-TX-5
  @ParameterizedTest
  @MethodSource("examples")
  void answerOfThePageIsAToken(ProfilePage.Example example) {
    try (ProfileWorld world = new ProfileWorld(example, folder)) {
      TokenOutcome outcome = world.acquire();

      assertThat(outcome).as(world::reason).isInstanceOf(TokenOutcome.Granted.class);
    }
  }

  static Stream<ProfilePage.Row> errors() {
    return examples().flatMap(example -> example.errors().stream());
  }

  // R-TX-7
  @ParameterizedTest
  @MethodSource("errors")
  void errorHasTheReasonOfThePage(ProfilePage.Row row) {
    try (ProfileWorld world = new ProfileWorld(row.of(), folder)) {
      world.answer(row.status(), row.error());

      world.acquire();

      assertThat(world.reason()).isEqualTo(row.reason());
    }
  }

  static Stream<Arguments> spoilt() {
    return Stream.of(
        spoilt(
            "keycloak",
            "no aud (no scope brought one)",
            Rejection.ISSUED_AUDIENCE,
            c -> c.remove("aud")),
        spoilt("keycloak", "another aud", Rejection.ISSUED_AUDIENCE, c -> c.put("aud", "account")),
        spoilt(
            "entra",
            "version 1",
            Rejection.ISSUED_ISSUER,
            c -> c.put("iss", "https://sts.windows.net/72f988bf/")),
        spoilt(
            "entra",
            "api:// as aud",
            Rejection.ISSUED_AUDIENCE,
            c -> c.put("aud", "api://33333333")),
        spoilt("entra", "another user", Rejection.ISSUED_SUBJECT, c -> c.put("oid", "bob")),
        spoilt("entra", "no oid", Rejection.ISSUED_SUBJECT, c -> c.remove("oid")),
        spoilt("okta", "another user", Rejection.ISSUED_SUBJECT, c -> c.put("sub", "bob")),
        spoilt(
            "okta",
            "more scopes",
            Rejection.ISSUED_SCOPE,
            c -> c.put("scp", List.of("repo.read", "admin"))),
        spoilt(
            "okta_xaa", "a name of its own", Rejection.ISSUED_SUBJECT, c -> c.put("sub", "4711")),
        spoilt(
            "auth0",
            "for userinfo too",
            Rejection.ISSUED_EXTRA_AUDIENCE,
            c ->
                c.put(
                    "aud",
                    List.of(
                        "https://mcp.github.example/mcp",
                        "https://example.eu.auth0.com/userinfo"))),
        spoilt(
            "zitadel",
            "all audiences",
            Rejection.ISSUED_EXTRA_AUDIENCE,
            c -> c.put("aud", List.of("259256588127174658", "259254317079330818"))),
        spoilt(
            "dex",
            "without the peer's scope",
            Rejection.ISSUED_AUDIENCE,
            c -> c.put("aud", "travel-agent")));
  }

  // R-TX-9
  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("spoilt")
  void yesOfTheIssuerIsNotEnough(
      String profile, String what, Rejection rejection, Consumer<Map<String, Object>> change) {
    ProfilePage.Example example = ProfilePage.read(profile).examples().getFirst();
    try (ProfileWorld world = new ProfileWorld(example, folder)) {
      Map<String, Object> claims = Json.object(String.valueOf(example.claims()));
      change.accept(claims);
      world.issue(claims);

      assertThat(world.acquire()).as(what).isEqualTo(new TokenOutcome.Rejected(rejection));
    }
  }

  private static Arguments spoilt(
      String profile, String what, Rejection rejection, Consumer<Map<String, Object>> change) {
    return arguments(profile, what, rejection, change);
  }
}
