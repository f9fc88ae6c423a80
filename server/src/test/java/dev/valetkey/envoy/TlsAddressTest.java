package dev.valetkey.envoy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.valetkey.config.ListenConfig;
import dev.valetkey.config.ListenTlsConfig;
import dev.valetkey.gate.Configs;
import dev.valetkey.gate.FakeSubjects;
import dev.valetkey.gate.FakeTokens;
import dev.valetkey.gate.Gates;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.TestCa;
import dev.valetkey.token.TokenOutcome.Granted;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.GrpcSslContexts;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server over TCP and TLS: who is let in, and what changed files do. */
@Timeout(60)
final class TlsAddressTest {
  private static final String EGRESS = "spiffe://cluster.local/ns/istio-system/sa/egress";
  private static final String TOKEN = "CANARY-sent-in-plain";
  private static final byte[] TYPICAL = CheckMessages.typical().build().toByteArray();

  @TempDir private static Path authorities;
  private static TestCa ca;
  private static TestCa other;
  private static TestCa.Certificate ours;
  private static TestCa.Certificate egress;

  @TempDir private Path folder;
  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final FakeTokens tokens = new FakeTokens().knows(new Granted(FakeTokens.TOKEN));
  private final Metrics metrics = new Metrics();
  private final int port = Ports.free();
  private final LogOf log = new LogOf(TlsSocket.class);
  private final LogOf fileLog = new LogOf(TlsFiles.class);
  private EnvoyServer server;

  @BeforeAll
  static void issue() throws IOException {
    ca = TestCa.create(Files.createDirectory(authorities.resolve("ca")));
    other = TestCa.create(Files.createDirectory(authorities.resolve("other")));
    ours = ca.localhost();
    egress = ca.issue("uri:" + EGRESS);
  }

  @BeforeEach
  void start() throws IOException {
    install(ours, ca);
    server = server("127.0.0.1:" + port);
  }

  @AfterEach
  void stop() {
    server.close();
    log.close();
    fileLog.close();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private EnvoyServer server(@Nullable String address) throws IOException {
    ListenTlsConfig tls =
        new ListenTlsConfig(
            folder.resolve("tls.crt"),
            folder.resolve("tls.key"),
            folder.resolve("ca.crt"),
            List.of(EGRESS));
    return new EnvoyServer(
        new ListenConfig(
            folder.resolve("authz.sock"),
            0660,
            List.of((int) Files.getAttribute(folder, "unix:uid")),
            address,
            tls),
        loop,
        Gates.gate(
            Configs.of(
                Configs.server("github", "https://mcp.github.example/mcp", Configs.EXCHANGE)),
            new FakeSubjects().knows(CheckMessages.USER_TOKEN, "alice"),
            tokens),
        metrics,
        System::nanoTime,
        null);
  }

  // Who is let in.

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void peerWithTheNameIsServedAsOnTheSocket(String protocol) throws IOException {
    server.serving();
    try (RawClient atAddress = client(egress, protocol);
        RawClient atSocket = new RawClient(folder.resolve("authz.sock"))) {
      assertThat(atAddress.check(TYPICAL)).isEqualTo(atSocket.check(TYPICAL));
      assertThat(atAddress.check(TYPICAL).hasOkResponse()).isTrue();
      assertThat(health(atAddress)).isEqualTo(ServingStatus.SERVING);
    }
    assertThat(refused()).isZero();
  }

  /** The JDK's own client does not speak it any more. */
  // TM-PEER
  @Test
  void olderTlsIsRefused() throws IOException {
    String clientHello =
        "16030100330100002f" + "0302" + "00".repeat(32) + "00" + "0008c009c013002f0035" + "0100";

    try (Socket old = new Socket(InetAddress.getLoopbackAddress(), port)) {
      old.getOutputStream().write(HexFormat.of().parseHex(clientHello));

      // RFC 5246 §7.2: a fatal alert, protocol_version.
      assertThat(HexFormat.of().formatHex(old.getInputStream().readAllBytes())).endsWith("0246");
    }
    await().until(() -> refused() == 1);
  }

  @Test
  void peerWithoutCertificateIsRefused() {
    assertRefused(client(null, "TLSv1.3"), "unknown");
    assertRefused(client(null, "TLSv1.2"), "unknown");
  }

  @Test
  void peerOfAnotherAuthorityIsRefused() {
    assertRefused(client(other.issue("uri:" + EGRESS), "TLSv1.3"), EGRESS);
  }

  @Test
  void peerWithAnotherNameIsRefused() {
    assertRefused(
        client(ca.issue("uri:" + EGRESS + "2", "dns:egress"), "TLSv1.3"), EGRESS + "2 egress");
  }

  @Test
  void peerWhoseCertificateExpiredIsRefused() {
    assertRefused(client(ca.expired("uri:" + EGRESS), "TLSv1.3"), EGRESS);
  }

  @Test
  void plainTextIsRefusedAndNotQuoted() throws IOException {
    try (LogOf all = LogOf.everybody();
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = plain.getOutputStream();
      out.write(
          ("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + TOKEN + "\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));

      assertThat(plain.getInputStream().readAllBytes()).isEmpty();
      await().until(() -> refused() == 1);
      String hex = HexFormat.of().formatHex(TOKEN.getBytes(StandardCharsets.US_ASCII));
      assertThat(all.lines()).hasSize(1).noneMatch(line -> line.contains(hex));
    }

    assertThat(log.lines())
        .singleElement()
        .asString()
        .startsWith("peer refused peer=unknown address=/127.0.0.1:")
        .endsWith(" cause=it does not speak TLS");
  }

  @Test
  void lookingWhetherThePortIsOpenIsNoRefusal() throws IOException {
    new Socket(InetAddress.getLoopbackAddress(), port).close();
    assertRefused(client(null, "TLSv1.3"), "unknown");

    assertThat(refused()).isEqualTo(1);
  }

  // TM-EXHAUST
  @Test
  void crowdOfSilentConnectionsIsKeptSmall() throws Exception {
    List<Socket> crowd = new ArrayList<>();
    try {
      for (int i = 0; i < 128; i++) {
        crowd.add(new Socket(InetAddress.getLoopbackAddress(), port));
      }
      try (RawClient late = client(egress, "TLSv1.3")) {
        assertThatThrownBy(() -> late.check(TYPICAL)).isInstanceOf(StatusRuntimeException.class);
      }
      await().until(() -> refused() > 0);
    } finally {
      for (Socket silent : crowd) {
        silent.close();
      }
    }

    await()
        .ignoreExceptions()
        .until(() -> {
          try (RawClient next = client(egress, "TLSv1.3")) {
            return next.check(TYPICAL).hasOkResponse();
          }
        });
  }

  // Files.

  @Test
  void newFilesCountForNewConnectionsAndLeaveTheOldOnesAlone() throws Exception {
    try (RawClient before = client(egress, "TLSv1.3")) {
      assertThat(before.check(TYPICAL).hasOkResponse()).isTrue();

      install(other.localhost(), other);
      server.filesChanged();

      assertThat(before.check(TYPICAL).hasOkResponse()).isTrue();
    }
    assertThat(refused()).isZero();
    try (RawClient after =
        new RawClient(port, tls(other, other.issue("uri:" + EGRESS), "TLSv1.3"))) {
      assertThat(after.check(TYPICAL).hasOkResponse()).isTrue();
    }
    assertRefused(new RawClient(port, tls(other, egress, "TLSv1.3")), EGRESS);
  }

  /** RFC 8446 §2.2: a resumed session goes on without a certificate. */
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void sessionsAreNotResumed(String protocol) throws Exception {
    var context = tls(ca, egress, protocol);
    try (RawClient first = new RawClient(port, context)) {
      assertThat(first.check(TYPICAL).hasOkResponse()).isTrue();
    }
    Files.copy(other.pem(), folder.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
    server.filesChanged();

    assertRefused(new RawClient(port, context), EGRESS);
  }

  @Test
  void linkThatIsTurnedToAnotherFolderIsFollowed() throws Exception {
    // As Kubernetes and SPIRE's helper do it: all files change in one rename.
    server.close();
    Path next = Files.createDirectory(folder.resolve("..next"));
    for (String name : List.of("tls.crt", "tls.key", "ca.crt")) {
      Files.move(
          folder.resolve(name), Files.createDirectories(folder.resolve("..one")).resolve(name));
      Files.createSymbolicLink(folder.resolve(name), Path.of("..data", name));
    }
    Files.createSymbolicLink(folder.resolve("..data"), Path.of("..one"));
    server = server("127.0.0.1:" + port);
    copy(other.localhost(), other, next);

    Path link = Files.createSymbolicLink(folder.resolve("..tmp"), Path.of("..next"));
    Files.move(link, folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    server.filesChanged();

    try (RawClient after =
        new RawClient(port, tls(other, other.issue("uri:" + EGRESS), "TLSv1.3"))) {
      assertThat(after.check(TYPICAL).hasOkResponse()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tls.crt", "tls.key", "ca.crt"})
  void halfWrittenFilesKeepTheLastGoodOnes(String name) throws Exception {
    Path file = folder.resolve(name);
    String whole = Files.readString(file);
    for (String broken : List.of("", whole.substring(0, whole.length() / 2), "no PEM\n")) {
      Files.writeString(file, broken);
      server.filesChanged();
    }
    Files.delete(file);
    server.filesChanged();

    try (RawClient peer = client(egress, "TLSv1.3")) {
      assertThat(peer.check(TYPICAL).hasOkResponse()).isTrue();
    }
    assertThat(fileLog.lines())
        .hasSize(4)
        .allMatch(line ->
            line.startsWith("listen.tls is not in order; the last good files serve cause=")
                && line.contains(file.toString())
                && !line.contains("MI"));
  }

  @Test
  void keyOfAnotherCertificateKeepsTheLastGoodOnes() throws Exception {
    Files.copy(
        other.localhost().key(), folder.resolve("tls.key"), StandardCopyOption.REPLACE_EXISTING);
    server.filesChanged();

    assertThat(fileLog.lines()).singleElement().asString().contains("is not the key of");
    try (RawClient peer = client(egress, "TLSv1.3")) {
      assertThat(peer.check(TYPICAL).hasOkResponse()).isTrue();
    }
  }

  @Test
  void filesThatSayTheSameAreNotLoadedAgain() {
    server.filesChanged();

    assertThat(fileLog.lines()).isEmpty();
  }

  @Test
  void serverDoesNotStartWithFilesThatAreNotInOrder() throws IOException {
    server.close();
    Files.writeString(folder.resolve("tls.key"), "no key");

    assertThatThrownBy(() -> server("127.0.0.1:" + port))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "listen.tls: "
                + folder.resolve("tls.key")
                + ": no complete \"PRIVATE KEY\" (PKCS #8) in it");
  }

  // Starting and stopping.

  @Test
  void addressThatIsTakenFailsBeforeTheSocketIsTakenOver() throws IOException {
    int taken;
    try (var others = new java.net.ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      taken = others.getLocalPort();
      assertThatThrownBy(() -> server("127.0.0.1:" + taken)).isInstanceOf(IOException.class);
    }

    try (RawClient peer = new RawClient(folder.resolve("authz.sock"))) {
      assertThat(peer.check(TYPICAL).hasOkResponse()).isTrue();
    }
  }

  @Test
  void successorIsThereBeforeItsPredecessorStops() throws Exception {
    EnvoyServer successor = server("127.0.0.1:" + port);
    server.stop(Duration.ofSeconds(5));
    server.close();
    server = successor;

    try (RawClient peer = client(egress, "TLSv1.3")) {
      assertThat(peer.check(TYPICAL).hasOkResponse()).isTrue();
    }
  }

  @Test
  void runningChecksEndWhenTheServerStops() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    tokens
        .knows(null)
        .gives((request, deadline) -> {
          entered.countDown();
          awaitLatch(release);
          return new Granted(FakeTokens.TOKEN);
        });
    try (RawClient peer = client(egress, "TLSv1.3")) {
      CompletableFuture<CheckResponse> running = CompletableFuture.supplyAsync(() -> check(peer));
      assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
      CompletableFuture<Void> stopped =
          CompletableFuture.runAsync(
              () -> {
                try {
                  server.stop(Duration.ofSeconds(20));
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              },
              stopping -> Thread.ofVirtual().start(stopping));
      await()
          .ignoreExceptions()
          .untilAsserted(() ->
              assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                  .isInstanceOf(IOException.class));
      assertThat(running).isNotDone();
      release.countDown();

      assertThat(running.get(10, TimeUnit.SECONDS).hasOkResponse()).isTrue();
      stopped.get(10, TimeUnit.SECONDS);
    }
  }

  private void install(TestCa.Certificate certificate, TestCa authority) throws IOException {
    copy(certificate, authority, folder);
  }

  private static void copy(TestCa.Certificate certificate, TestCa authority, Path into)
      throws IOException {
    Files.copy(certificate.chain(), into.resolve("tls.crt"), StandardCopyOption.REPLACE_EXISTING);
    Files.copy(certificate.key(), into.resolve("tls.key"), StandardCopyOption.REPLACE_EXISTING);
    Files.copy(authority.pem(), into.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
  }

  private RawClient client(TestCa.@Nullable Certificate own, String protocol) {
    return new RawClient(port, tls(ca, own, protocol));
  }

  private static io.netty.handler.ssl.SslContext tls(
      TestCa trusted, TestCa.@Nullable Certificate own, String protocol) {
    try {
      SslContextBuilder builder =
          GrpcSslContexts.forClient().trustManager(trusted.pem().toFile()).protocols(protocol);
      if (own != null) {
        builder.keyManager(own.chain().toFile(), own.key().toFile());
      }
      return builder.build();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * The peer gets no answer, nobody looks at its message, it is counted, and its name is logged.
   */
  private void assertRefused(RawClient peer, String name) {
    double before = refused();
    try (peer) {
      assertThatThrownBy(() -> peer.check(TYPICAL))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    }
    await().until(() -> refused() == before + 1);
    assertThat(log.lines().getLast())
        .startsWith("peer refused peer=" + name + " address=/127.0.0.1:")
        .contains(" cause=");
  }

  private double refused() {
    return metrics
        .scrape()
        .lines()
        .filter(line -> line.startsWith("valetkey_peers_refused_total "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
        .sum();
  }

  private static ServingStatus health(RawClient peer) {
    return HealthGrpc.newBlockingStub(peer.channel())
        .check(HealthCheckRequest.getDefaultInstance())
        .getStatus();
  }

  private static CheckResponse check(RawClient peer) {
    try {
      return peer.check(TYPICAL);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
