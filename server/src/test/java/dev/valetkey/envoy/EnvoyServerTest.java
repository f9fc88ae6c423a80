package dev.valetkey.envoy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.Value;
import dev.valetkey.config.ListenConfig;
import dev.valetkey.gate.Configs;
import dev.valetkey.gate.FakeSubjects;
import dev.valetkey.gate.FakeTokens;
import dev.valetkey.gate.Gates;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenOutcome.Unavailable;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogCommon;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPResponseProperties;
import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server over its real unix socket. */
@Timeout(60)
final class EnvoyServerTest {
  private static final byte[] TYPICAL = CheckMessages.typical().build().toByteArray();

  @TempDir private Path folder;
  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final FakeSubjects users = new FakeSubjects().knows(CheckMessages.USER_TOKEN, "alice");
  private final FakeTokens tokens = new FakeTokens();
  private Path socket;
  private EnvoyServer server;
  private RawClient client;

  @BeforeEach
  void start() throws IOException {
    socket = folder.resolve("authz.sock");
    server = server(0660, ownUid());
    client = new RawClient(socket);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private EnvoyServer server(int mode, int... uids) throws IOException {
    return new EnvoyServer(
        new ListenConfig(socket, mode, Arrays.stream(uids).boxed().toList()),
        loop,
        Gates.gate(
            Configs.of(
                Configs.server("github", "https://mcp.github.example/mcp", Configs.EXCHANGE)),
            users,
            tokens),
        new Metrics(),
        System::nanoTime,
        null);
  }

  private int ownUid() throws IOException {
    return (int) Files.getAttribute(folder, "unix:uid");
  }

  // Checks.

  @Test
  void checkThatIsCachedIsAnswered() throws IOException {
    tokens.knows(new Granted(FakeTokens.TOKEN));

    CheckResponse answer = client.check(TYPICAL);

    assertThat(answer.getOkResponse().getHeaders(0).getHeader().getValue())
        .isEqualTo("Bearer CANARY-issued");
    assertThat(answer.getDynamicMetadata().getFieldsOrThrow("valetkey.token").getStringValue())
        .isEqualTo(FakeTokens.TOKEN.digest().hex());
  }

  @Test
  void checkThatHasToWaitIsAnsweredByTheSlowLane() throws IOException {
    CheckResponse answer = client.check(TYPICAL);

    assertThat(answer.hasOkResponse()).isTrue();
  }

  // L8, TM-EXHAUST
  @Test
  void aFloodOfChecksThatWaitIsRefusedBeforeItTakesTheHeap() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    tokens.gives((request, deadline) -> {
      awaitLatch(release);
      return new Granted(FakeTokens.TOKEN);
    });
    CheckRequest.Builder large = CheckMessages.typical();
    large
        .getAttributesBuilder()
        .getRequestBuilder()
        .getHttpBuilder()
        .getHeaderMapBuilder()
        .addHeaders(CheckMessages.raw("x-large", "l".repeat(60_000)));
    byte[] message = large.build().toByteArray();

    List<CompletableFuture<CheckResponse>> flood = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      flood.add(later(message));
    }
    await().until(() -> flood.stream().filter(CompletableFuture::isDone).count() > 60);
    release.countDown();

    int refused = 0;
    for (CompletableFuture<CheckResponse> one : flood) {
      CheckResponse answer = one.get();
      if (answer.hasDeniedResponse()) {
        assertThat(answer.getDeniedResponse().getStatus().getCodeValue()).isEqualTo(503);
        assertThat(answer.getDeniedResponse().getBody()).contains("issuer_busy");
        refused++;
      }
    }
    assertThat(refused).isBetween(60, 80);
    assertThat(client.check(TYPICAL).hasOkResponse()).isTrue();
  }

  @Test
  void checksThatWaitDoNotHoldUpOthers() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    tokens.gives((request, deadline) -> {
      awaitLatch(release);
      return new Granted(FakeTokens.TOKEN);
    });
    List<CompletableFuture<CheckResponse>> waiting =
        Stream.generate(() -> later(TYPICAL)).limit(20).toList();
    await().until(() -> tokens.asked().size() >= 40);

    assertThat(client.check(CheckMessages.typical("CANARY-user-bad").build().toByteArray()))
        .matches(CheckResponse::hasDeniedResponse);
    release.countDown();

    for (CompletableFuture<CheckResponse> one : waiting) {
      assertThat(one.get(20, TimeUnit.SECONDS).hasOkResponse()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, malformed",
    "1, malformed",
    "1000, malformed",
    "65536, malformed",
    "65537, too_large",
    "262144, too_large"
  })
  void messagesThatAreNoneAreRefusedWith400(int length, String code) throws IOException {
    CheckResponse answer = client.check(new byte[length]);

    assertThat(answer.getDeniedResponse().getStatus().getCodeValue()).isEqualTo(400);
    assertThat(answer.getDeniedResponse().getBody()).contains(code);
  }

  @ParameterizedTest
  @ValueSource(ints = {256 * 1024 + 1, 4 * 1024 * 1024})
  void messagesAboveTheTransportsLimitAreFailedCalls(int length) throws IOException {
    assertThatThrownBy(() -> client.check(new byte[length]))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
    assertThat(client.check(TYPICAL).hasOkResponse()).isTrue();
  }

  @Test
  void methodsThatAreNotServedAreFailedCalls() {
    assertThatThrownBy(() ->
            client.call(
                RawClient.method("envoy.service.auth.v3.Authorization/Other"),
                TYPICAL,
                Duration.ofSeconds(5)))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
  }

  @Test
  void callWithoutMessageIsRefused() throws Exception {
    CompletableFuture<CheckResponse> answer = new CompletableFuture<>();
    ClientCall<byte[], byte[]> call =
        client.channel().newCall(RawClient.CHECK, CallOptions.DEFAULT);
    call.start(into(answer), new io.grpc.Metadata());
    call.request(1);
    call.halfClose();

    assertThat(answer.get(10, TimeUnit.SECONDS).getDeniedResponse().getStatus().getCodeValue())
        .isEqualTo(400);
  }

  // TM-AWAY
  @Test
  void bugIsARefusal() throws IOException {
    tokens
        .knows(null)
        .gives((request, deadline) -> {
          throw new IllegalStateException("CANARY-bug");
        });

    CheckResponse answer = client.check(TYPICAL);

    assertThat(answer.getDeniedResponse().getStatus().getCodeValue()).isEqualTo(503);
    assertThat(answer.getDeniedResponse().getBody()).contains("internal").doesNotContain("CANARY");
  }

  /** design.md §9.6: whatever is thrown, the agent gets a refusal. */
  @Test
  void errorsOfTheMachineAreRefusalsToo() throws IOException {
    tokens.gives((request, deadline) -> {
      throw new NoClassDefFoundError("dev/valetkey/Gone");
    });

    CheckResponse answer = client.check(TYPICAL);

    assertThat(answer.getDeniedResponse().getStatus().getCodeValue()).isEqualTo(503);
    assertThat(answer.getDeniedResponse().getBody()).contains("internal");
  }

  @Test
  void ourOwn503ComesBeforeEnvoyGivesUp() throws IOException {
    AtomicReference<Duration> left = new AtomicReference<>(Duration.ZERO);
    tokens.gives((request, deadline) -> {
      left.set(deadline.remaining());
      awaitNanos(deadline.remaining());
      return new Unavailable(Cause.DEADLINE, Duration.ofSeconds(1));
    });

    CheckResponse answer =
        CheckResponse.parseFrom(client.call(RawClient.CHECK, TYPICAL, Duration.ofSeconds(3)));

    assertThat(answer.getDeniedResponse().getStatus().getCodeValue()).isEqualTo(503);
    assertThat(left.get()).isBetween(Duration.ofMillis(1000), Duration.ofMillis(2900));
  }

  @Test
  void callerThatHangsUpDisturbsNothing() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AtomicReference<Boolean> finished = new AtomicReference<>(false);
    tokens.gives((request, deadline) -> {
      entered.countDown();
      awaitLatch(release);
      finished.set(!Thread.currentThread().isInterrupted());
      return new Granted(FakeTokens.TOKEN);
    });
    ClientCall<byte[], byte[]> call =
        client.channel().newCall(RawClient.CHECK, CallOptions.DEFAULT);
    call.start(into(new CompletableFuture<>()), new io.grpc.Metadata());
    call.sendMessage(TYPICAL);
    call.halfClose();
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();

    call.cancel("the agent hung up", null);
    release.countDown();

    await().until(finished::get);
    assertThat(client.check(TYPICAL).hasOkResponse()).isTrue();
  }

  // The socket.

  // AB9, TM-SOCKET
  @Test
  void strangersAreNotServed() throws IOException {
    EnvoyServer others = server(0660, ownUid() + 1);

    try (RawClient stranger = new RawClient(socket)) {
      assertThatThrownBy(() -> stranger.check(TYPICAL))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
      assertThat(tokens.asked()).isEmpty();
    } finally {
      others.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"0660, rw-rw----", "0600, rw-------", "0777, rwxrwxrwx", "0421, r---w---x"})
  void socketHasTheModeThatWasConfigured(String octal, String permissions) throws IOException {
    EnvoyServer other = server(Integer.parseInt(octal, 8), ownUid());
    try {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo(permissions);
      assertThat(folder.resolve("authz.sock.new")).doesNotExist();
    } finally {
      other.close();
    }
  }

  @Test
  void socketsLeftBehindByADeadProcessAreReplaced() throws IOException {
    socket = folder.resolve("left.sock");
    Files.writeString(socket, "left behind");
    Files.writeString(folder.resolve("left.sock.new"), "left behind");
    EnvoyServer next = server(0660, ownUid());
    try (RawClient caller = new RawClient(socket)) {
      assertThat(caller.check(TYPICAL).hasOkResponse()).isTrue();
    } finally {
      next.close();
    }
  }

  @Test
  void successorTakesThePathOverAndKeepsIt() throws Exception {
    assertThat(client.check(TYPICAL).hasOkResponse()).isTrue();
    EnvoyServer successor = server(0660, ownUid());
    try (RawClient caller = new RawClient(socket)) {
      assertThat(caller.check(TYPICAL).hasOkResponse()).isTrue();
      assertThat(client.check(TYPICAL).hasOkResponse()).isTrue();

      server.stop(Duration.ofSeconds(5));
      server.close();

      assertThat(socket).exists();
      try (RawClient late = new RawClient(socket)) {
        assertThat(late.check(TYPICAL).hasOkResponse()).isTrue();
      }
    } finally {
      successor.close();
    }
  }

  // Health, stopping, access logs.

  @Test
  void healthIsServingOnlyWhenToldSo() {
    for (String service : new String[] {"", "envoy.service.auth.v3.Authorization"}) {
      assertThat(health(service)).isEqualTo(ServingStatus.NOT_SERVING);
    }

    server.serving();

    for (String service : new String[] {"", "envoy.service.auth.v3.Authorization"}) {
      assertThat(health(service)).isEqualTo(ServingStatus.SERVING);
    }
  }

  @Test
  void runningChecksEndWhenTheServerStops() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    tokens.gives((request, deadline) -> {
      entered.countDown();
      awaitLatch(release);
      return new Granted(FakeTokens.TOKEN);
    });
    server.serving();
    CompletableFuture<CheckResponse> running = later(TYPICAL);
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();

    CompletableFuture<Void> stopped =
        CompletableFuture.runAsync(() -> {
          try {
            server.stop(Duration.ofSeconds(20));
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    try (RawClient late = new RawClient(socket)) {
      await()
          .untilAsserted(() ->
              assertThatThrownBy(() -> late.call(RawClient.CHECK, TYPICAL, Duration.ofMillis(200)))
                  .isInstanceOf(StatusRuntimeException.class)
                  .hasMessageContaining("UNAVAILABLE"));
    }
    assertThat(running).isNotDone();
    release.countDown();

    assertThat(running.get(10, TimeUnit.SECONDS).hasOkResponse()).isTrue();
    stopped.get(10, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void refusalThatReachedTheAgentMakesTheTokenForgotten(int status) {
    log(entry(status, "via_upstream", FakeTokens.TOKEN.digest().hex()));

    await().until(() -> tokens.forgotten().equals(List.of(FakeTokens.TOKEN.digest())));
  }

  @Test
  void otherLogEntriesChangeNothing() throws Exception {
    String digest = FakeTokens.TOKEN.digest().hex();

    StreamAccessLogsResponse end =
        log(
            entry(200, "via_upstream", digest),
            entry(500, "via_upstream", digest),
            entry(401, "ext_authz_denied", digest),
            entry(403, "", digest),
            entry(401, "via_upstream", ""),
            entry(401, "via_upstream", digest.substring(1)),
            entry(401, "via_upstream", digest + "0"),
            entry(401, "via_upstream", "z".repeat(64)),
            entry(401, "via_upstream", "\uff11".repeat(64)),
            HTTPAccessLogEntry.getDefaultInstance());

    assertThat(end).isEqualTo(StreamAccessLogsResponse.getDefaultInstance());
    assertThat(tokens.forgotten()).isEmpty();
  }

  private StreamAccessLogsResponse log(HTTPAccessLogEntry... entries) {
    CompletableFuture<StreamAccessLogsResponse> end = new CompletableFuture<>();
    StreamObserver<StreamAccessLogsMessage> stream =
        AccessLogServiceGrpc.newStub(client.channel())
            .streamAccessLogs(
                new StreamObserver<>() {
                  @Override
                  public void onNext(StreamAccessLogsResponse response) {
                    end.complete(response);
                  }

                  @Override
                  public void onError(Throwable t) {
                    end.completeExceptionally(t);
                  }

                  @Override
                  public void onCompleted() {}
                });
    for (HTTPAccessLogEntry entry : entries) {
      stream.onNext(
          StreamAccessLogsMessage.newBuilder()
              .setHttpLogs(
                  StreamAccessLogsMessage.HTTPAccessLogEntries.newBuilder().addLogEntry(entry))
              .build());
    }
    stream.onCompleted();
    return end.orTimeout(10, TimeUnit.SECONDS).join();
  }

  private static HTTPAccessLogEntry entry(int status, String details, String digest) {
    Struct metadata =
        Struct.newBuilder()
            .putFields("valetkey.token", Value.newBuilder().setStringValue(digest).build())
            .build();
    return HTTPAccessLogEntry.newBuilder()
        .setCommonProperties(
            AccessLogCommon.newBuilder()
                .setMetadata(
                    Metadata.newBuilder()
                        .putFilterMetadata("envoy.filters.http.ext_authz", metadata)))
        .setResponse(
            HTTPResponseProperties.newBuilder()
                .setResponseCode(UInt32Value.of(status))
                .setResponseCodeDetails(details))
        .build();
  }

  private ServingStatus health(String service) {
    return HealthGrpc.newBlockingStub(client.channel())
        .withDeadlineAfter(10, TimeUnit.SECONDS)
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  private CompletableFuture<CheckResponse> later(byte[] message) {
    CompletableFuture<CheckResponse> answer = new CompletableFuture<>();
    ClientCall<byte[], byte[]> call =
        client.channel().newCall(RawClient.CHECK, CallOptions.DEFAULT);
    call.start(into(answer), new io.grpc.Metadata());
    call.request(1);
    call.sendMessage(message);
    call.halfClose();
    return answer;
  }

  private static ClientCall.Listener<byte[]> into(CompletableFuture<CheckResponse> answer) {
    return new ClientCall.Listener<>() {
      @Override
      public void onMessage(byte[] message) {
        try {
          answer.complete(CheckResponse.parseFrom(message));
        } catch (IOException e) {
          answer.completeExceptionally(e);
        }
      }

      @Override
      public void onClose(Status status, io.grpc.Metadata trailers) {
        answer.completeExceptionally(status.asException());
      }
    };
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError("somebody interrupted a check that was running", e);
    }
  }

  /** What a token provider does when nobody answers it. */
  private static void awaitNanos(Duration duration) {
    try {
      assertThat(new CountDownLatch(1).await(duration.toNanos(), TimeUnit.NANOSECONDS)).isFalse();
    } catch (InterruptedException e) {
      throw new AssertionError("somebody interrupted a check that was running", e);
    }
  }
}
