package dev.valetkey.bench;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.LoopbackServer;
import dev.valetkey.testkit.TestCa;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** What reaches the issuer, and who waits for it. */
final class IssuerCalls {
  private static final int PLACES = 16;
  private static final Duration SLOW = Duration.ofMillis(50);
  private static final Duration DELAY = Duration.ofMillis(20);
  private static final Duration EVERY = Duration.ofMillis(40);
  private static final int ROUNDS = 12;

  /** In a round, of a second. */
  private static final int MISSES = 25;

  private IssuerCalls() {}

  static void run(Path folder) {
    TestCa ca = TestCa.create(folder);
    try (Issuer issuer = Users.issuer(IssuerOptions.defaults().withTls(ca.localhost()))) {
      SidecarFolder sidecar =
          SidecarFolder.write(folder.resolve("issuer"), issuer, ca.pem().toString(), 2);
      try (ServerProcess server = ServerProcess.sidecar(sidecar, List.of()).awaitServing();
          CheckClient client = new CheckClient(server.socket())) {
        Table table = new Table("calls to the issuer", "value", "what");
        identical(issuer, client, table);
        once(issuer, client, table);
        different(issuer, client, table);
        meanwhile(issuer, client, server, table);
        places(issuer.server(), table);
        table.print("Issuer: what reaches it, and who waits for it");
      }
    }
  }

  private static void identical(Issuer issuer, CheckClient client, Table table) {
    byte[] call = Messages.call("s0", issuer.userToken("alice"));
    issuer.faults().token(Fault.delay(SLOW), Faults.ALWAYS);
    issuer.requests().clear();
    int before = issuer.server().connections();
    run(client, 100, 100, List.of(call));
    issuer.faults().clear();
    table.row(
        "100 identical cold calls",
        Table.held((double) issuer.requests().count(), 0, 1),
        "requests");
    table.row(
        "the same",
        Table.held(issuer.server().connections() - before, 0, 1),
        "connections opened for it");
  }

  private static void different(Issuer issuer, CheckClient client, Table table) {
    List<byte[]> calls = calls(issuer, "d", 100);
    issuer.faults().token(Fault.delay(SLOW), Faults.ALWAYS);
    run(client, 100, 100, calls(issuer, "warm", 100)); // opens the connections
    long started = System.nanoTime();
    run(client, 100, 100, calls);
    double rounds = (System.nanoTime() - started) / 1e9 / (SLOW.toMillis() / 1e3);
    issuer.faults().clear();
    table.row(
        "100 different cold calls, issuer takes 50 ms",
        Table.held(rounds, 1, 10),
        "× 50 ms in all; %d at a time make 7 rounds, one after another 100".formatted(PLACES));
  }

  private static void once(Issuer issuer, CheckClient client, Table table) {
    List<byte[]> calls = calls(issuer, "o", 10_000);
    issuer.requests().clear();
    run(client, 10_000, 64, calls);
    table.row("10 000 users once", String.valueOf(issuer.requests().count()), "requests");
  }

  /**
   * Hits one after another, for a second alone and for a second while misses come now and then, in
   * turns. They are so few that they take little CPU, and so slow that one is waiting half of the
   * time: hits that waited for them would show it.
   */
  private static void meanwhile(
      Issuer issuer, CheckClient client, ServerProcess server, Table table) {
    byte[] cached = Messages.call("s0", issuer.userToken("alice"));
    client.expect(true, cached);
    issuer.faults().token(Fault.delay(DELAY), Faults.ALWAYS);
    List<byte[]> misses = calls(issuer, "m", ROUNDS * MISSES);
    try (CheckClient hits = new CheckClient(server.socket())) {
      Hits alone = new Hits(hits, cached);
      Hits beside = new Hits(hits, cached);
      hits.run(20_000, 16, i -> cached);
      for (int round = 0; round < ROUNDS; round++) {
        alone.round();
        List<byte[]> next = misses.subList(round * MISSES, (round + 1) * MISSES);
        Thread missing = Thread.ofPlatform().start(() -> next.forEach(miss -> paced(client, miss)));
        beside.round();
        join(missing);
      }
      table.row(
          "a hit while misses wait, median time",
          Table.held(beside.median / alone.median, 2, 1.1),
          "of what it is alone; issuer takes 20 ms, a miss every 40 ms");
      table.row(
          "the same, hits slower than 10 ms",
          "%.2f %%".formatted(100 * beside.slow()),
          "alone %.2f %%; if hits waited for misses, some 25 %%".formatted(100 * alone.slow()));
    }
    issuer.faults().clear();
  }

  private static void paced(CheckClient client, byte[] miss) {
    long started = System.nanoTime();
    run(client, 1, 1, List.of(miss));
    LockSupport.parkNanos(EVERY.toNanos() - (System.nanoTime() - started));
  }

  /** How long hits take, one at a time. */
  private static final class Hits {
    private final CheckClient client;
    private final byte[] hit;
    private final List<Long> nanos = new ArrayList<>();

    /** The best median of a round. */
    private double median = Double.MAX_VALUE;

    Hits(CheckClient client, byte[] hit) {
      this.client = client;
      this.hit = hit;
    }

    void round() {
      List<Long> round = new ArrayList<>();
      long end = System.nanoTime() + MISSES * EVERY.toNanos();
      long started = System.nanoTime();
      while (started < end) {
        client.check(hit);
        long answered = System.nanoTime();
        round.add(answered - started);
        started = answered;
      }
      median = Math.min(median, round.stream().sorted().toList().get(round.size() / 2));
      nanos.addAll(round);
    }

    /** The share that took longer than half of what the issuer takes. */
    double slow() {
      return (double) nanos.stream().filter(took -> took > DELAY.toNanos() / 2).count()
          / nanos.size();
    }
  }

  private static void places(LoopbackServer issuer, Table table) {
    table.row("all of these", Table.held(issuer.connections(), 0, PLACES), "connections in all");
    table.row("the same", Table.held(issuer.maxInFlight(), 0, PLACES), "requests at one time");
  }

  private static List<byte[]> calls(Issuer issuer, String prefix, int count) {
    return Users.tokens(issuer, prefix, count, 0).stream()
        .map(token -> Messages.call("s0", token))
        .toList();
  }

  private static void run(CheckClient client, int count, int inFlight, List<byte[]> calls) {
    int forwarded = client.run(count, inFlight, i -> calls.get(i % calls.size()));
    if (forwarded != count) {
      throw new IllegalStateException(forwarded + " of " + count + " calls were forwarded");
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
