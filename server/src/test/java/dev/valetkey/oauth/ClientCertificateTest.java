package dev.valetkey.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.ClientAuthMethod;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.TlsConfig;
import dev.valetkey.testkit.Client;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.TestCa;
import dev.valetkey.token.TokenOutcome.Cause;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An issuer that demands a certificate, over real TLS (RFC 8705 §2). */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientCertificateTest {
  private static final Form FORM = Form.EMPTY.with("grant_type", "client_credentials");

  private final MovedTime time = new MovedTime();
  private TestCa ca;
  private TestCa.Certificate first;
  private TestCa.Certificate second;
  private dev.valetkey.testkit.Issuer corp;
  private Issuers issuers;
  private Path folder;

  @BeforeAll
  void start(@TempDir Path given) {
    ca = TestCa.create(given);
    first = ca.localhost();
    second = ca.localhost();
    corp =
        dev.valetkey.testkit.Issuer.start(
            IssuerOptions.defaults()
                .withTls(ca.localhost().demanding())
                .withClients(Client.none("agent")));
  }

  @BeforeEach
  void show(@TempDir Path given) {
    folder = given;
    issuers = new Issuers(time, time, new SecureRandom());
    replace("cert.pem", first.chain());
    replace("key.pem", first.key());
  }

  @AfterEach
  void forget() {
    issuers.close();
    corp.requests().clear();
    corp.faults().clear();
  }

  @AfterAll
  void stop() {
    corp.close();
  }

  // R-CL-5
  @ParameterizedTest
  @EnumSource(names = {"TLS_CLIENT_AUTH", "SELF_SIGNED_TLS_CLIENT_AUTH"})
  void certificateIsTheCredentialAndClientIdSaysWhose(ClientAuthMethod method) {
    TokenAnswer answer = ask(config(method, mutual()));

    assertThat(answer).isInstanceOf(TokenAnswer.Success.class);
    assertThat(shown()).isEqualTo(name(first));
    assertThat(corp.tokenCalls().getLast().header("Authorization")).isNull();
    assertThat(corp.tokenCalls().getLast().bodyText())
        .isEqualTo("grant_type=client_credentials&client_id=agent");
  }

  @Test
  void withoutACertificateThereIsNoConnection() {
    TokenAnswer answer =
        ask(config(ClientAuthMethod.NONE, new TlsConfig(ca.pem(), null, null, null)));

    assertThat(answer)
        .isEqualTo(new TokenAnswer.Unavailable(Cause.UNREACHABLE, Duration.ofSeconds(1)));
    assertThat(corp.requests().all()).isEmpty();
  }

  // R-CL-5, R-CL-6
  @Test
  void rotatedCertificateIsShownWithoutARestart() {
    IssuerConfig config = config(ClientAuthMethod.TLS_CLIENT_AUTH, mutual());
    ask(config);

    replace("cert.pem", second.chain());
    replace("key.pem", second.key());
    // The session of the last handshake cannot be resumed a second later.
    Poll.until(
        Duration.ofSeconds(10),
        "a handshake with the second certificate",
        () -> {
          corp.server().dropConnections();
          return ask(config) instanceof TokenAnswer.Success && shown().equals(name(second));
        });
  }

  // R-CL-6
  @ParameterizedTest
  @ValueSource(strings = {"cert.pem", "key.pem"})
  void halfOfANewPairLeavesTheOldOne(String changed) {
    ClientCertificate certificate = loaded();

    replace(changed, changed.equals("cert.pem") ? second.chain() : second.key());

    assertThat(offered(certificate)).isEqualTo(name(first));
    replace("cert.pem", second.chain());
    replace("key.pem", second.key());
    assertThat(offered(certificate)).isEqualTo(name(second));
  }

  // R-CL-6
  @ParameterizedTest
  @CsvSource({
    "cert.pem, cut", "cert.pem, empty", "cert.pem, garbage", "cert.pem, gone",
    "key.pem, cut", "key.pem, empty", "key.pem, garbage", "key.pem, gone"
  })
  void brokenFileLeavesTheOldPair(String name, String how) throws IOException {
    ClientCertificate certificate = loaded();

    Path file = folder.resolve(name);
    String good = Files.readString(file);
    switch (how) {
      case "cut" -> Files.writeString(file, good.substring(0, good.length() / 3));
      case "empty" -> Files.writeString(file, "");
      case "garbage" -> Files.writeString(file, "CANARY: neither certificate nor key\n");
      default -> Files.delete(file);
    }

    assertThat(offered(certificate)).isEqualTo(name(first));
  }

  @Test
  void certificateOfAKindThatTheIssuerDoesNotTakeIsNotOffered() {
    assertThat(loaded().chooseClientAlias(new String[] {"RSA"}, null, null)).isNull();
  }

  // R-CL-5: RFC 8705 §5.
  @Test
  void addressForCertificatesIsUsedByWhoeverHasOne() {
    try (var front =
        dev.valetkey.testkit.Issuer.start(
            IssuerOptions.defaults().withTls(ca.localhost()).withClients(Client.none("agent")))) {
      front
          .faults()
          .metadata(
              Fault.json(body ->
                  body.put(
                      "mtls_endpoint_aliases",
                      Map.of("token_endpoint", corp.tokenEndpoint().toString()))),
              Faults.ALWAYS);

      TokenAnswer with =
          ask(config(front.issuer(), ClientAuthMethod.TLS_CLIENT_AUTH, mutual(), null));
      TokenAnswer without =
          ask(
              config(
                  front.issuer(),
                  ClientAuthMethod.NONE,
                  new TlsConfig(ca.pem(), null, null, null),
                  null));

      assertThat(with).isInstanceOf(TokenAnswer.Success.class);
      assertThat(without).isInstanceOf(TokenAnswer.Success.class);
      assertThat(corp.tokenCalls()).hasSize(1);
      assertThat(front.tokenCalls()).hasSize(1);
    }
  }

  @Test
  void pinnedAddressOutranksTheOneForCertificates() {
    TokenAnswer answer =
        ask(
            config(
                "https://nobody.example",
                ClientAuthMethod.TLS_CLIENT_AUTH,
                mutual(),
                corp.tokenEndpoint()));

    assertThat(answer).isInstanceOf(TokenAnswer.Success.class);
  }

  private ClientCertificate loaded() {
    ClientCertificate certificate = ClientCertificate.of(mutual());
    assertThat(offered(certificate)).isEqualTo(name(first));
    return certificate;
  }

  /** Subject of what a handshake would show. */
  private static String offered(ClientCertificate certificate) {
    String alias = certificate.chooseClientAlias(new String[] {"EC"}, null, null);
    assertThat(certificate.getPrivateKey(alias)).isNotNull();
    return certificate.getCertificateChain(alias)[0].getSubjectX500Principal().getName();
  }

  private TlsConfig mutual() {
    return new TlsConfig(ca.pem(), null, folder.resolve("cert.pem"), folder.resolve("key.pem"));
  }

  private TokenAnswer ask(IssuerConfig config) {
    return issuers.of(config).token(FORM, time.deadline());
  }

  private IssuerConfig config(ClientAuthMethod method, TlsConfig tls) {
    return config(corp.issuer(), method, tls, null);
  }

  private static IssuerConfig config(
      String issuer, ClientAuthMethod method, TlsConfig tls, @Nullable URI endpoint) {
    IssuerConfig plain = Configs.of(issuer, method, null, null, Duration.ofSeconds(8), 4);
    return Configs.pinned(Configs.dialled(plain, null, false, tls), endpoint, null);
  }

  /** Subject of the certificate that the issuer saw last. */
  private String shown() {
    return corp.server().clientCertificates().getLast().getSubjectX500Principal().getName();
  }

  private static String name(TestCa.Certificate certificate) {
    try (InputStream chain = Files.newInputStream(certificate.chain())) {
      return ((X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(chain))
          .getSubjectX500Principal()
          .getName();
    } catch (IOException | CertificateException e) {
      throw new IllegalStateException(e);
    }
  }

  private void replace(String name, Path with) {
    try {
      Files.writeString(folder.resolve(name), Files.readString(with));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
