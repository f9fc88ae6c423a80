package dev.valetkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IssuerTest {
  private static final String CLIENT_ASSERTION =
      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
  private static final SigningKey CLIENT_KEY = SigningKey.generate("client", Algorithm.ES256);

  private @Nullable Issuer issuer;

  @AfterEach
  void stop() {
    if (issuer != null) {
      issuer.close();
    }
  }

  @Test
  void metadataIsFoundWithThePathInsertedAndAppended() {
    Issuer issuer = start(IssuerOptions.defaults());

    Map<String, Object> oauth =
        get(issuer.origin() + "/.well-known/oauth-authorization-server/realms/test").json();
    Map<String, Object> openid = get(issuer.issuer() + "/.well-known/openid-configuration").json();

    assertThat(oauth).isEqualTo(openid).containsEntry("issuer", issuer.issuer());
    assertThat(oauth).containsEntry("token_endpoint", issuer.tokenEndpoint().toString());
  }

  @Test
  void exchangeByClientSecretBasicNamesUserAudienceAndActor() {
    Issuer issuer = start(IssuerOptions.defaults());
    String alice = issuer.userToken("alice");
    Form form =
        exchange(alice, "audience", "github-mcp", "scope", "repo:read")
            .and("actor_token", issuer.userToken("robot"))
            .and("actor_token_type", TokenEndpoint.TYPE + "jwt");

    Http.Response answer =
        Http.post(
            issuer.tokenEndpoint(), form, "Authorization", basic("agent", Issuer.AGENT_SECRET));

    assertThat(answer.status()).isEqualTo(200);
    String text = String.valueOf(answer.json().get("access_token"));
    Jwt token = Jwt.of(text);
    assertThat(token.claims())
        .containsEntry("iss", issuer.issuer())
        .containsEntry("sub", "alice")
        .containsEntry("sid", Jwt.of(alice).claims().get("sid"))
        .containsEntry("act", Map.of("sub", "robot"));
    assertThat(token.audience()).containsExactly("github-mcp");
    assertThat(token.scope()).containsExactly("repo:read");
    assertThat(issuer.hasSigned(text)).isTrue();
    assertThat(issuer.issuedTokens()).containsExactly(text);
    assertThat(issuer.userTokens()).contains(alice);
    assertThat(issuer.exchanges()).containsExactly(form);
  }

  @Test
  void eachClientProvesItselfInItsOwnWayOnly() {
    Issuer issuer =
        start(
            IssuerOptions.defaults()
                .withClients(
                    Client.basic("basic", "CANARY-basic"),
                    Client.post("post", "CANARY-post"),
                    Client.none("none"),
                    Client.privateKeyJwt("signed", CLIENT_KEY.pair().getPublic())));
    Form form = exchange(issuer.userToken("alice"), "audience", "a");
    Form post = form.and("client_id", "post").and("client_secret", "CANARY-post");
    Form none = form.and("client_id", "none");
    Form signed = form.and("client_assertion_type", CLIENT_ASSERTION);
    String right = assertion(issuer.issuer());
    String forTheEndpoint = assertion(issuer.tokenEndpoint().toString());

    assertThat(status(issuer, form, "Authorization", basic("basic", "CANARY-basic")))
        .isEqualTo(200);
    assertThat(status(issuer, post)).isEqualTo(200);
    assertThat(status(issuer, none)).isEqualTo(200);
    assertThat(status(issuer, signed.and("client_assertion", right))).isEqualTo(200);

    assertThat(status(issuer, form, "Authorization", basic("basic", "CANARY-wrong")))
        .isEqualTo(401);
    assertThat(status(issuer, form.and("client_id", "basic").and("client_secret", "CANARY-basic")))
        .isEqualTo(401);
    assertThat(status(issuer, signed.and("client_assertion", right))).isEqualTo(401);
    assertThat(status(issuer, signed.and("client_assertion", forTheEndpoint))).isEqualTo(401);
    assertThat(status(issuer, form)).isEqualTo(401);
  }

  @Test
  void everyAlgorithmIsVerifiableFromTheRing() {
    Issuer issuer = start(IssuerOptions.defaults());

    for (Algorithm algorithm :
        List.of(Algorithm.RS256, Algorithm.PS256, Algorithm.ES256, Algorithm.EdDSA)) {
      issuer.switches().algorithm(algorithm);
      assertThat(issuer.hasSigned(issuer.userToken("alice"))).as("%s", algorithm).isTrue();
    }
    issuer.switches().algorithm(Algorithm.RS256);
    String before = issuer.userToken("alice");
    issuer.rotateKeys(false);

    assertThat(issuer.hasSigned(before)).isFalse();
    assertThat(issuer.hasSigned(issuer.jwt("alice").brokenSignature())).isFalse();
    assertThat(issuer.hasSigned(issuer.jwt("alice").unsigned())).isFalse();
    assertThat(issuer.jwt("alice").encrypted().split("\\.")).hasSize(5);
    assertThat(get(issuer.jwksUri().toString()).text())
        .contains("\"OKP\"")
        .doesNotContain("RS256-1");
  }

  @Test
  void faultsHappenAsOftenAsAskedAndThenItIsWellAgain() {
    Issuer issuer = start(IssuerOptions.defaults());
    issuer
        .faults()
        .token(Fault.status(503, "Retry-After", "7"), 1)
        .token(Fault.oauthError("invalid_grant"), 2)
        .token(Fault.issuedClaims(claims -> claims.put("aud", "elsewhere")), 1)
        .token(Fault.json(body -> body.put("token_type", "mac")), 1)
        .token(Fault.truncated(), 1);

    assertThat(exchangeByAgent(issuer).header("retry-after")).isEqualTo("7");
    assertThat(exchangeByAgent(issuer).json()).containsEntry("error", "invalid_grant");
    assertThat(exchangeByAgent(issuer).status()).isEqualTo(400);
    assertThat(
            Jwt.of(String.valueOf(exchangeByAgent(issuer).json().get("access_token"))).audience())
        .containsExactly("elsewhere");
    assertThat(exchangeByAgent(issuer).json()).containsEntry("token_type", "mac");
    assertThat(exchangeByAgent(issuer).text()).doesNotEndWith("}");
    assertThat(exchangeByAgent(issuer).status()).isEqualTo(200);
    assertThat(issuer.tokenCalls()).hasSize(7);
  }

  @Test
  void bodiesDripAreCutAndPrecededByInterimResponses() {
    Issuer issuer = start(IssuerOptions.defaults());
    issuer
        .faults()
        .jwks(Fault.drip(Duration.ofNanos(1)), 1)
        .jwks(Fault.afterInterim(103, 20), 1)
        .jwks(Fault.oversize(1 << 20), 1)
        .jwks(Fault.cutOff(), 1);

    assertThat(get(issuer.jwksUri().toString()).json()).containsKey("keys");
    assertThat(get(issuer.jwksUri().toString()).json()).containsKey("keys");
    assertThat(get(issuer.jwksUri().toString()).body()).hasSize(1 << 20);
    assertThatThrownBy(() -> get(issuer.jwksUri().toString()))
        .isInstanceOf(UncheckedIOException.class);
  }

  @Test
  void httpsNeedsTheTestCa(@TempDir Path folder) {
    TestCa ca = TestCa.create(folder);
    Issuer issuer = start(IssuerOptions.defaults().withTls(ca.localhost()));
    URI metadata = URI.create(issuer.issuer() + "/.well-known/openid-configuration");

    Http.Response trusted = Http.request("GET", metadata, ca.clientContext(), new byte[0]);

    assertThat(issuer.issuer()).startsWith("https://localhost:");
    assertThat(trusted.json()).containsEntry("issuer", issuer.issuer());
    assertThatThrownBy(() -> get(metadata.toString())).isInstanceOf(UncheckedIOException.class);
  }

  private Issuer start(IssuerOptions options) {
    Issuer started = Issuer.start(options);
    issuer = started;
    return started;
  }

  private static Http.Response exchangeByAgent(Issuer issuer) {
    return Http.post(
        issuer.tokenEndpoint(),
        exchange(issuer.userToken("alice"), "audience", "a"),
        "Authorization",
        basic("agent", Issuer.AGENT_SECRET));
  }

  private static Form exchange(String subject, String... more) {
    Form form =
        Form.of(
            "grant_type",
            TokenEndpoint.EXCHANGE,
            "subject_token",
            subject,
            "subject_token_type",
            TokenEndpoint.TYPE + "access_token");
    for (Header field : Header.of(more)) {
      form = form.and(field.name(), field.value());
    }
    return form;
  }

  private static String assertion(String audience) {
    Map<String, Object> claims = Map.of("iss", "signed", "sub", "signed", "jti", audience);
    return new JwtBuilder(CLIENT_KEY, claims, Instant.now(), token -> {})
        .audience(audience)
        .expiresIn(Duration.ofMinutes(1))
        .signed();
  }

  private static int status(Issuer issuer, Form form, String... headers) {
    return Http.post(issuer.tokenEndpoint(), form, headers).status();
  }

  private static Http.Response get(String uri) {
    return Http.get(URI.create(uri));
  }

  private static String basic(String id, String secret) {
    String pair =
        URLEncoder.encode(id, StandardCharsets.UTF_8)
            + ":"
            + URLEncoder.encode(secret, StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }
}
