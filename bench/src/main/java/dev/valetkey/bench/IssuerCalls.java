package dev.valetkey.bench;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.LoopbackServer;
import dev.valetkey.testkit.TestCa;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** What reaches the issuer, and who waits for it. */
final class IssuerCalls {
  private static final int PLACES = 16;
  private static final Duration SLOW = Duration.ofMillis(50);
  private static final Duration DELAY = Duration.ofMillis(20);
  private static final int CACHED = 4_000;
  private static final int ROUNDS = 12;

  /** Misses that wait at the issuer all the time: with its delay, some hundred a second. */
  private static final int MISSES = 4;

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
        meanwhile(issuer, client, server, folder, table);
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

  private static void meanwhile(
      Issuer issuer, CheckClient client, ServerProcess server, Path folder, Table table) {
    byte[] cached = Messages.call("s0", issuer.userToken("alice"));
    client.expect(true, cached);
    Load load = new Load(server.socket(), cached, folder, "cached");
    load.run(20 * CACHED);
    issuer.faults().token(Fault.delay(DELAY), Faults.ALWAYS);
    List<byte[]> misses = calls(issuer, "m", 5_000);
    double alone = Double.MAX_VALUE;
    double beside = Double.MAX_VALUE;
    int from = 0;
    for (int round = 0; round < ROUNDS; round++) {
      alone = Math.min(alone, seconds(load));
      AtomicBoolean enough = new AtomicBoolean();
      int first = from;
      int[] sent = {0};
      Thread missing =
          Thread.ofPlatform()
              .start(() -> {
                while (!enough.get()) {
                  List<byte[]> next = misses.subList(first + sent[0], first + sent[0] + MISSES);
                  run(client, MISSES, MISSES, next);
                  sent[0] += MISSES;
                }
              });
      beside = Math.min(beside, seconds(load));
      enough.set(true);
      join(missing);
      from = first + sent[0];
    }
    issuer.faults().clear();
    table.row(
        "cached throughput beside misses",
        Table.number(alone / beside, 2),
        "of what it is alone; issuer takes 20 ms, %d misses waiting, %d in all"
            .formatted(MISSES, from));
  }

  private static void places(LoopbackServer issuer, Table table) {
    table.row("all of these", Table.held(issuer.connections(), 0, PLACES), "connections in all");
    table.row("the same", Table.held(issuer.maxInFlight(), 0, PLACES), "requests at one time");
  }

  private static double seconds(Load load) {
    long started = System.nanoTime();
    load.run(CACHED);
    return (System.nanoTime() - started) / 1e9;
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
