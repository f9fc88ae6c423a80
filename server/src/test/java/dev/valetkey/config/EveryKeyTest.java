package dev.valetkey.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every key, written, arrives in its component. */
class EveryKeyTest {

  private static final String ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

  @TempDir private Path temp;
  private Config config;

  @BeforeEach
  void load() {
    config = new ConfigFolder(temp).load(EveryKey.TEXT);
  }

  @Test
  void sectionsOfTheProcess() {
    assertThat(config.listen())
        .isEqualTo(
            new ListenConfig(
                temp.resolve("run/authz.sock"),
                0600,
                List.of(1337, 0),
                "0.0.0.0:9001",
                new ListenTlsConfig(
                    temp.resolve("cert.pem"),
                    temp.resolve("secrets/cert-key.pem"),
                    temp.resolve("ca.pem"),
                    List.of("spiffe://cluster.local/ns/istio-system/sa/egress"))));
    assertThat(config.envoy())
        .isEqualTo(
            new EnvoyConfig(
                "[::1]:15009",
                Path.of("/tmp/envoy-admin.sock"),
                "0.0.0.0:15106",
                "127.0.0.1:8000",
                EnvoyConfig.OtherTls.REFUSE,
                List.of(2525),
                List.of(101, 102),
                "valetkey.agents.svc:9001",
                "spiffe://cluster.local/ns/agents/sa/valetkey"));
    assertThat(config.inbound())
        .isEqualTo(
            new InboundConfig(
                InboundConfig.UserTokenToAgent.HANDLE,
                List.of("/ping", "/public/*"),
                List.of("github")));
    assertThat(config.intercept())
        .isEqualTo(
            new InterceptConfig(
                temp.resolve("trust"), temp.resolve("ca.pem"), Duration.ofHours(1)));
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
                IssuerConfig.AssertionAudience.TOKEN_ENDPOINT,
                null,
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                null,
                null,
                null,
                false,
                true,
                Map.of("no_such_api", "invalid_target"),
                TlsConfig.DEFAULT,
                Duration.ofSeconds(8),
                16,
                null),
            new IssuerConfig(
                "workload",
                URI.create("https://workload.example"),
                Profile.KEYCLOAK,
                null,
                ClientAuthMethod.PRIVATE_KEY_JWT,
                null,
                null,
                null,
                IssuerConfig.AssertionAudience.ISSUER,
                temp.resolve("secrets/svid"),
                "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe",
                null,
                null,
                null,
                false,
                false,
                Map.of(),
                new TlsConfig(
                    temp.resolve("ca.pem"),
                    null,
                    temp.resolve("cert.pem"),
                    temp.resolve("secrets/cert-key.pem")),
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
                true,
                OpaqueTokens.INTROSPECT,
                true,
                List.of("chat-app")));
    assertThat(config.userToken().from())
        .containsExactly(
            new UserTokenSource.Header("x-user-token"),
            new UserTokenSource.Authorization(),
            new UserTokenSource.Handle(),
            new UserTokenSource.TraceId(),
            new UserTokenSource.Workload());
    assertThat(config.userToken().guard()).containsExactly(UserTokenConfig.Guarded.values());
  }

  // BO-BUFFER
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
                    "oid",
                    List.of("x", "y"),
                    ExpectConfig.Act.OPTIONAL,
                    "robot",
                    ExpectConfig.Format.ANY,
                    List.of("urn:ietf:params:oauth:token-type:saml2", "urn:other:type"),
                    ExpectConfig.TokenType.OPTIONAL),
                List.of(new ServerConfig.ToolRule("create_*", List.of("repo:write", "user"))),
                List.of("repo:admin", "repo:delete"),
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
  void grantsThatOthersName() {
    assertThat(config.grants())
        .isEqualTo(
            Map.of(
                "chain",
                new GrantConfig.TokenExchange(
                    "partner",
                    List.of("https://workload.example"),
                    List.of(),
                    List.of(),
                    null,
                    ACCESS_TOKEN,
                    null,
                    null,
                    null,
                    null,
                    null,
                    Map.of()),
                "own",
                new GrantConfig.ClientCredentials(
                    "corp", List.of(), List.of(URI.create("urn:own")), List.of("act"), Map.of())));
    assertThat(grant("chained"))
        .isEqualTo(
            new GrantConfig.TokenExchange(
                "workload",
                List.of("a"),
                List.of(),
                List.of(),
                null,
                ACCESS_TOKEN,
                null,
                "chain",
                null,
                "own",
                ACCESS_TOKEN,
                Map.of()));
    assertThat(grant("machine"))
        .isEqualTo(
            new GrantConfig.TokenExchange(
                "partner",
                List.of("a"),
                List.of(URI.create("https://machine.example/mcp")),
                List.of(),
                null,
                ACCESS_TOKEN,
                temp.resolve("secrets/agent"),
                null,
                null,
                null,
                null,
                Map.of()));
  }

  @Test
  void assertions() {
    assertThat(grant("bearer"))
        .isEqualTo(
            new GrantConfig.JwtBearer(
                "workload",
                List.of("b"),
                List.of(URI.create("urn:bearer")),
                List.of("read"),
                null,
                "chain",
                Map.of("a", "b")));
    assertThat(grant("workload_bearer"))
        .isEqualTo(
            new GrantConfig.JwtBearer(
                "partner",
                List.of(),
                List.of(URI.create("https://workload-bearer.example/mcp")),
                List.of(),
                temp.resolve("secrets/svid"),
                null,
                Map.of()));
    assertThat(grant("jag"))
        .isEqualTo(
            new GrantConfig.IdJag(
                "workload",
                "partner",
                List.of("urn:workload"),
                List.of(URI.create("urn:jag")),
                List.of("read"),
                "urn:ietf:params:oauth:token-type:saml2",
                "chain",
                Map.of("a", "b")));
    assertThat(grant("asserted"))
        .isEqualTo(
            new GrantConfig.IdJag(
                "workload",
                "partner",
                List.of("https://workload.example"),
                List.of(URI.create("https://asserted.example/mcp")),
                List.of(),
                "urn:ietf:params:oauth:token-type:id_token",
                null,
                Map.of()));
    assertThat(Objects.requireNonNull(config.servers().get("jag")).discovery())
        .isEqualTo(
            new ServerConfig.DiscoveryConfig(
                List.of("workload"),
                List.of(AddressBlock.parse("10.0.0.0/8").orElseThrow()),
                true,
                temp.resolve("ca.pem")));
  }

  @Test
  void brokers() {
    assertThat(grant("vault"))
        .isEqualTo(
            new GrantConfig.BrokeredToken(
                "partner",
                null,
                "urn:example:vault",
                List.of("c"),
                List.of(URI.create("urn:vault")),
                List.of("read"),
                "urn:example:federated",
                "urn:ietf:params:oauth:token-type:refresh_token",
                "chain",
                Map.of("connection", "github")));
    assertThat(grant("stored"))
        .isEqualTo(
            new GrantConfig.BrokeredToken(
                "partner",
                URI.create("https://partner.example/broker/github/token"),
                "urn:ietf:params:oauth:grant-type:token-exchange",
                List.of(),
                List.of(),
                List.of(),
                null,
                ACCESS_TOKEN,
                null,
                Map.of()));
    GrantConfig.TokenBroker broker =
        new GrantConfig.TokenBroker(
            URI.create("http://token-broker.auth.svc:8190"),
            Duration.ofSeconds(90),
            URI.create("https://as.example/authorize"),
            URI.create("https://as.example/token"),
            true,
            new TlsConfig(temp.resolve("ca.pem"), null, null, null),
            8);
    assertThat(grant("broker")).isEqualTo(broker);
    assertThat(config.brokers()).containsExactly(broker);
  }

  /** So that a key which is added to a record is added to the file, too. */
  @Test
  void noKeyIsMissingOrAtItsDefault() {
    Findings findings = new Findings(temp.resolve("valetkey.yaml"));
    Draft file = new RecordReader(temp, findings).read(YamlTree.parse(EveryKey.TEXT, findings));
    Map<Class<?>, Set<String>> changed = new HashMap<>();
    collect(Objects.requireNonNull(file), changed);

    assertThat(findings.problems()).isEmpty();
    Set<Shape.Section> sections = new HashSet<>();
    sections(Shapes.CONFIG, sections);
    assertThat(sections)
        .allSatisfy(section ->
            assertThat(changed.getOrDefault(section.type(), Set.of()))
                .as(section.type().getSimpleName())
                .containsAll(section.keys()));
  }

  private static void collect(Draft draft, Map<Class<?>, Set<String>> changed) {
    Draft defaults = Defaults.section(draft.shape(), "");
    for (String key : draft.shape().keys()) {
      Object value = draft.get(key, Object.class);
      if (draft.wrote(key) && !Objects.equals(value, defaults.get(key, Object.class))) {
        changed.computeIfAbsent(draft.shape().type(), type -> new HashSet<>()).add(key);
      }
      inner(value, changed);
    }
  }

  private static void inner(@Nullable Object value, Map<Class<?>, Set<String>> changed) {
    switch (value) {
      case Draft draft -> collect(draft, changed);
      case List<?> list -> list.forEach(element -> inner(element, changed));
      case Map<?, ?> map -> map.values().forEach(element -> inner(element, changed));
      case null, default -> {}
    }
  }

  private static void sections(Shape shape, Set<Shape.Section> sections) {
    switch (shape) {
      case Shape.Scalar scalar -> {}
      case Shape.ListOf list -> sections(list.element(), sections);
      case Shape.MapOf map -> sections(map.element(), sections);
      case Shape.Section section -> {
        if (sections.add(section)) {
          section.entries().forEach(entry -> sections(entry.shape(), sections));
        }
      }
      case Shape.Variants variants ->
          variants.byType().values().forEach(variant -> sections(variant, sections));
    }
  }

  private GrantConfig grant(String server) {
    return Objects.requireNonNull(config.servers().get(server)).grant();
  }

  @Test
  void plainHttpThatIsAllowedIsAWarning() {
    assertThat(new ConfigFolder(temp).warnings(EveryKey.TEXT))
        .containsExactly(
            "valetkey.yaml:27: issuers.corp.issuer: plain http (http://idp.example.com/realms/corp/): tokens and secrets are"
                + " not protected on the way",
            "valetkey.yaml:33: issuers.corp.connect_to: plain http (http://keycloak.auth.svc:8080): tokens and secrets are"
                + " not protected on the way",
            "valetkey.yaml:72: servers.github.url: plain http (http://mcp.github.example/mcp): tokens and secrets are not"
                + " protected on the way",
            "valetkey.yaml:173: servers.broker.grant.url: plain http (http://token-broker.auth.svc:8190): tokens and"
                + " secrets are not protected on the way");
  }
}
