package dev.valetkey.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.TestCa;
import dev.valetkey.webhook.Webhook.Answer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Its own door: certificates, limits, and whatever is no review of a pod. */
final class WebhookServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String JSON = "application/json";

  private static TestCa ca;
  private static Webhook webhook;

  @TempDir private Path folder;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    ca = TestCa.create(folder);
    webhook = Webhook.start(ca.localhost(), ca.clientContext());
  }

  @AfterAll
  static void stop() {
    webhook.close();
  }

  @Test
  void aNewCertificateIsShownWithoutARestart() throws IOException {
    TestCa.Certificate served = copy(ca.localhost());
    TestCa.Certificate next = ca.localhost();
    try (Webhook rotated = Webhook.start(served, ca.clientContext())) {
      String before = subject(rotated);
      replace(next.chain(), served.chain());
      replace(next.key(), served.key());

      Poll.until(PATIENCE, "the new certificate", () -> !subject(rotated).equals(before));
    }
  }

  @Test
  void halfARotationChangesNothing() throws IOException {
    TestCa.Certificate served = copy(ca.localhost());
    TestCa.Certificate next = ca.localhost();
    ServingCertificate certificate = new ServingCertificate(served.chain(), served.key());
    certificate.load();
    String alias = certificate.chooseEngineServerAlias("EC", null, null);

    replace(next.chain(), served.chain());
    certificate.reload();

    assertThat(certificate.chooseEngineServerAlias("EC", null, null)).isEqualTo(alias);

    replace(next.key(), served.key());
    certificate.reload();

    String renewed = certificate.chooseEngineServerAlias("EC", null, null);
    assertThat(renewed).isNotNull().isNotEqualTo(alias);
    // A handshake that has begun ends with the pair that it began with.
    assertThat(certificate.getCertificateChain(alias)).isNotNull();
    assertThat(certificate.getPrivateKey(alias))
        .isNotNull()
        .isNotEqualTo(certificate.getPrivateKey(renewed));
  }

  @Test
  void aKeyThatIsNotTheCertificatesDoesNotStart() {
    TestCa.Certificate one = ca.localhost();
    TestCa.Certificate other = ca.localhost();
    ServingCertificate mixed = new ServingCertificate(one.chain(), other.key());

    assertThatThrownBy(mixed::load)
        .isInstanceOf(IOException.class)
        .hasMessageEndingWith("do not fit together");
    assertThatThrownBy(new ServingCertificate(folder.resolve("none"), one.key())::load)
        .isInstanceOf(IOException.class);
    assertThatThrownBy(new ServingCertificate(one.chain(), one.chain())::load)
        .isInstanceOf(IOException.class)
        .hasMessageEndingWith("holds no private key that we can read");
  }

  /** Helm's genSignedCert writes PKCS #1; the JDK reads PKCS #8 only. */
  @Test
  void rsaKeysAreReadInBothForms() throws Exception {
    java.security.KeyPairGenerator generator = java.security.KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    java.security.KeyPair pair = generator.generateKeyPair();
    byte[] pkcs8 = pair.getPrivate().getEncoded();
    // The structure of PKCS #1 is the content of the OCTET STRING at the end of PKCS #8.
    byte[] pkcs1 = java.util.Arrays.copyOfRange(pkcs8, 26, pkcs8.length);

    assertThat(PrivateKeys.fromPem(TestCa.pem("RSA PRIVATE KEY", pkcs1)))
        .isEqualTo(PrivateKeys.fromPem(TestCa.pem("PRIVATE KEY", pkcs8)))
        .isEqualTo(pair.getPrivate());
    assertThat(PrivateKeys.belongsTo(pair.getPrivate(), pair.getPublic())).isTrue();
    assertThat(PrivateKeys.belongsTo(pair.getPrivate(), generator.generateKeyPair().getPublic()))
        .isFalse();
  }

  @Test
  void theKubeletIsToldThatItLives() {
    assertThat(webhook.get("/healthz").status()).isEqualTo(200);
    assertThat(webhook.get("/mutate").status()).isEqualTo(405);
    assertThat(webhook.get("/").status()).isEqualTo(404);
    assertThat(webhook.get("/healthz/x").status()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{} {}",
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\"}",
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":[]}",
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{}}",
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":7}}",
        "{\"apiVersion\":\"admission.k8s.io/v1beta1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"1\"}}",
        "{apiVersion: 'admission.k8s.io/v1', kind: AdmissionReview, request: {uid: '1'}}",
      })
  void whatIsNoReviewGets400(String body) {
    Http.Response response = webhook.post(body, JSON);

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.text()).isEqualTo("no AdmissionReview of admission.k8s.io/v1\n");
  }

  @Test
  void bytesThatAreNoTextAndNestingWithoutEndGet400() {
    assertThat(webhook.post("[".repeat(100_000), JSON).status()).isEqualTo(400);
    assertThat(
            Http.request(
                    "POST",
                    webhook.uri("/mutate"),
                    webhook.trust(),
                    new byte[] {'"', (byte) 0xFF, '"'},
                    "Content-Type",
                    JSON)
                .status())
        .isEqualTo(400);
    assertThat(webhook.get("/healthz").status()).isEqualTo(200);
  }

  @Test
  void otherContentAndTooMuchOfItAreNotRead() {
    assertThat(webhook.post("{}", "text/plain").status()).isEqualTo(415);
    assertThat(webhook.post("{}", "application/json; charset=utf-8").status()).isEqualTo(400);
    assertThat(webhook.post(" ".repeat((3 << 20) + 1), JSON).status()).isEqualTo(413);
  }

  /** A pod that no API server sends is refused, whatever is wrong with it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"spec\":[]}",
        "{\"spec\":{\"containers\":{}}}",
        "{\"spec\":{\"containers\":[1]}}",
        "{\"spec\":{\"containers\":[{\"name\":1}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"a\",\"securityContext\":{\"runAsUser\":\"1337\"}}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"a\",\"securityContext\":{\"runAsUser\":1337.5}}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"a\",\"securityContext\":{\"privileged\":\"no\"}}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"a\",\"securityContext\":{\"capabilities\":{\"add\":[1]}}}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"a\",\"volumeMounts\":\"x\"}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"a\"}],\"initContainers\":\"x\"}}",
        "{\"spec\":{\"hostNetwork\":\"true\",\"containers\":[{\"name\":\"a\"}]}}",
      })
  void aMalformedPodIsRefused(String broken) {
    JsonObject pod = Webhook.pod("admitted/job.yaml");
    pod.add("spec", JsonParser.parseString(broken).getAsJsonObject().get("spec"));
    Answer answer = webhook.create(pod);

    assertThat(answer.allowed()).isFalse();
    assertThat(answer.patch()).isEmpty();
    assertThat(answer.message()).startsWith("valetkey: The pod is malformed: ");
  }

  /** A rule that sends us other objects is a mistake that must be seen. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"group\":\"apps\",\"version\":\"v1\",\"kind\":\"Deployment\"}",
        "{\"group\":\"\",\"version\":\"v2\",\"kind\":\"Pod\"}",
        "{}"
      })
  void otherObjectsAreRefused(String kind) {
    JsonObject request = Webhook.creation(Webhook.pod("admitted/job.yaml"));
    request.add("kind", JsonParser.parseString(kind));
    assertThat(webhook.ask(request))
        .isEqualTo(
            new Answer(
                false,
                new JsonArray(),
                List.of(),
                "valetkey: This webhook is for pods of v1 only."));
  }

  /** Whoever sends half a request keeps nobody else waiting, and is cut off. */
  @Test
  void aSlowClientIsCutOffAndHoldsUpNobody() throws IOException {
    try (SSLSocket slow = connect(webhook)) {
      OutputStream out = slow.getOutputStream();
      out.write(
          "POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
              .getBytes(UTF_8));
      out.flush();

      assertThat(webhook.create(Webhook.pod("admitted/job.yaml")).allowed()).isTrue();
      slow.setSoTimeout(30_000);
      assertThat(readToItsEnd(slow)).doesNotContain("200");
    }
  }

  private static String readToItsEnd(SSLSocket socket) {
    try {
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    } catch (IOException closed) {
      return "closed";
    }
  }

  private TestCa.Certificate copy(TestCa.Certificate certificate) throws IOException {
    Path chain = folder.resolve("tls.crt");
    Path key = folder.resolve("tls.key");
    Files.copy(certificate.chain(), chain);
    Files.copy(certificate.key(), key);
    return new TestCa.Certificate(chain, key, certificate.context(), false);
  }

  private static void replace(Path from, Path to) throws IOException {
    Path fresh = Files.copy(from, to.resolveSibling("fresh"), StandardCopyOption.REPLACE_EXISTING);
    Files.move(fresh, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Who the server says it is, in a fresh handshake. */
  private static String subject(Webhook webhook) {
    try (SSLSocket socket = connect(webhook)) {
      X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
      return Base64.getEncoder().encodeToString(shown.getPublicKey().getEncoded());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static SSLSocket connect(Webhook webhook) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            webhook
                .trust()
                .getSocketFactory()
                .createSocket("localhost", webhook.uri("/").getPort());
    // A session that is resumed shows the certificate of the one before.
    socket.setEnabledProtocols(new String[] {"TLSv1.3"});
    socket.startHandshake();
    return socket;
  }
}
