package dev.valetkey.envoy;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Code;
import dev.valetkey.config.InterceptConfig;
import dev.valetkey.config.ListenConfig;
import dev.valetkey.gate.Configs;
import dev.valetkey.gate.FakeSubjects;
import dev.valetkey.gate.FakeTokens;
import dev.valetkey.gate.Gates;
import dev.valetkey.intercept.Interception;
import dev.valetkey.intercept.Leaf;
import dev.valetkey.telemetry.Metrics;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The xDS protocol's rules for deltas, by a gRPC client on the real unix socket. */
@Timeout(60)
final class SecretServiceTest {
  private static final String TYPE =
      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
  private static final String MCP = "mcp.example.com";
  private static final String API = "api.example.com";
  private static final Set<String> HOSTS = new LinkedHashSet<>(List.of(MCP, API));

  @TempDir private Path folder;
  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-01T12:00:00Z"));
  private Interception interception;
  private EnvoyServer server;
  private RawClient client;

  @BeforeEach
  void start() throws IOException {
    interception =
        Interception.start(
            new InterceptConfig(folder, folder.resolve("absent.pem"), Duration.ofHours(24)),
            HOSTS,
            now::get,
            new SecureRandom());
    server = server("authz.sock", interception);
    client = new RawClient(folder.resolve("authz.sock"));
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
    interception.close();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private EnvoyServer server(String socket, @Nullable Interception intercepting)
      throws IOException {
    int uid = (int) Files.getAttribute(folder, "unix:uid");
    return new EnvoyServer(
        new ListenConfig(folder.resolve(socket), 0600, List.of(uid)),
        loop,
        Gates.gate(
            Configs.of(Configs.server("mcp", "https://mcp.example.com/mcp", Configs.NONE)),
            new FakeSubjects(),
            new FakeTokens()),
        new Metrics(),
        System::nanoTime,
        intercepting == null ? null : intercepting.leaves());
  }

  // Subscribing.

  @Test
  void hostIsAnsweredWithItsLeaf() throws Exception {
    try (Stream stream = new Stream()) {
      stream.subscribe(MCP);

      DeltaDiscoveryResponse response = stream.next();
      Secret secret = secret(response.getResources(0));
      assertThat(response.getTypeUrl()).isEqualTo(TYPE);
      assertThat(response.getNonce()).isNotEmpty();
      assertThat(response.getRemovedResourcesList()).isEmpty();
      assertThat(response.getResourcesList()).hasSize(1);
      assertThat(response.getResources(0).getName()).isEqualTo(MCP);
      assertThat(response.getResources(0).getVersion()).isEqualTo(leaf(MCP).serial());
      assertThat(secret.getName()).isEqualTo(MCP);
      assertThat(secret.getTlsCertificate().getCertificateChain().getInlineBytes().toByteArray())
          .isEqualTo(leaf(MCP).chain());
      assertThat(secret.getTlsCertificate().getPrivateKey().getInlineBytes().toByteArray())
          .isEqualTo(leaf(MCP).privateKey());
    }
  }

  @Test
  void severalHostsComeOnOneStreamTogetherOrOneByOne() throws Exception {
    try (Stream stream = new Stream()) {
      stream.subscribe(MCP, API);
      assertThat(names(stream.next())).containsExactly(MCP, API);
    }
    try (Stream stream = new Stream()) {
      stream.subscribe(MCP);
      assertThat(names(stream.next())).containsExactly(MCP);
      stream.subscribe(API);
      assertThat(names(stream.next())).containsExactly(API);
    }
  }

  // TM-CA
  @Test
  void namesThatAreNoHostsAreAnsweredAsRemoved() throws Exception {
    try (Stream stream = new Stream()) {
      stream.subscribe("attacker.example", API, "*");

      DeltaDiscoveryResponse response = stream.next();
      assertThat(names(response)).containsExactly(API);
      assertThat(response.getRemovedResourcesList()).containsExactly("attacker.example", "*");
    }
  }

  @Test
  void hostThatIsAskedForAgainIsSentAgain() throws Exception {
    try (Stream stream = new Stream()) {
      stream.subscribe(MCP);
      DeltaDiscoveryResponse first = stream.next();

      stream.subscribe(MCP);

      assertThat(stream.next().getResourcesList()).isEqualTo(first.getResourcesList());
    }
  }

  /** After a lost connection Envoy says what it has. */
  @Test
  void newStreamBringsOnlyWhatEnvoyDoesNotHave() throws Exception {
    try (Stream stream = new Stream()) {
      stream.send(
          request(MCP, API)
              .putAllInitialResourceVersions(
                  Map.of(MCP, leaf(MCP).serial(), API, "of a former authority")));

      assertThat(names(stream.next())).containsExactly(API);
      stream.assertSilent();
    }
  }

  @Test
  void streamForAnotherTypeIsRefused() throws Exception {
    try (Stream stream = new Stream()) {
      stream.send(request(MCP).setTypeUrl("type.googleapis.com/envoy.config.cluster.v3.Cluster"));

      assertThat(stream.end().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }
  }

  // Renewal.

  @Test
  void renewedLeavesArePushedToWhoAskedForThem() throws Exception {
    try (Stream both = new Stream();
        Stream one = new Stream()) {
      both.subscribe(MCP, API);
      both.acknowledge(both.next());
      one.subscribe(API);
      one.acknowledge(one.next());
      String before = leaf(MCP).serial();

      renew();

      DeltaDiscoveryResponse pushed = both.next();
      assertThat(names(pushed)).containsExactly(MCP, API);
      assertThat(pushed.getResources(0).getVersion())
          .isEqualTo(leaf(MCP).serial())
          .isNotEqualTo(before);
      assertThat(names(one.next())).containsExactly(API);
      both.assertSilent();
    }
  }

  @Test
  void hostThatIsNoLongerWantedIsNotPushed() throws Exception {
    try (Stream stream = new Stream()) {
      stream.subscribe(MCP, API);
      stream.next();
      stream.send(
          DeltaDiscoveryRequest.newBuilder().setTypeUrl(TYPE).addResourceNamesUnsubscribe(MCP));
      stream.assertSilent();

      renew();

      assertThat(names(stream.next())).containsExactly(API);
    }
  }

  @Test
  void nothingIsPushedWhileNothingChanges() throws Exception {
    try (Stream stream = new Stream()) {
      stream.subscribe(MCP);
      stream.acknowledge(stream.next());
      now.updateAndGet(at -> at.plus(Duration.ofHours(1)));

      interception.leaves().renew();

      stream.assertSilent();
    }
  }

  @Test
  void whatEnvoyRefusedIsNotSentAgainUntilItIsRenewed() throws Exception {
    try (Stream stream = new Stream()) {
      stream.subscribe(MCP);
      stream.refuse(stream.next());
      stream.assertSilent();

      renew();

      assertThat(stream.next().getResources(0).getVersion()).isEqualTo(leaf(MCP).serial());
    }
  }

  // Bounds and ends.

  // TM-EXHAUST
  @Test
  void streamsAreLimited() throws Exception {
    List<Stream> streams = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      Stream stream = new Stream();
      stream.subscribe(MCP);
      stream.next();
      streams.add(stream);
    }

    try (Stream tooMany = new Stream()) {
      assertThat(tooMany.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    streams.removeLast().close();
    await()
        .untilAsserted(() -> {
          try (Stream another = new Stream()) {
            another.subscribe(MCP);
            assertThat(names(another.next())).containsExactly(MCP);
          }
        });
    streams.forEach(Stream::close);
  }

  /** Else its questions would be answered into our memory. */
  @Test
  void whoDoesNotReadIsNotListenedTo() throws Exception {
    Semaphore ready = new Semaphore(0);
    ClientCall<DeltaDiscoveryRequest, DeltaDiscoveryResponse> call =
        client
            .channel()
            .newCall(SecretDiscoveryServiceGrpc.getDeltaSecretsMethod(), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onReady() {
            ready.release();
          }
        },
        new Metadata());
    // No call.request(): no answer is read. What is on its way fills a window of 1 MiB.
    int most = 20_000;
    int sent = 0;
    while (sent < most && (call.isReady() || ready.tryAcquire(2, TimeUnit.SECONDS))) {
      call.sendMessage(request(MCP, API).build());
      sent++;
    }
    call.cancel("enough", null);

    assertThat(sent).isLessThan(most);
  }

  @Test
  void stoppingServerWaitsForNoStream() throws Exception {
    try (Stream stream = new Stream()) {
      stream.subscribe(MCP);
      stream.next();

      server.stop(Duration.ofSeconds(30));

      assertThat(stream.end().getCode()).isEqualTo(Status.Code.OK);
    }
  }

  @Test
  void withoutInterceptionThereIsNoSuchService() throws Exception {
    EnvoyServer plain = server("plain.sock", null);
    try (RawClient other = new RawClient(folder.resolve("plain.sock"))) {
      assertThatThrownBy(() ->
              other.call(
                  RawClient.method("envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets"),
                  request(MCP).build().toByteArray(),
                  Duration.ofSeconds(5)))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
    } finally {
      plain.close();
    }
  }

  private void renew() {
    now.updateAndGet(at -> at.plus(Duration.ofHours(12)));
    interception.leaves().renew();
  }

  private Leaf leaf(String host) {
    return requireNonNull(interception.leaves().of(host));
  }

  private static List<String> names(DeltaDiscoveryResponse response) {
    return response.getResourcesList().stream().map(Resource::getName).toList();
  }

  private static Secret secret(Resource resource) throws InvalidProtocolBufferException {
    return resource.getResource().unpack(Secret.class);
  }

  private static DeltaDiscoveryRequest.Builder request(String... names) {
    return DeltaDiscoveryRequest.newBuilder()
        .setTypeUrl(TYPE)
        .addAllResourceNamesSubscribe(List.of(names));
  }

  /** One delta stream of a client that keeps what arrives. */
  private final class Stream implements AutoCloseable, StreamObserver<DeltaDiscoveryResponse> {
    private final BlockingQueue<Object> arrived = new LinkedBlockingQueue<>();
    private final StreamObserver<DeltaDiscoveryRequest> requests =
        SecretDiscoveryServiceGrpc.newStub(client.channel()).deltaSecrets(this);

    void subscribe(String... names) {
      send(request(names));
    }

    void acknowledge(DeltaDiscoveryResponse response) {
      send(
          DeltaDiscoveryRequest.newBuilder()
              .setTypeUrl(TYPE)
              .setResponseNonce(response.getNonce()));
    }

    void refuse(DeltaDiscoveryResponse response) {
      send(
          DeltaDiscoveryRequest.newBuilder()
              .setTypeUrl(TYPE)
              .setResponseNonce(response.getNonce())
              .setErrorDetail(
                  com.google.rpc.Status.newBuilder()
                      .setCode(Code.INVALID_ARGUMENT_VALUE)
                      .setMessage("Failed to load certificate chain")));
    }

    void send(DeltaDiscoveryRequest.Builder request) {
      requests.onNext(request.build());
    }

    DeltaDiscoveryResponse next() throws InterruptedException {
      return (DeltaDiscoveryResponse) requireNonNull(arrived.poll(10, TimeUnit.SECONDS));
    }

    Status end() throws InterruptedException {
      return (Status) requireNonNull(arrived.poll(10, TimeUnit.SECONDS));
    }

    /** Nothing is on its way: what is sent later is answered first. */
    void assertSilent() throws InterruptedException {
      subscribe("silent.invalid");
      assertThat(next().getRemovedResourcesList()).containsExactly("silent.invalid");
    }

    @Override
    public void onNext(DeltaDiscoveryResponse response) {
      arrived.add(response);
    }

    @Override
    public void onError(Throwable t) {
      arrived.add(Status.fromThrowable(t));
    }

    @Override
    public void onCompleted() {
      arrived.add(Status.OK);
    }

    @Override
    public void close() {
      try {
        requests.onCompleted();
      } catch (IllegalStateException ended) {
        // By the server.
      }
    }
  }
}
