package dev.valetkey.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.config.ClientAuthMethod;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.TlsConfig;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.SeenRequest;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Finding an issuer's addresses (RFC 8414, OpenID Connect Discovery; hardening T12). */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DiscoveryTest {
  private final dev.valetkey.testkit.Issuer corp = dev.valetkey.testkit.Issuer.start();
  private final MovedTime time = new MovedTime();
  private Issuers issuers;
  private Path folder;

  @BeforeEach
  void start(@TempDir Path given) {
    folder = given;
    issuers = new Issuers(time, time, new SecureRandom());
  }

  @AfterEach
  void stop() {
    issuers.close();
    corp.faults().clear();
    corp.requests().clear();
    corp.switches().oauthMetadata(true).openidMetadata(true);
  }

  @AfterAll
  void stopIssuers() {
    corp.close();
  }

  static Stream<Arguments> places() {
    return Stream.of(
        arguments(
            "https://as.example",
            List.of(
                "https://as.example/.well-known/oauth-authorization-server",
                "https://as.example/.well-known/openid-configuration")),
        arguments(
            "https://as.example/",
            List.of(
                "https://as.example/.well-known/oauth-authorization-server",
                "https://as.example/.well-known/openid-configuration")),
        arguments(
            "https://as.example:8443/realms/a%20b/",
            List.of(
                "https://as.example:8443/.well-known/oauth-authorization-server/realms/a%20b",
                "https://as.example:8443/.well-known/openid-configuration/realms/a%20b",
                "https://as.example:8443/realms/a%20b/.well-known/openid-configuration")));
  }

  // R-MCP-7
  @ParameterizedTest
  @MethodSource("places")
  void wellKnownPlacesAreTriedInTheOrderOfRfc8414(String issuer, List<String> places) {
    IssuerConfig config =
        Configs.of(issuer, ClientAuthMethod.NONE, null, null, Duration.ofSeconds(1), 1);

    assertThat(new Discovery(config, new IssuerConnections(config)).places())
        .extracting(URI::toString)
        .isEqualTo(places);
  }

  // R-MCP-7
  @Test
  void openIdMetadataServesWhereOauthMetadataIsMissing() {
    corp.switches().oauthMetadata(false);

    assertThat(prepared(agent()).state()).isEqualTo("ok");
    assertThat(paths())
        .containsExactly(
            "/.well-known/oauth-authorization-server/realms/test",
            "/.well-known/openid-configuration/realms/test",
            "/realms/test/.well-known/openid-configuration",
            "/realms/test/jwks");
  }

  @Test
  void pageForEveryPathDoesNotHideTheMetadataBehindIt() {
    corp.faults().metadata(Fault.html(), 1);

    assertThat(prepared(agent()).state()).isEqualTo("ok");
  }

  static Stream<Arguments> poison() {
    return Stream.of(
        arguments(
            Fault.json(m -> m.put("issuer", m.get("issuer") + "/")),
            "metadata: names another issuer"),
        arguments(
            Fault.json(m -> m.put("issuer", "https://evil.example")),
            "metadata: names another issuer"),
        // The same place, another text.
        arguments(
            Fault.json(m -> m.compute("issuer", (k, v) -> ("" + v).replace("http:", "HTTP:"))),
            "metadata: names another issuer"),
        arguments(
            Fault.json(m -> m.compute("issuer", (k, v) -> ("" + v).replace("/test", "/%74est"))),
            "metadata: names another issuer"),
        arguments(Fault.json(m -> m.remove("issuer")), "metadata: names another issuer"),
        arguments(
            Fault.json(m -> m.put("issuer", List.of(m.get("issuer")))),
            "metadata: names another issuer"),
        arguments(Fault.oversize(256 * 1024 + 1), "metadata: status 404"),
        arguments(Fault.gzip(), "metadata: status 404"),
        arguments(Fault.status(500), "metadata: status 500"),
        arguments(
            Fault.json(m -> {
              m.put("jwks_uri", "file:///etc/passwd");
              m.put("token_endpoint", 7);
            }),
            "metadata: no usable endpoint"),
        arguments(
            Fault.json(m -> m.put("jwks_uri", "https://u:p@evil.example/")),
            "keys: the metadata has no usable jwks_uri"),
        arguments(
            Fault.json(m -> m.put("jwks_uri", "javascript:alert(1)")),
            "keys: the metadata has no usable jwks_uri"));
  }

  // R-MCP-8, KS4, TM-ISSUER
  @ParameterizedTest
  @MethodSource("poison")
  void poisonedMetadataIsNotUsed(Fault fault, String state) {
    corp.switches().openidMetadata(state.contains("404") ? false : true);
    corp.faults().metadata(fault, Faults.ALWAYS);

    assertThat(prepared(agent()).state()).isEqualTo(state);
  }

  // TM-WIRE
  @Test
  void plainHttpEndpointOfAnHttpsIssuerIsNotUsed() {
    IssuerConfig config =
        Configs.dialled(
            Configs.of(
                "https://public.example/realms/test",
                ClientAuthMethod.NONE,
                null,
                null,
                Duration.ofSeconds(2),
                2),
            URI.create(corp.origin()),
            false,
            TlsConfig.DEFAULT);
    corp.faults()
        .metadata(
            Fault.json(m -> {
              m.put("issuer", "https://public.example/realms/test");
              m.put("token_endpoint", "https://public.example/realms/test/token");
              m.put("jwks_uri", "http://public.example/realms/test/jwks");
            }),
            Faults.ALWAYS);

    assertThat(prepared(config).state()).isEqualTo("keys: the metadata has no usable jwks_uri");
  }

  // T12, TM-ISSUER
  @Test
  void tokensGoToNoOtherOriginUnlessItIsPinned() {
    try (dev.valetkey.testkit.Issuer elsewhere = dev.valetkey.testkit.Issuer.start()) {
      corp.faults()
          .metadata(
              Fault.json(m -> m.put("token_endpoint", "" + elsewhere.tokenEndpoint())),
              Faults.ALWAYS);

      token(prepared(agent()));
      assertThat(elsewhere.tokenCalls()).isEmpty();
      token(prepared(Configs.pinned(agent(), elsewhere.tokenEndpoint(), null)));

      assertThat(elsewhere.tokenCalls()).hasSize(1);
      assertThat(corp.tokenCalls()).isEmpty();
    }
  }

  @Test
  void eachPinReplacesDiscoveryOnItsOwn() {
    Issuer one = prepared(Configs.pinned(agent(), URI.create("http://127.0.0.1:1/token"), null));
    assertThat(one.state()).isEqualTo("ok");
    corp.requests().clear();

    Issuer both = prepared(Configs.pinned(agent(), corp.tokenEndpoint(), corp.jwksUri()));

    assertThat(both.state()).isEqualTo("ok");
    assertThat(paths()).containsExactly("/realms/test/jwks");
  }

  @Test
  void metadataIsKeptForTenMinutesAndLongerWhileTheIssuerIsDown() {
    Issuer issuer = prepared(agent());
    corp.requests().clear();
    token(issuer);
    time.forward(Duration.ofMinutes(9));
    token(issuer);
    assertThat(paths()).containsExactly("/realms/test/token", "/realms/test/token");
    corp.faults().metadata(Fault.status(500), Faults.ALWAYS);
    time.forward(Duration.ofMinutes(30));

    assertThat(token(issuer)).isInstanceOf(TokenAnswer.Success.class);
  }

  // KS4
  @Test
  void connectToDialsAnotherOriginAndKeepsThePublicNameInHost() {
    try (dev.valetkey.testkit.Issuer hidden =
        dev.valetkey.testkit.Issuer.start(
            IssuerOptions.defaults().withPublicOrigin("https://idp.example.com"))) {
      IssuerConfig config =
          Configs.dialled(
              Configs.agent(hidden, folder), URI.create(hidden.origin()), false, TlsConfig.DEFAULT);

      Issuer issuer = prepared(config);

      assertThat(issuer.state()).isEqualTo("ok");
      assertThat(token(issuer)).isInstanceOf(TokenAnswer.Success.class);
      assertThat(hidden.requests().all())
          .hasSize(3)
          .allSatisfy(request -> assertThat(request.header("Host")).isEqualTo("idp.example.com"));
    }
  }

  private IssuerConfig agent() {
    return Configs.agent(corp, folder);
  }

  private Issuer prepared(IssuerConfig config) {
    Issuer issuer = issuers.of(config);
    issuer.prepare(time.deadline());
    return issuer;
  }

  private TokenAnswer token(Issuer issuer) {
    return issuer.token(Form.EMPTY.with("grant_type", "client_credentials"), time.deadline());
  }

  private List<String> paths() {
    return corp.requests().all().stream().map(SeenRequest::path).toList();
  }
}
