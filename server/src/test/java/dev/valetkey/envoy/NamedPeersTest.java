package dev.valetkey.envoy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.valetkey.testkit.TestCa;
import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which names of a certificate count; its chain is judged by others. */
final class NamedPeersTest {
  private static final String EGRESS = "spiffe://cluster.local/ns/istio-system/sa/egress";

  @TempDir private static Path folder;
  private static X509Certificate egress;
  private static SSLEngine engine;

  @BeforeAll
  static void issue() throws Exception {
    TestCa ca = TestCa.create(folder);
    egress = leaf(Files.readString(ca.issue("uri:" + EGRESS, "dns:egress.example").chain()));
    engine = SSLContext.getDefault().createSSLEngine();
  }

  @ParameterizedTest
  @CsvSource({
    "spiffe://cluster.local/ns/istio-system/sa/egress, true",
    "egress.example, true",
    "spiffe://cluster.local/ns/istio-system/sa/egress2, false",
    "spiffe://cluster.local/ns/istio-system/sa/, false",
    "spiffe://cluster.local/ns/istio-system/sa/Egress, false",
    "*.example, false",
    "example, false",
    "CN=leaf1, false",
    "leaf1, false"
  })
  void nameIsComparedLetterByLetter(String allowed, boolean letIn) {
    NamedPeers peers = new NamedPeers(new Everybody(), List.of(allowed, "other.example"));

    if (letIn) {
      assertThatCode(() -> check(peers, egress)).doesNotThrowAnyException();
    } else {
      NamedPeers.Refused refused =
          catchThrowableOfType(NamedPeers.Refused.class, () -> check(peers, egress));
      assertThat(refused).hasMessage("its name is not one of client_names");
      assertThat(refused.peer()).contains(EGRESS, "egress.example");
    }
  }

  /** What is neither signed by anybody we know nor text can be written into a certificate. */
  @Test
  void namesAreMadeFitForALog() throws Exception {
    NamedPeers peers = new NamedPeers(new Everybody(), List.of("other.example"));
    X509Certificate forged = changed("egress.example", "egr\r\n\u001b.example");

    NamedPeers.Refused refused =
        catchThrowableOfType(NamedPeers.Refused.class, () -> check(peers, forged));

    assertThat(refused.peer()).contains("egr???.example").matches("[ -~]+");
  }

  /** RFC 5280 §4.2.1.6: a URI is not a DNS name, whatever an authority signed. */
  @Test
  void uriAmongTheDnsNamesDoesNotCount() throws Exception {
    NamedPeers peers = new NamedPeers(new Everybody(), List.of("urn:a.example1"));
    X509Certificate confused = changed("egress.example", "urn:a.example1");

    NamedPeers.Refused refused =
        catchThrowableOfType(NamedPeers.Refused.class, () -> check(peers, confused));

    assertThat(refused).hasMessage("its name is not one of client_names");
  }

  private static void check(NamedPeers peers, X509Certificate leaf) throws CertificateException {
    peers.checkClientTrusted(new X509Certificate[] {leaf}, "EC", engine);
  }

  /** The certificate with another text of the same length in it; its signature is wrong then. */
  private static X509Certificate changed(String text, String other) throws Exception {
    String der = new String(egress.getEncoded(), StandardCharsets.ISO_8859_1);
    assertThat(other).hasSameSizeAs(text);
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(
                    der.replace(text, other).getBytes(StandardCharsets.ISO_8859_1)));
  }

  private static X509Certificate leaf(String pem) throws CertificateException {
    return Pem.certificates(pem).getFirst();
  }

  /** Takes every chain. */
  private static final class Everybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
