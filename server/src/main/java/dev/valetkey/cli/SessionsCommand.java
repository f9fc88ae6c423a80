package dev.valetkey.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.valetkey.admin.AdminClient;
import dev.valetkey.admin.LiveSession;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code valetkey sessions}. */
@Command(name = "sessions", description = "List the sessions of a running sidecar, or end one.")
final class SessionsCommand implements Callable<Integer> {
  /** Digits of a session's digest that are shown to people. */
  private static final int SHOWN = 16;

  /** Digits that are needed to name one. */
  private static final int NEEDED = 8;

  private final Terminal terminal;

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      description = "Its admin socket; default: ${DEFAULT-VALUE}.")
  private Path socket = Path.of("/run/valetkey/admin.sock");

  @Option(
      names = "--end",
      paramLabel = "ID",
      description = "End this session and drop its tokens; 8 digits of its id or more.")
  private @Nullable String end;

  @Option(names = "--json", description = "For machines.")
  private boolean json;

  SessionsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (end != null && !end.matches("[0-9a-f]{" + NEEDED + ",64}")) {
      terminal.err().println("an id has " + NEEDED + " to 64 digits of 0-9 and a-f");
      return ExitStatus.BAD_USE;
    }
    try (AdminClient client = AdminClient.of(socket)) {
      List<LiveSession> sessions = client.sessions();
      return end == null ? list(sessions) : end(client, sessions, end);
    } catch (IOException unreachable) {
      terminal.err().println(unreachable.getMessage());
      return ExitStatus.FAILED;
    }
  }

  private int list(List<LiveSession> sessions) {
    if (json) {
      JsonArray all = new JsonArray();
      sessions.forEach(session -> all.add(json(session)));
      JsonObject answer = new JsonObject();
      answer.add("sessions", all);
      terminal.print(answer);
      return ExitStatus.FINE;
    }
    for (LiveSession session : sessions) {
      String id = session.id().substring(0, Math.min(SHOWN, session.id().length()));
      terminal
          .out()
          .println(
              id
                  + "  "
                  + session.subject()
                  + " of "
                  + session.issuer()
                  + ", until "
                  + shown(session.expiry()));
      for (LiveSession.Entry entry : session.entries()) {
        terminal.out().println("  " + entry.server() + ": until " + shown(entry.expiry()));
      }
    }
    terminal.out().println(sessions.size() == 1 ? "1 session" : sessions.size() + " sessions");
    return ExitStatus.FINE;
  }

  private int end(AdminClient client, List<LiveSession> sessions, String prefix)
      throws IOException {
    List<String> named =
        sessions.stream().map(LiveSession::id).filter(id -> id.startsWith(prefix)).toList();
    if (named.size() > 1) {
      terminal.err().println(named.size() + " sessions begin with " + prefix);
      return ExitStatus.BAD_USE;
    }
    OptionalInt dropped =
        named.isEmpty() ? OptionalInt.empty() : client.endSession(named.getFirst());
    if (dropped.isEmpty()) {
      terminal.err().println("no session " + prefix);
      return ExitStatus.FAILED;
    }
    if (json) {
      JsonObject answer = new JsonObject();
      answer.addProperty("ended", named.getFirst());
      answer.addProperty("tokens_dropped", dropped.getAsInt());
      terminal.print(answer);
    } else {
      terminal.out().println("ended, " + dropped.getAsInt() + " tokens dropped");
    }
    return ExitStatus.FINE;
  }

  private static JsonObject json(LiveSession session) {
    JsonArray entries = new JsonArray();
    for (LiveSession.Entry entry : session.entries()) {
      JsonObject one = new JsonObject();
      one.addProperty("server", entry.server());
      one.addProperty("expiry", entry.expiry().toString());
      entries.add(one);
    }
    JsonObject answer = new JsonObject();
    answer.addProperty("id", session.id());
    answer.addProperty("issuer", session.issuer());
    answer.addProperty("subject", session.subject());
    answer.addProperty("expiry", session.expiry().toString());
    answer.add("servers", entries);
    return answer;
  }

  private static String shown(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
