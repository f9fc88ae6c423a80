package dev.valetkey.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every key, written, arrives in its component. */
class EveryKeyTest {

  @TempDir private Path temp;
  private Config config;

  @BeforeEach
  void load() {
    config = new ConfigFolder(temp).load(EveryKey.TEXT);
  }

  @Test
  void sectionsOfTheProcess() {
    assertThat(config.listen())
        .isEqualTo(new ListenConfig(temp.resolve("run/authz.sock"), 0600, List.of(1337, 0)));
    assertThat(config.envoy())
        .isEqualTo(new EnvoyConfig("[::1]:15009", Path.of("/tmp/envoy-admin.sock")));
    assertThat(config.admin())
        .isEqualTo(new AdminConfig(Path.of("/tmp/admin.sock"), "127.0.0.1:0"));
    assertThat(config.audit())
        .isEqualTo(new AuditConfig(AuditConfig.Hits.EACH, AuditConfig.SubjectForm.DIGEST));
    assertThat(config.unlistedHosts()).isEqualTo(UnlistedHosts.REFUSE);
    assertThat(config.cache()).isEqualTo(new CacheConfig(0, 1L << 30));
  }

  @Test
  void issuers() {
    assertThat(config.issuers().values())
        .containsExactly(
            new IssuerConfig(
                "corp",
                URI.create("http://idp.example.com/realms/corp/"),
                Profile.GENERIC,
                "4711",
                ClientAuthMethod.CLIENT_SECRET_POST,
                temp.resolve("secrets/corp"),
                null,
                null,
                IssuerConfig.AssertionAudience.ISSUER,
                null,
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                URI.create("https://idp.example.com/token?tenant=a"),
                URI.create("https://idp.example.com/jwks"),
                URI.create("http://keycloak.auth.svc:8080"),
                true,
                false,
                Map.of(),
                new TlsConfig(temp.resolve("ca.pem"), null, null, null),
                Duration.ofMillis(2500),
                4,
                URI.create("https://idp.example.com/introspect")),
            new IssuerConfig(
                "partner",
                URI.create("https://partner.example"),
                Profile.GENERIC,
                "agent",
                ClientAuthMethod.PRIVATE_KEY_JWT,
                null,
                temp.resolve("secrets/key.pem"),
                "k1",
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
                null));
  }

  @Test
  void usersAndTheirTokens() {
    assertThat(config.users())
        .containsExactly(
            new UserRule(
                "partner",
                List.of("agent"),
                List.of("ES256", "EdDSA"),
                "session",
                OpaqueTokens.INTROSPECT,
                true,
                List.of("chat-app")));
    assertThat(config.userToken().from())
        .containsExactly(
            new UserTokenSource.Header("x-user-token"), new UserTokenSource.Authorization());
  }

  @Test
  void aServerWithAllItsKeys() {
    assertThat(config.servers().get("github"))
        .isEqualTo(
            new ServerConfig(
                "github",
                URI.create("http://mcp.github.example/mcp"),
                List.of(URI.create("http://github.mcp.local:8080/mcp")),
                new ServerConfig.UpstreamConfig("github.mcp.svc:8443", null),
                true,
                new GrantConfig.TokenExchange(
                    "partner",
                    List.of("github-mcp", "other"),
                    List.of(URI.create("urn:github")),
                    List.of("repo:read", "repo:write", "user"),
                    "urn:ietf:params:oauth:token-type:jwt",
                    "urn:example:token",
                    null,
                    null,
                    temp.resolve("secrets/agent"),
                    null,
                    "urn:ietf:params:oauth:token-type:access_token",
                    Map.of("connector_id", "x")),
                new GrantConfig.ClientCredentials(
                    "corp",
                    List.of("github-mcp"),
                    List.of(),
                    List.of("repo:read", "user"),
                    Map.of("a", "b")),
                new ExpectConfig(
                    URI.create("urn:other"),
                    List.of("a", "b"),
                    ExpectConfig.Sub.ANY,
                    List.of("x", "y"),
                    ExpectConfig.Act.OPTIONAL,
                    null,
                    ExpectConfig.Format.ANY,
                    List.of("urn:ietf:params:oauth:token-type:jwt"),
                    ExpectConfig.TokenType.REQUIRED),
                List.of(),
                List.of(),
                null,
                Duration.ofMinutes(1),
                Duration.ofMinutes(2),
                Duration.ZERO));
  }

  @Test
  void grantsWithoutAUser() {
    ServerConfig search = Objects.requireNonNull(config.servers().get("search"));
    ServerConfig closed = Objects.requireNonNull(config.servers().get("closed"));

    assertThat(search.grant())
        .isEqualTo(new GrantConfig.Static(temp.resolve("secrets/search"), "Token"));
    assertThat(search.upstream())
        .isEqualTo(
            new ServerConfig.UpstreamConfig(
                "10.0.0.1:443",
                new TlsConfig(temp.resolve("ca.pem"), "search.internal", null, null)));
    assertThat(search.earlyExpiry()).isZero();
    assertThat(closed.grant()).isEqualTo(new GrantConfig.Refuse());
  }

  @Test
  void plainHttpThatIsAllowedIsAWarning() {
    assertThat(new ConfigFolder(temp).warnings(EveryKey.TEXT))
        .containsExactly(
            "valetkey.yaml:14: issuers.corp.issuer: plain http (http://idp.example.com/realms/corp/): tokens and secrets are"
                + " not protected on the way",
            "valetkey.yaml:20: issuers.corp.connect_to: plain http (http://keycloak.auth.svc:8080): tokens and secrets are"
                + " not protected on the way",
            "valetkey.yaml:38: servers.github.url: plain http (http://mcp.github.example/mcp): tokens and secrets are not"
                + " protected on the way");
  }
}
