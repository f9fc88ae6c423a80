package dev.valetkey.bench;

import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.TestCa;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** What 1 000 users of 10 servers take, with an issuer behind TLS and the AOT cache. */
final class Memory {
  private static final int USERS = 1_000;
  private static final int SERVERS = 10;
  private static final int IN_FLIGHT = 16;

  /**
   * They come first, so that all connections to the issuer are open before the heap is looked at.
   */
  private static final int FIRST_USERS = 100;

  /** Enough for the bytes of one. */
  private static final int MEASURED_USERS = 400;

  /** The launcher's flags give freed memory back every five seconds. */
  private static final Duration TRIM = Duration.ofSeconds(11);

  private Memory() {}

  static void run(Path folder) {
    TestCa ca = TestCa.create(folder);
    AotCache cache = AotCache.train(folder);
    try (Issuer issuer = Users.issuer(IssuerOptions.defaults().withTls(ca.localhost()))) {
      List<String> tokens = Users.tokens(issuer, "user", USERS, 700);
      String pem = ca.pem().toString();
      Table table = new Table("memory", "value", "what");
      resident(
          SidecarFolder.write(folder.resolve("rss"), issuer, pem, SERVERS), cache, tokens, table);
      heap(
          SidecarFolder.write(folder.resolve("heap"), issuer, pem, SERVERS),
          tokens.subList(0, FIRST_USERS + MEASURED_USERS),
          table);
      table.print("Memory: %d users × %d servers over TLS".formatted(USERS, SERVERS));
    }
  }

  private static void resident(
      SidecarFolder sidecar, AotCache cache, List<String> tokens, Table table) {
    try (ServerProcess server = ServerProcess.sidecar(sidecar, cache.flags()).awaitServing();
        CheckClient client = new CheckClient(server.socket())) {
      double before = Machine.residentKib(server.pid()) / 1024.0;
      all(client, tokens, 0, SERVERS);
      double loaded = Machine.residentKib(server.pid()) / 1024.0;
      all(client, tokens, 0, SERVERS);
      LockSupport.parkNanos(TRIM.toNanos());
      double trimmed = Machine.residentKib(server.pid()) / 1024.0;
      table.row("RSS, MiB", Table.number(before, 0), "when it begins to serve");
      table.row("RSS, MiB", Table.number(loaded, 0), "right after 10 000 exchanges");
      table.row("**RSS, MiB**", Table.held(trimmed, 0, 110), "11 s after load and 10 000 hits");
    }
  }

  private static void heap(SidecarFolder sidecar, List<String> users, Table table) {
    List<String> tokens = users.subList(FIRST_USERS, users.size());
    try (ServerProcess server = ServerProcess.probedSidecar(sidecar).awaitServing();
        CheckClient client = new CheckClient(server.socket())) {
      all(client, users.subList(0, FIRST_USERS), 0, 1);
      long empty = server.probe().liveHeap();
      all(client, tokens, 0, 1);
      long one = server.probe().liveHeap();
      all(client, tokens, 1, SERVERS);
      long ten = server.probe().liveHeap();
      double entry = (double) (ten - one) / (tokens.size() * (SERVERS - 1));
      double session = (double) (one - empty) / tokens.size() - entry;
      int userToken = tokens.getLast().length();
      table.row("bytes per entry", Table.held(entry, 0, 1638), "heap, with its issued token");
      table.row(
          "bytes per session",
          Table.held(session, 0, 2048),
          "heap, with a user token of %d bytes".formatted(userToken));
    }
  }

  private static void all(CheckClient client, List<String> tokens, int from, int to) {
    int servers = to - from;
    int forwarded =
        client.run(
            tokens.size() * servers,
            IN_FLIGHT,
            i -> Messages.call("s" + (from + i % servers), tokens.get(i / servers)));
    if (forwarded != tokens.size() * servers) {
      throw new IllegalStateException(forwarded + " calls were forwarded");
    }
  }
}
