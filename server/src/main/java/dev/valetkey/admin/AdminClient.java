package dev.valetkey.admin;

import com.google.protobuf.Timestamp;
import dev.valetkey.admin.v1.AdminGrpc;
import dev.valetkey.admin.v1.EndSessionRequest;
import dev.valetkey.admin.v1.EndSessionResponse;
import dev.valetkey.admin.v1.ExplainRequest;
import dev.valetkey.admin.v1.ExplainResponse;
import dev.valetkey.admin.v1.ListSessionsRequest;
import dev.valetkey.admin.v1.Session;
import dev.valetkey.token.Secret;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.NullMarked;

/**
 * Asks a running sidecar over its admin socket. Every call blocks for at most 10 s, and ends in an
 * {@link IOException} that names the socket when there is no answer.
 */
@NullMarked
public final class AdminClient implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Path socket;
  private final EventLoopGroup loop;
  private final ManagedChannel channel;

  private AdminClient(Path socket, EventLoopGroup loop, ManagedChannel channel) {
    this.socket = socket;
    this.loop = loop;
    this.channel = channel;
  }

  /** A client of the socket at this path; connects with the first call. */
  public static AdminClient of(Path socket) {
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toString()))
            .eventLoopGroup(loop)
            .channelType(EpollDomainSocketChannel.class)
            .directExecutor()
            .usePlaintext()
            .build();
    return new AdminClient(socket, loop, channel);
  }

  public Explanation explain(Explanation.Question question) throws IOException {
    Secret userToken = question.userToken();
    ExplainRequest request =
        ExplainRequest.newBuilder()
            .setMethod(question.method())
            .setUrl(question.url())
            .setUserToken(userToken == null ? "" : userToken.reveal())
            .putAllHeaders(question.headers())
            .build();
    ExplainResponse answer = call(admin -> admin.explain(request));
    List<Explanation.Line> lines =
        answer.getLinesList().stream()
            .map(line -> new Explanation.Line(line.getName(), line.getValue()))
            .toList();
    boolean forwarded = answer.getDecision() == ExplainResponse.Decision.DECISION_FORWARD;
    return new Explanation(lines, forwarded, answer.getReason(), answer.getHttpStatus());
  }

  /** The sessions that are alive now, ordered by issuer, subject and id. */
  public List<LiveSession> sessions() throws IOException {
    return call(admin -> admin.listSessions(ListSessionsRequest.getDefaultInstance()))
        .getSessionsList()
        .stream()
        .map(AdminClient::fromProto)
        .toList();
  }

  /** Ends a session; how many tokens were dropped, or empty if no live session has this id. */
  public OptionalInt endSession(String id) throws IOException {
    EndSessionResponse answer =
        call(admin -> admin.endSession(EndSessionRequest.newBuilder().setId(id).build()));
    return answer.getFound() ? OptionalInt.of(answer.getTokensDropped()) : OptionalInt.empty();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(1, TimeUnit.SECONDS);
  }

  private <T> T call(Function<AdminGrpc.AdminBlockingStub, T> method) throws IOException {
    try {
      return method.apply(
          AdminGrpc.newBlockingStub(channel)
              .withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
    } catch (StatusRuntimeException failed) {
      // The status alone: a description may repeat what was sent.
      throw new IOException(
          "no answer from " + socket + " (" + failed.getStatus().getCode() + ")", failed);
    }
  }

  private static LiveSession fromProto(Session session) {
    List<LiveSession.Entry> entries =
        session.getEntriesList().stream()
            .map(entry -> new LiveSession.Entry(entry.getServer(), instant(entry.getExpiry())))
            .toList();
    return new LiveSession(
        session.getId(),
        session.getIssuer(),
        session.getSubject(),
        instant(session.getExpiry()),
        entries);
  }

  private static Instant instant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }
}
