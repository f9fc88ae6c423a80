package dev.valetkey.bench;

import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.TestCa;
import java.nio.file.Path;
import java.util.List;

/**
 * CPU time from the start of the process to the first answered check, with and without the AOT
 * cache, in turns.
 */
final class StartUp {
  private static final int ROUNDS = 5;

  private StartUp() {}

  /** The best of several starts. */
  private static final class Starts {
    private double serving = Double.MAX_VALUE;
    private double answered = Double.MAX_VALUE;
    private double first = Double.MAX_VALUE;
    private double exchange = Double.MAX_VALUE;

    void add(SidecarFolder sidecar, List<String> flags, Issuer issuer) {
      try (ServerProcess server = ServerProcess.sidecar(sidecar, flags).awaitServing();
          CheckClient client = new CheckClient(server.socket())) {
        serving = Math.min(serving, server.cpu() / 1e6);
        byte[] call = Messages.call("s0", issuer.userToken("alice"));
        first = Math.min(first, millis(() -> client.expect(true, Messages.unlisted("sk-other"))));
        answered = Math.min(answered, server.cpu() / 1e6);
        exchange = Math.min(exchange, millis(() -> client.expect(true, call)));
      }
    }

    void row(Table table, String name, double bound) {
      table.row(
          name,
          Table.number(serving, 0),
          bound > 0 ? Table.held(answered, 0, bound) : Table.number(answered, 0),
          bound > 0 ? Table.held(first, 0, 100) : Table.number(first, 0),
          Table.number(exchange, 0));
    }
  }

  static void run(Path folder) {
    TestCa ca = TestCa.create(folder);
    try (Issuer issuer = Users.issuer(IssuerOptions.defaults().withTls(ca.localhost()))) {
      AotCache cache = AotCache.train(folder);
      Starts plain = new Starts();
      Starts cached = new Starts();
      for (int round = 0; round < ROUNDS; round++) {
        plain.add(sidecar(folder, "plain" + round, issuer, ca), List.of(), issuer);
        cached.add(sidecar(folder, "aot" + round, issuer, ca), cache.flags(), issuer);
      }
      Table table =
          new Table(
              "start",
              "CPU ms to serving",
              "CPU ms to the first answer",
              "first check, ms",
              "then the first exchange over TLS, ms");
      plain.row(table, "without AOT cache", -1);
      cached.row(table, "**with AOT cache**", 500);
      table.row("ratio", "", Table.number(plain.answered / cached.answered, 1), "", "");
      table.print(
          "Start: minimum of %d starts each, in turns; %s".formatted(ROUNDS, Cores.describe()));
    }
  }

  private static SidecarFolder sidecar(Path folder, String name, Issuer issuer, TestCa ca) {
    return SidecarFolder.write(folder.resolve(name), issuer, ca.pem().toString(), 3);
  }

  private static double millis(Runnable task) {
    long started = System.nanoTime();
    task.run();
    return (System.nanoTime() - started) / 1e6;
  }
}
