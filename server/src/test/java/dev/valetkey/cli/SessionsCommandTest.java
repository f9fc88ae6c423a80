package dev.valetkey.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.admin.AdminServer;
import dev.valetkey.admin.AdminService;
import dev.valetkey.admin.Explanation;
import dev.valetkey.admin.LiveSession;
import dev.valetkey.admin.SessionDirectory;
import dev.valetkey.envoy.UnixSocket;
import dev.valetkey.token.Secret;
import io.grpc.ServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands that ask a running sidecar, against its real admin socket. */
@Timeout(60)
final class SessionsCommandTest {
  private static final String ALICE = "aaaaaaaa" + "0".repeat(56);
  private static final String BOB = "aaaaaaab" + "0".repeat(56);
  private static final String ISSUER = "https://idp.example.com";

  @TempDir private Path folder;

  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final FakeSidecar sidecar = new FakeSidecar();
  private AdminServer server;

  @BeforeEach
  void start() throws IOException {
    UnixSocket socket = new UnixSocket(socket(), 0600);
    server =
        AdminServer.start(
            new AdminServer.Socket() {
              @Override
              public ServerBuilder<?> server() throws IOException {
                return socket.server(loop, uid -> true, () -> {});
              }

              @Override
              public void publish() throws IOException {
                socket.publish();
              }
            },
            new AdminService(sidecar::explain, sidecar));
  }

  @AfterEach
  void stop() {
    server.close();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  @Test
  void sessionsAreListedWithTheirServers() {
    assertThat(sessions())
        .isEqualTo(
            new Run(
                0,
                """
                aaaaaaaa00000000  alice of https://idp.example.com, until 2026-11-23T10:00:00Z
                  github: until 2026-11-23T09:05:00Z
                aaaaaaab00000000  bob of https://idp.example.com, until 2026-11-23T11:00:00Z
                2 sessions
                """,
                ""));
  }

  @Test
  void sessionsForMachinesHaveTheWholeId() {
    assertThat(sessions("--json").out())
        .contains("\"id\": \"" + ALICE + "\"", "\"server\": \"github\"");
  }

  @Test
  void sessionIsEndedByTheBeginningOfItsId() {
    Run run = sessions("--end", "aaaaaaaa");

    assertThat(run).isEqualTo(new Run(0, "ended, 1 tokens dropped\n", ""));
    assertThat(sidecar.ended).containsExactly(ALICE);
  }

  @Test
  void unknownSessionIsAFailureAndEndsNothing() {
    Run run = sessions("--end", "bbbbbbbb");

    assertThat(run).isEqualTo(new Run(1, "", "no session bbbbbbbb\n"));
    assertThat(sidecar.ended).isEmpty();
  }

  @Test
  void ambiguousIdEndsNothing() {
    sidecar.sessions.add(
        new LiveSession("aaaaaaaa" + "1".repeat(56), ISSUER, "carol", Instant.EPOCH, List.of()));

    Run run = sessions("--end", "aaaaaaaa");

    assertThat(run).isEqualTo(new Run(2, "", "2 sessions begin with aaaaaaaa\n"));
    assertThat(sidecar.ended).isEmpty();
  }

  @Test
  void explainAsksTheRunningSidecarWithoutAFile() {
    Run run =
        run(
            "CANARY-token",
            "explain",
            "--socket",
            socket().toString(),
            "https://mcp.example.com/mcp");

    assertThat(run).isEqualTo(new Run(0, "call      https://mcp.example.com/mcp\n", ""));
    assertThat(sidecar.tokens).containsExactly(Secret.of("CANARY-token"));
  }

  @Test
  void absentSidecarIsAFailureThatNamesTheSocket() {
    Path absent = folder.resolve("absent.sock");

    Run run =
        run(
            "CANARY-token",
            "explain",
            "--socket",
            absent.toString(),
            "https://mcp.example.com/mcp");

    assertThat(run).isEqualTo(new Run(1, "", "no answer from " + absent + " (UNAVAILABLE)\n"));
  }

  private Path socket() {
    return folder.resolve("admin.sock");
  }

  private Run sessions(String... options) {
    List<String> args = new ArrayList<>(List.of("sessions", "--socket", socket().toString()));
    args.addAll(List.of(options));
    return run("", args.toArray(String[]::new));
  }

  private static Run run(String in, String... args) {
    return Run.of(Program.wiring(), in, args);
  }

  /** Two sessions, and what was asked about them. */
  private static final class FakeSidecar implements SessionDirectory {
    private final List<LiveSession> sessions = new ArrayList<>();
    private final List<String> ended = new ArrayList<>();
    private final List<Secret> tokens = new ArrayList<>();

    FakeSidecar() {
      LiveSession.Entry github =
          new LiveSession.Entry("github", Instant.parse("2026-11-23T09:05:00.5Z"));
      sessions.add(
          new LiveSession(
              ALICE, ISSUER, "alice", Instant.parse("2026-11-23T10:00:00Z"), List.of(github)));
      sessions.add(
          new LiveSession(BOB, ISSUER, "bob", Instant.parse("2026-11-23T11:00:00Z"), List.of()));
    }

    Explanation explain(Explanation.Question question) {
      if (question.userToken() != null) {
        tokens.add(question.userToken());
      }
      return new Explanation(List.of(new Explanation.Line("call", question.url())), true, "", 0);
    }

    @Override
    public List<LiveSession> sessions() {
      return sessions;
    }

    @Override
    public OptionalInt end(String id) {
      ended.add(id);
      return OptionalInt.of(1);
    }
  }
}
