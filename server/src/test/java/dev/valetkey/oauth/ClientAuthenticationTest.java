package dev.valetkey.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.ClientAuthMethod;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.testkit.Algorithm;
import dev.valetkey.testkit.Client;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.SeenRequest;
import dev.valetkey.testkit.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How we say who we are, to the byte (RFC 6749 §2.3.1, RFC 7523 §2.2). */
class ClientAuthenticationTest {
  private static final String SECRET = "CANARY-p+/=%: ü";
  private static final String JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
  private static final String JWT_SPIFFE = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";
  private static final Form FORM = Form.EMPTY.with("grant_type", "client_credentials");

  private final MovedTime time = new MovedTime();
  private final Issuers issuers = new Issuers(time, time, new SecureRandom());
  @TempDir private Path folder;

  @AfterEach
  void stop() {
    issuers.close();
  }

  // R-CL-1, AB6
  @Test
  void basicIsFormEncodedBeforeItIsJoined() {
    try (var corp = start(Client.basic("agent", SECRET))) {
      TokenAnswer answer = ask(corp, ClientAuthMethod.CLIENT_SECRET_BASIC, secret(SECRET), null);

      assertThat(answer).isInstanceOf(TokenAnswer.Success.class);
      String pair = "agent:CANARY-p%2B%2F%3D%25%3A+%C3%BC";
      assertThat(call(corp).header("Authorization"))
          .isEqualTo("Basic " + Base64.getEncoder().encodeToString(pair.getBytes()));
      assertThat(call(corp).bodyText()).isEqualTo("grant_type=client_credentials");
    }
  }

  // R-CL-1
  @Test
  void postPutsBothIntoTheForm() {
    try (var corp = start(Client.post("agent", SECRET))) {
      TokenAnswer answer = ask(corp, ClientAuthMethod.CLIENT_SECRET_POST, secret(SECRET), null);

      assertThat(answer).isInstanceOf(TokenAnswer.Success.class);
      assertThat(call(corp).header("Authorization")).isNull();
      assertThat(call(corp).bodyText())
          .isEqualTo(
              "grant_type=client_credentials&client_id=agent"
                  + "&client_secret=CANARY-p%2B%2F%3D%25%3A+%C3%BC");
    }
  }

  // R-CL-1
  @Test
  void publicClientSaysItsNameOnly() {
    try (var corp = start(Client.none("agent"))) {
      ask(corp, ClientAuthMethod.NONE, null, null);

      assertThat(call(corp).header("Authorization")).isNull();
      assertThat(call(corp).bodyText()).isEqualTo("grant_type=client_credentials&client_id=agent");
    }
  }

  // R-CL-2, AB6
  @ParameterizedTest
  @EnumSource(names = {"RS256", "ES256", "EdDSA"})
  void assertionIsForTheIssuerAloneAndNewEachTime(Algorithm algorithm) throws IOException {
    KeyPair pair = algorithm.newKeyPair();
    Path key = folder.resolve("key.pem");
    Files.writeString(key, TestCa.pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    try (var corp = start(Client.privateKeyJwt("agent", pair.getPublic()))) {
      corp.faults().token(Fault.status(502), 1);

      TokenAnswer answer = ask(corp, ClientAuthMethod.PRIVATE_KEY_JWT, null, key);

      assertThat(answer).isInstanceOf(TokenAnswer.Success.class);
      List<Jwt> assertions =
          corp.tokenCalls().stream()
              .map(call -> Jwt.of(call.form().first("client_assertion")))
              .toList();
      assertThat(assertions).hasSize(2).extracting(jwt -> jwt.claim("jti")).doesNotHaveDuplicates();
      Jwt jwt = assertions.getLast();
      assertThat(jwt.header())
          .isEqualTo(Map.of("alg", algorithm.name(), "typ", "client-authentication+jwt"));
      assertThat(jwt.claims().keySet())
          .containsExactlyInAnyOrder("iss", "sub", "aud", "jti", "iat", "exp");
      assertThat(jwt.claims())
          .containsEntry("iss", "agent")
          .containsEntry("sub", "agent")
          .containsEntry("aud", corp.issuer());
      assertThat((long) jwt.claims().get("exp") - (long) jwt.claims().get("iat")).isEqualTo(60);
    }
  }

  @Test
  void jwkFileSaysItsKidAndAlgorithm() throws Exception {
    var jwk =
        new com.nimbusds.jose.jwk.gen.RSAKeyGenerator(2048)
            .keyID("CANARY-kid")
            .algorithm(com.nimbusds.jose.JWSAlgorithm.PS256)
            .generate();
    Path key = Files.writeString(folder.resolve("key.jwk"), jwk.toJSONString());
    try (var corp = start(Client.privateKeyJwt("agent", jwk.toPublicKey()))) {
      TokenAnswer answer = ask(corp, ClientAuthMethod.PRIVATE_KEY_JWT, null, key);

      assertThat(answer).isInstanceOf(TokenAnswer.Success.class);
      assertThat(Jwt.of(call(corp).form().first("client_assertion")).header())
          .containsEntry("alg", "PS256")
          .containsEntry("kid", "CANARY-kid");
    }
  }

  // R-CL-2: for issuers that insist, although another one could replay it.
  @Test
  void assertionMayNameTheTokenEndpoint() throws IOException {
    KeyPair pair = Algorithm.ES256.newKeyPair();
    Path key = folder.resolve("key.pem");
    Files.writeString(key, TestCa.pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    try (var corp = start(Client.privateKeyJwt("agent", pair.getPublic()))) {
      IssuerConfig plain =
          Configs.of(
              corp.issuer(), ClientAuthMethod.PRIVATE_KEY_JWT, null, key, Duration.ofSeconds(8), 4);

      issuers
          .of(
              Configs.asserting(
                  plain, "agent", IssuerConfig.AssertionAudience.TOKEN_ENDPOINT, null, JWT_BEARER))
          .token(FORM, time.deadline());

      assertThat(Jwt.of(call(corp).form().first("client_assertion")).claims())
          .containsEntry("aud", corp.tokenEndpoint().toString());
    }
  }

  // R-CL-3: a projected service account token.
  @Test
  void assertionOfThePlatformIsReadAnewEachTime() throws IOException {
    Path file = Configs.secret(folder, "assertion", "CANARY.first.assertion");
    try (var corp = start(Client.none("agent"))) {
      IssuerConfig config = platform(corp, "agent", file, JWT_BEARER);
      issuers.of(config).token(FORM, time.deadline());
      Configs.secret(folder, "assertion", "CANARY.second.assertion");
      issuers.of(config).token(FORM, time.deadline());

      assertThat(corp.tokenCalls())
          .extracting(SeenRequest::bodyText)
          .containsExactly(
              "grant_type=client_credentials&client_id=agent&client_assertion_type="
                  + Form.encode(JWT_BEARER)
                  + "&client_assertion=CANARY.first.assertion",
              "grant_type=client_credentials&client_id=agent&client_assertion_type="
                  + Form.encode(JWT_BEARER)
                  + "&client_assertion=CANARY.second.assertion");
      assertThat(call(corp).header("Authorization")).isNull();
    }
  }

  // R-CL-4, AB6: a JWT-SVID says itself whose it is.
  @Test
  void svidNeedsNoClientId() {
    Path file = Configs.secret(folder, "svid", "CANARY.svid.x");
    try (var corp = start(Client.none("agent"))) {
      issuers.of(platform(corp, null, file, JWT_SPIFFE)).token(FORM, time.deadline());

      assertThat(call(corp).bodyText())
          .isEqualTo(
              "grant_type=client_credentials&client_assertion_type="
                  + Form.encode(JWT_SPIFFE)
                  + "&client_assertion=CANARY.svid.x");
    }
  }

  // R-CL-7: a rejected assertion is not sent again.
  @Test
  void refusedAssertionIsTriedAgainOnlyIfItWasRenewed() {
    Path file = Configs.secret(folder, "assertion", "CANARY.old.assertion");
    try (var corp = start(Client.none("agent"))) {
      IssuerConfig config = platform(corp, "agent", file, JWT_BEARER);
      issuers.of(config).token(FORM, time.deadline());
      assertThat(corp.tokenCalls()).hasSize(1);
      corp.faults()
          .token(
              visit -> {
                Configs.secret(folder, "assertion", "CANARY.new.assertion");
                return visit.normal().get();
              },
              1);

      issuers.of(config).token(FORM, time.deadline());

      assertThat(corp.tokenCalls())
          .extracting(call -> call.form().first("client_assertion"))
          .containsExactly("CANARY.old.assertion", "CANARY.old.assertion", "CANARY.new.assertion");
    }
  }

  @Test
  void withoutAnAssertionTheIssuerIsNotAsked() {
    try (var corp = start(Client.none("agent"))) {
      TokenAnswer answer =
          issuers
              .of(platform(corp, "agent", folder.resolve("missing"), JWT_BEARER))
              .token(FORM, time.deadline());

      assertThat(answer).isEqualTo(new TokenAnswer.Refused("invalid_client", 0));
      assertThat(corp.tokenCalls()).isEmpty();
    }
  }

  // R-CL-6
  @Test
  void secretThatWasRotatedMeanwhileIsTriedOnce() throws IOException {
    Path file = secret("CANARY-old");
    try (var corp = start(Client.basic("agent", "CANARY-new"))) {
      corp.faults()
          .token(
              visit -> {
                Configs.secret(folder, "secret", "CANARY-new");
                return visit.normal().get();
              },
              1);

      TokenAnswer answer = ask(corp, ClientAuthMethod.CLIENT_SECRET_BASIC, file, null);

      assertThat(answer).isInstanceOf(TokenAnswer.Success.class);
      assertThat(corp.tokenCalls()).hasSize(2);
    }
  }

  // R-CL-7
  @Test
  void unchangedSecretIsNotTriedAgain() {
    try (var corp = start(Client.basic("agent", "CANARY-other"))) {
      TokenAnswer answer =
          ask(corp, ClientAuthMethod.CLIENT_SECRET_BASIC, secret("CANARY-wrong"), null);

      assertThat(answer).isEqualTo(new TokenAnswer.Refused("invalid_client", 401));
      assertThat(corp.tokenCalls()).hasSize(1);
    }
  }

  @Test
  void withoutASecretTheIssuerIsNotAsked() {
    try (var corp = start(Client.basic("agent", SECRET))) {
      Path missing = folder.resolve("missing");

      TokenAnswer answer = ask(corp, ClientAuthMethod.CLIENT_SECRET_BASIC, missing, null);

      assertThat(answer).isEqualTo(new TokenAnswer.Refused("invalid_client", 0));
      assertThat(corp.tokenCalls()).isEmpty();
    }
  }

  // R-CL-6
  @Test
  void lastGoodSecretServesWhileTheFileIsReplaced() throws IOException {
    Path file = folder.resolve("secret");
    SecretFile secret = new SecretFile(file);
    assertThat(secret.read()).isEmpty();
    Files.writeString(file, "CANARY-one\r\n");
    assertThat(secret.read().orElseThrow().reveal()).isEqualTo("CANARY-one");
    Files.writeString(file, "\n");
    assertThat(secret.read().orElseThrow().reveal()).isEqualTo("CANARY-one");
    Files.delete(file);
    assertThat(secret.read().orElseThrow().reveal()).isEqualTo("CANARY-one");
    Files.writeString(file, "CANARY-two\n\n");
    assertThat(secret.read().orElseThrow().reveal()).isEqualTo("CANARY-two\n");
  }

  private static IssuerConfig platform(
      dev.valetkey.testkit.Issuer corp, @Nullable String clientId, Path file, String type) {
    IssuerConfig plain =
        Configs.of(
            corp.issuer(), ClientAuthMethod.PRIVATE_KEY_JWT, null, null, Duration.ofSeconds(8), 4);
    return Configs.asserting(plain, clientId, IssuerConfig.AssertionAudience.ISSUER, file, type);
  }

  private Path secret(String text) {
    return Configs.secret(folder, "secret", text);
  }

  private static dev.valetkey.testkit.Issuer start(Client client) {
    return dev.valetkey.testkit.Issuer.start(IssuerOptions.defaults().withClients(client));
  }

  private TokenAnswer ask(
      dev.valetkey.testkit.Issuer corp,
      ClientAuthMethod method,
      @Nullable Path secretFile,
      @Nullable Path keyFile) {
    IssuerConfig config =
        Configs.of(corp.issuer(), method, secretFile, keyFile, Duration.ofSeconds(8), 4);
    return issuers.of(config).token(FORM, time.deadline());
  }

  private static SeenRequest call(dev.valetkey.testkit.Issuer corp) {
    return corp.tokenCalls().getLast();
  }
}
