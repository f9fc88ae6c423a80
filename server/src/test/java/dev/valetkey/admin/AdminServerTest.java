package dev.valetkey.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Timestamp;
import dev.valetkey.admin.v1.AdminGrpc;
import dev.valetkey.admin.v1.EndSessionRequest;
import dev.valetkey.admin.v1.EndSessionResponse;
import dev.valetkey.admin.v1.ExplainRequest;
import dev.valetkey.admin.v1.ExplainResponse;
import dev.valetkey.admin.v1.ListSessionsRequest;
import dev.valetkey.admin.v1.ListSessionsResponse;
import dev.valetkey.admin.v1.Session;
import dev.valetkey.envoy.UnixSocket;
import dev.valetkey.token.Secret;
import io.grpc.ManagedChannel;
import io.grpc.ServerBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class AdminServerTest {
  private static final String USER_TOKEN = "CANARY-user-token";
  private static final Explanation SIX_LINES =
      new Explanation(
          List.of(
              new Explanation.Line("call", "github"),
              new Explanation.Line("user", "none"),
              new Explanation.Line("token", "not found"),
              new Explanation.Line("target", "corp token_exchange"),
              new Explanation.Line("cache", "miss"),
              new Explanation.Line("decision", "refuse no_user_token")),
          false,
          "no_user_token",
          401);

  @TempDir private Path folder;
  private EventLoopGroup loop;
  private final FakeSidecar sidecar = new FakeSidecar();
  private final AtomicInteger strangers = new AtomicInteger();
  private final List<AutoCloseable> opened = new ArrayList<>();

  @BeforeEach
  void startLoop() {
    loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : opened.reversed()) {
      one.close();
    }
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  @Test
  void theSocketIsForItsOwnerOnlyAndItsFolderIsMade() throws Exception {
    Path path = folder.resolve("run/valetkey/admin.sock");

    start(path, uid -> true);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
    assertThat(path.resolveSibling("admin.sock.new")).doesNotExist();
  }

  @Test
  void aSocketThatADeadPredecessorLeftIsReplaced() throws Exception {
    Path path = folder.resolve("admin.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();

    start(path, uid -> true);

    assertThat(
            client(path).listSessions(ListSessionsRequest.getDefaultInstance()).getSessionsList())
        .isEmpty();
  }

  @Test
  void aSuccessorTakesThePathOverAndTheOldOneDoesNotRemoveIt() throws Exception {
    Path path = folder.resolve("admin.sock");
    AdminServer old = start(path, uid -> true);

    start(path, uid -> true);
    old.close();

    assertThat(
            client(path).listSessions(ListSessionsRequest.getDefaultInstance()).getSessionsList())
        .isEmpty();
  }

  @Test
  void aStrangerGetsNoAnswer() throws Exception {
    Path path = folder.resolve("admin.sock");
    start(path, uid -> false);

    assertThatThrownBy(() -> client(path).listSessions(ListSessionsRequest.getDefaultInstance()))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            failed -> assertThat(failed.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    assertThat(strangers).hasPositiveValue();
  }

  @Test
  void explainPassesTheCallAndAnswersWithItsLines() throws Exception {
    AdminGrpc.AdminBlockingStub client = started();

    ExplainResponse answer =
        client.explain(
            ExplainRequest.newBuilder()
                .setUrl("https://mcp.github.example/mcp")
                .setUserToken(USER_TOKEN)
                .putHeaders("Accept", "application/json")
                .build());

    Explanation.Question asked = sidecar.asked.get();
    assertThat(asked.method()).isEqualTo("GET");
    assertThat(asked.url()).isEqualTo("https://mcp.github.example/mcp");
    assertThat(asked.userToken()).isEqualTo(Secret.of(USER_TOKEN));
    assertThat(asked.headers()).containsOnlyKeys("accept");
    assertThat(answer.getLinesList().stream().map(ExplainResponse.Line::getName))
        .containsExactly("call", "user", "token", "target", "cache", "decision");
    assertThat(answer.getDecision()).isEqualTo(ExplainResponse.Decision.DECISION_REFUSE);
    assertThat(answer.getReason()).isEqualTo("no_user_token");
    assertThat(answer.getHttpStatus()).isEqualTo(401);
    assertThat(answer.toString() + asked).doesNotContain("CANARY");
  }

  @Test
  void aCallWithoutTokenIsAskedAboutWithoutToken() throws Exception {
    AdminGrpc.AdminBlockingStub client = started();

    ExplainResponse unused =
        client.explain(ExplainRequest.newBuilder().setUrl("https://x").setMethod("POST").build());

    assertThat(unused.getLinesCount()).isEqualTo(6);
    assertThat(sidecar.asked.get().method()).isEqualTo("POST");
    assertThat(sidecar.asked.get().userToken()).isNull();
  }

  @Test
  void explainWithoutUrlIsRefused() throws Exception {
    AdminGrpc.AdminBlockingStub client = started();

    assertThatThrownBy(() -> client.explain(ExplainRequest.getDefaultInstance()))
        .hasMessage("INVALID_ARGUMENT: url: missing");
  }

  @Test
  void aBugIsAnsweredWithoutAnyText() throws Exception {
    AdminGrpc.AdminBlockingStub client = started();
    sidecar.bug = new IllegalStateException("bug in the explainer");

    assertThatThrownBy(() ->
            client.explain(
                ExplainRequest.newBuilder().setUrl("https://x").setUserToken(USER_TOKEN).build()))
        .hasMessage("INTERNAL");
  }

  @Test
  void sessionsAreListedInOrderWithoutTokens() throws Exception {
    Instant expiry = Instant.parse("2026-11-23T04:00:00.5Z");
    sidecar.sessions.add(new LiveSession("bb", "https://idp", "bob", expiry, List.of()));
    sidecar.sessions.add(
        new LiveSession(
            "aa",
            "https://idp",
            "alice",
            expiry,
            List.of(new LiveSession.Entry("github", expiry))));

    ListSessionsResponse answer = started().listSessions(ListSessionsRequest.getDefaultInstance());

    assertThat(answer.getSessionsList().stream().map(Session::getSubject))
        .containsExactly("alice", "bob");
    Session alice = answer.getSessions(0);
    assertThat(alice.getId()).isEqualTo("aa");
    assertThat(alice.getExpiry())
        .isEqualTo(Timestamp.newBuilder().setSeconds(1_795_406_400L).setNanos(500_000_000).build());
    assertThat(alice.getEntries(0).getServer()).isEqualTo("github");
  }

  @Test
  void aSessionIsEndedByItsWholeId() throws Exception {
    sidecar.sessions.add(new LiveSession("aa", "i", "alice", Instant.EPOCH, List.of()));
    AdminGrpc.AdminBlockingStub client = started();

    EndSessionResponse unknown =
        client.endSession(EndSessionRequest.newBuilder().setId("a").build());
    EndSessionResponse ended =
        client.endSession(EndSessionRequest.newBuilder().setId("aa").build());

    assertThat(unknown).isEqualTo(EndSessionResponse.getDefaultInstance());
    assertThat(ended)
        .isEqualTo(EndSessionResponse.newBuilder().setFound(true).setTokensDropped(3).build());
  }

  @Test
  void callsThatBlockRunBesideEachOtherAndOffTheEventLoop() throws Exception {
    int callers = 20;
    sidecar.together = new CountDownLatch(callers);
    AdminGrpc.AdminBlockingStub client = started();

    List<Thread> threads =
        IntStream.range(0, callers)
            .mapToObj(i ->
                Thread.startVirtualThread(
                    () -> client.explain(ExplainRequest.newBuilder().setUrl("https://x").build())))
            .toList();

    assertThat(sidecar.together.await(10, TimeUnit.SECONDS)).isTrue();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(sidecar.virtual).isTrue();
  }

  private AdminGrpc.AdminBlockingStub started() throws IOException {
    Path path = folder.resolve("admin.sock");
    start(path, uid -> true);
    return client(path);
  }

  private AdminServer start(Path path, IntPredicate mayCall) throws IOException {
    UnixSocket socket = new UnixSocket(path, 0600);
    AdminServer server =
        AdminServer.start(
            new AdminServer.Socket() {
              @Override
              public ServerBuilder<?> server() throws IOException {
                return socket.server(loop, mayCall, strangers::incrementAndGet);
              }

              @Override
              public void publish() throws IOException {
                socket.publish();
              }
            },
            new AdminService(sidecar, sidecar));
    opened.add(server);
    return server;
  }

  private AdminGrpc.AdminBlockingStub client(Path path) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(new DomainSocketAddress(path.toFile()))
            .eventLoopGroup(loop)
            .channelType(EpollDomainSocketChannel.class)
            .usePlaintext()
            .build();
    opened.add(channel::shutdownNow);
    return AdminGrpc.newBlockingStub(channel).withDeadlineAfter(10, TimeUnit.SECONDS);
  }

  /** A sidecar with a fixed explanation and sessions that can be ended. */
  private static final class FakeSidecar implements Explainer, SessionDirectory {
    final AtomicReference<Explanation.Question> asked = new AtomicReference<>();
    final List<LiveSession> sessions = new ArrayList<>();
    volatile @Nullable RuntimeException bug;
    volatile CountDownLatch together = new CountDownLatch(0);
    volatile boolean virtual;

    @Override
    public Explanation explain(Explanation.Question question) {
      asked.set(question);
      virtual = Thread.currentThread().isVirtual();
      RuntimeException thrown = bug;
      if (thrown != null) {
        throw thrown;
      }
      together.countDown();
      try {
        assertThat(together.await(10, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return SIX_LINES;
    }

    @Override
    public List<LiveSession> sessions() {
      return sessions;
    }

    @Override
    public OptionalInt end(String id) {
      return sessions.removeIf(session -> session.id().equals(id))
          ? OptionalInt.of(3)
          : OptionalInt.empty();
    }
  }
}
