package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.bootstrap.GatewayBootstrap;
import dev.valetkey.config.Config;
import dev.valetkey.testkit.EnvoyProcess;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * An Envoy that runs apart from the sidecar and reaches it by mutual TLS: with the right
 * certificate it works as over the socket, with any other nothing is answered.
 */
@Timeout(120)
final class TlsAddressIT {
  private static final String EGRESS = "spiffe://cluster.local/ns/istio-system/sa/egress";
  private static final String REFUSED = "valetkey_peers_refused_total";
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final AtomicInteger USERS = new AtomicInteger();

  @TempDir private static Path folder;

  private static final int ADDRESS = Ports.free();
  private static TestCa ca;
  private static TestCa.Certificate egress;
  private static Pod pod;

  @BeforeAll
  static void start() throws IOException {
    ca = TestCa.create(Files.createDirectory(folder.resolve("ca")));
    egress = ca.issue("uri:" + EGRESS);
    Files.createSymbolicLink(folder.resolve("..data"), Path.of(version("..1", ca.localhost())));
    for (String name : List.of("tls.crt", "tls.key", "ca.crt")) {
      Files.createSymbolicLink(folder.resolve(name), Path.of("..data", name));
    }
    pod =
        new PodFile()
            .exchange("github")
            .listen(
                "address: '127.0.0.1:%d', tls: {cert_file: %s/tls.crt, key_file: %s/tls.key, client_ca_file: %s/ca.crt, client_names: ['%s']}"
                    .formatted(ADDRESS, folder, folder, folder, EGRESS))
            .bootstrap(config -> overTls(config, egress))
            .start();
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @Test
  void gatewayWithTheNameIsServedAsOverTheSocket() {
    String token = user();
    double refusedBefore = pod.metric(REFUSED);

    assertThat(pod.agent().call("github", token).status()).isEqualTo(200);
    // The server's 401 goes the second way, with another Check, over the same address.
    pod.server("github").refuseNext(1, 401);
    assertThat(pod.agent().call("github", token).status()).isEqualTo(200);

    assertThat(pod.agent().call("github", null).status()).isEqualTo(401);
    assertThat(pod.envoy().stat("cluster.valetkey.health_check.success")).isPositive();
    assertThat(pod.envoy().stat("cluster.valetkey.ssl.versions.TLSv1.3")).isPositive();
    assertThat(pod.metric(REFUSED)).isEqualTo(refusedBefore);
    assertThat(pod.server("github").requests().wireText()).doesNotContain(token);
  }

  // TM-PEER
  @Test
  void gatewayWithoutCertificateIsNotAnswered() throws IOException {
    assertNotAnswered(null, "unknown");
  }

  // TM-PEER
  @Test
  void gatewayOfAnotherAuthorityIsNotAnswered() throws IOException {
    TestCa other = TestCa.create(Files.createDirectory(folder.resolve("other")));

    assertNotAnswered(other.issue("uri:" + EGRESS), EGRESS);
  }

  // TM-PEER
  @Test
  void gatewayWithAnotherNameIsNotAnswered() throws IOException {
    assertNotAnswered(ca.issue("uri:" + EGRESS + "/2"), EGRESS + "/2");
  }

  // TM-PEER
  @Test
  void gatewayWhoseCertificateExpiredIsNotAnswered() throws IOException {
    assertNotAnswered(ca.expired("uri:" + EGRESS), EGRESS);
  }

  // TM-PEER
  @Test
  void callWithoutTlsIsClosedAndNotQuoted() {
    double refusedBefore = pod.metric(REFUSED);

    Http.Response answer = new Agent(ADDRESS).call("github", user());

    assertThat(answer.status()).isZero();
    Poll.until(SOON, "a refusal", () -> pod.metric(REFUSED) > refusedBefore);
    assertThat(pod.sidecar().err())
        .contains("it does not speak TLS")
        .doesNotContain("NotSslRecord");
  }

  @Test
  void onlyTheAddressAndAdminListen() {
    assertThat(ListeningSockets.of(pod.sidecar().pid()))
        .containsExactlyInAnyOrder(ADDRESS, pod.admin("/").getPort());
  }

  @Test
  void certificateIsRotatedUnderLoad() throws Exception {
    String token = user();
    X509Certificate before = shown();
    TestCa.Certificate next = ca.localhost();
    AtomicBoolean done = new AtomicBoolean();
    ConcurrentLinkedQueue<Integer> statuses = new ConcurrentLinkedQueue<>();
    CompletableFuture<?> load =
        CompletableFuture.allOf(
            Agent.inBackground(() -> load(token, done, statuses)),
            Agent.inBackground(() -> load(token, done, statuses)));
    try {
      Poll.until(SOON, "load", () -> statuses.size() > 50);
      // A file is seen half-written first, as if it were copied and not linked.
      Files.delete(folder.resolve("tls.crt"));
      Files.writeString(folder.resolve("tls.crt"), "-----BEGIN CERTIFICATE-----\nMIIB");
      pod.sidecar().awaitErr("the last good files serve", SOON);
      assertThat(shown()).isEqualTo(before);
      turn(folder.resolve("tls.crt"), Path.of("..data", "tls.crt"));
      turn(folder.resolve("..data"), Path.of(version("..2", next)));

      X509Certificate expected = first(next.chain());
      Poll.until(SOON, "the new certificate", () -> shown().equals(expected));
      int soFar = statuses.size();
      Poll.until(SOON, "load afterwards", () -> statuses.size() > soFar + 50);
    } finally {
      done.set(true);
    }
    load.get();

    assertThat(statuses).allMatch(status -> status == 200);
    // Envoy's connections end after 0.3 s in this test: many were made on either side.
    assertThat(pod.envoy().stat("cluster.valetkey.upstream_cx_total")).isGreaterThan(5);
  }

  // TM-SOCKET
  @Test
  void withoutAddressOnlyAdminListens() {
    try (Pod plain = new PodFile().exchange("github").start()) {
      assertThat(ListeningSockets.of(plain.sidecar().pid()))
          .containsExactly(plain.admin("/").getPort());
    }
  }

  private static boolean load(String token, AtomicBoolean done, ConcurrentLinkedQueue<Integer> to) {
    while (!done.get()) {
      to.add(pod.agent().call("github", token).status());
    }
    return true;
  }

  /** A gateway that is fine but for its certificate: every call is 503, and no Check arrives. */
  private static void assertNotAnswered(TestCa.@Nullable Certificate own, String name)
      throws IOException {
    double refusedBefore = pod.metric(REFUSED);
    long serversBefore = pod.server("github").requests().count();
    int port = Ports.free();
    String bootstrap =
        changed(pod.bootstrap(), own)
            .replace("port_value: " + pod.agent().port(), "port_value: " + port)
            .replace("envoy-admin.sock", "stranger-admin.sock");
    try (EnvoyProcess stranger =
        EnvoyProcess.start(bootstrap, Files.createTempDirectory(folder, "stranger"))) {
      Http.Response answer = new Agent(port).call("github", user());

      assertThat(answer.status()).isEqualTo(503);
      assertThat(stranger.stat("http.egress.ext_authz.valetkey.ok")).isZero();
      assertThat(stranger.stat("http.egress.ext_authz.valetkey.denied")).isZero();
    }
    assertThat(pod.server("github").requests().count()).isEqualTo(serversBefore);
    assertThat(pod.metric(REFUSED)).isGreaterThan(refusedBefore);
    assertThat(pod.sidecar().err())
        .contains("\"message\":\"peer refused\",\"peer\":\"" + name + "\"");
    assertThat(pod.sidecar().err().lines().filter(line -> line.contains("SSLHandshakeException")))
        .isEmpty();
  }

  /** The gateway's bootstrap with the sidecar at its address instead of its socket. */
  private static String overTls(Config config, TestCa.Certificate own) {
    String cluster =
        GatewayBootstrap.print(config)
            .replace(
                "pipe: {path: " + config.listen().socket() + "}",
                "socket_address: {address: 127.0.0.1, port_value: " + ADDRESS + "}")
            .replace(
                "  - name: valetkey\n    type: STATIC\n",
                """
                  - name: valetkey
                    type: STATIC
                    transport_socket:
                      name: envoy.transport_sockets.tls
                      typed_config:
                        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
                        sni: localhost
                        common_tls_context:
                          tls_params: {tls_maximum_protocol_version: TLSv1_3}
                          tls_certificates: [{certificate_chain: {filename: CHAIN}, private_key: {filename: KEY}}]
                          validation_context:
                            trusted_ca: {filename: %s}
                            match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: localhost}}]
                """
                    .formatted(ca.pem()))
            .replace(
                "        explicit_http_config:",
                "        common_http_protocol_options: {max_connection_duration: 0.3s}\n        explicit_http_config:");
    return cluster.replace("CHAIN", own.chain().toString()).replace("KEY", own.key().toString());
  }

  private static String changed(String bootstrap, TestCa.@Nullable Certificate own) {
    if (own == null) {
      return bootstrap.replaceAll("\n *tls_certificates: .*", "");
    }
    return bootstrap
        .replace(egress.chain().toString(), own.chain().toString())
        .replace(egress.key().toString(), own.key().toString());
  }

  /** A folder with one version of the files; its name. */
  private static String version(String name, TestCa.Certificate certificate) throws IOException {
    Path version = Files.createDirectory(folder.resolve(name));
    Files.copy(certificate.chain(), version.resolve("tls.crt"));
    Files.copy(certificate.key(), version.resolve("tls.key"));
    Files.copy(ca.pem(), version.resolve("ca.crt"));
    return name;
  }

  /** Turns a link in one step, as Kubernetes does. */
  private static void turn(Path link, Path target) throws IOException {
    Path fresh = Files.createSymbolicLink(folder.resolve("..tmp"), target);
    Files.move(fresh, link, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The certificate that a new connection is shown. */
  private static X509Certificate shown() {
    try (SSLSocket socket =
        (SSLSocket)
            ca.clientContext()
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), ADDRESS)) {
      socket.setEnabledProtocols(new String[] {"TLSv1.3"});
      socket.startHandshake();
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static X509Certificate first(Path pem) throws Exception {
    try (var in = Files.newInputStream(pem)) {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509").generateCertificates(in).iterator().next();
    }
  }

  private static String user() {
    return pod.issuer().userToken("user-" + USERS.incrementAndGet());
  }
}
