package dev.valetkey.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The smallest file, and what every key is that it leaves out. */
class ConfigDefaultsTest {

  private static final String ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

  @TempDir private Path temp;
  private ConfigFolder folder;

  @BeforeEach
  void makeFolder() {
    folder = new ConfigFolder(temp);
  }

  @Test
  void sectionsThatAreAbsentHaveTheirDefaults() throws Exception {
    Config config = folder.load(ConfigFolder.SMALLEST);

    int uid = (Integer) java.nio.file.Files.getAttribute(temp, "unix:uid");
    assertThat(config.listen())
        .isEqualTo(
            new ListenConfig(
                Path.of("/run/valetkey/authz.sock"),
                0660,
                uid == 0 ? List.of(0) : List.of(uid, 0)));
    assertThat(config.envoy())
        .isEqualTo(
            new EnvoyConfig(
                "127.0.0.1:15001",
                Path.of("/run/valetkey/envoy-admin.sock"),
                "[::]:15006",
                "127.0.0.1:8080",
                EnvoyConfig.OtherTls.PASS,
                List.of(21, 22, 25, 110, 143, 587, 3306),
                List.of(1337, 1338),
                null,
                null));
    assertThat(config.admin())
        .isEqualTo(new AdminConfig(Path.of("/run/valetkey/admin.sock"), "0.0.0.0:9464"));
    assertThat(config.audit())
        .isEqualTo(new AuditConfig(AuditConfig.Hits.SUMMARY, AuditConfig.SubjectForm.PLAIN));
    assertThat(config.userToken())
        .isEqualTo(new UserTokenConfig(List.of(new UserTokenSource.Authorization())));
    assertThat(config.inbound()).isNull();
    assertThat(config.intercept()).isNull();
    assertThat(config.unlistedHosts()).isEqualTo(UnlistedHosts.REMOVE_USER_TOKEN);
    assertThat(config.cache()).isEqualTo(new CacheConfig(10_000, 64L << 20));
  }

  @Test
  void anIssuerIsDiscoveredAndItsClientUsesTheCredentialThatIsGiven() {
    Config config = folder.load(ConfigFolder.SMALLEST);

    assertThat(config.issuers())
        .containsExactly(
            Map.entry(
                "corp",
                new IssuerConfig(
                    "corp",
                    URI.create("https://idp.example.com/realms/corp"),
                    Profile.GENERIC,
                    "travel-agent",
                    ClientAuthMethod.CLIENT_SECRET_BASIC,
                    temp.resolve("secrets/corp"),
                    null,
                    null,
                    IssuerConfig.AssertionAudience.ISSUER,
                    null,
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    null,
                    null,
                    null,
                    false,
                    false,
                    Map.of(),
                    TlsConfig.DEFAULT,
                    Duration.ofSeconds(8),
                    16,
                    null)));
  }

  @Test
  void usersAreThoseOfEveryIssuerThatExchangesTheirTokens() {
    Config config = folder.load(ConfigFolder.SMALLEST);

    assertThat(config.users())
        .containsExactly(
            new UserRule(
                "corp",
                List.of("travel-agent"),
                List.of(
                    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
                    "EdDSA"),
                "sid",
                false,
                OpaqueTokens.REFUSE,
                false,
                List.of("travel-agent")));
  }

  @Test
  void aServerExchangesTokensForItsUrlAtTheOnlyIssuerAndExpectsWhatItAskedFor() {
    Config config = folder.load(ConfigFolder.SMALLEST);

    URI url = URI.create("https://mcp.github.example/mcp");
    assertThat(config.servers().get("github"))
        .isEqualTo(
            new ServerConfig(
                "github",
                url,
                List.of(),
                new ServerConfig.UpstreamConfig("mcp.github.example:443", TlsConfig.DEFAULT),
                false,
                new GrantConfig.TokenExchange(
                    "corp",
                    List.of("github-mcp"),
                    List.of(url),
                    List.of("repo:read"),
                    null,
                    ACCESS_TOKEN,
                    null,
                    null,
                    null,
                    null,
                    null,
                    Map.of()),
                new GrantConfig.Refuse(),
                new ExpectConfig(
                    URI.create("https://idp.example.com/realms/corp"),
                    List.of("github-mcp"),
                    ExpectConfig.Sub.SAME,
                    null,
                    List.of("repo:read", "openid", "profile", "email"),
                    ExpectConfig.Act.OPTIONAL,
                    null,
                    ExpectConfig.Format.JWT,
                    List.of(ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt"),
                    ExpectConfig.TokenType.REQUIRED),
                List.of(),
                List.of(),
                null,
                Duration.ofSeconds(60),
                Duration.ZERO,
                Duration.ofMinutes(5)));
  }

  @Test
  void aServerWithoutTokensExpectsNothingOfThem() {
    Config config = folder.load(ConfigFolder.SMALLEST);

    assertThat(config.servers().get("weather"))
        .isEqualTo(
            new ServerConfig(
                "weather",
                URI.create("https://weather.example/mcp"),
                List.of(),
                new ServerConfig.UpstreamConfig("weather.example:443", TlsConfig.DEFAULT),
                false,
                new GrantConfig.None(),
                new GrantConfig.Refuse(),
                new ExpectConfig(
                    null,
                    List.of(),
                    ExpectConfig.Sub.ANY,
                    null,
                    null,
                    ExpectConfig.Act.OPTIONAL,
                    null,
                    ExpectConfig.Format.ANY,
                    List.of(),
                    ExpectConfig.TokenType.OPTIONAL),
                List.of(),
                List.of(),
                null,
                Duration.ofSeconds(60),
                Duration.ZERO,
                Duration.ofMinutes(5)));
  }
}
