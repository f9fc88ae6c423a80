package dev.valetkey.bench;

import dev.valetkey.testkit.Algorithm;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Issuer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a check costs: CPU time of the whole server process and bytes allocated by all its threads,
 * in short windows that take turns.
 */
final class HotPath {
  private static final int CHECKS_PER_WINDOW = 4_000;
  private static final int WARM_UP = 60_000;
  private static final int ROUNDS = 20;
  private static final double MOST_STOLEN = 0.05;

  private HotPath() {}

  /** One kind of check at one server, with the best of its windows. */
  private static final class Variant {
    private final String name;
    private final ServerProcess server;
    private final Load load;
    private double nanos = Double.MAX_VALUE;
    private double bytes = Double.MAX_VALUE;
    private int windows;
    private int rejected;

    Variant(String name, ServerProcess server, Load load) {
      this.name = name;
      this.server = server;
      this.load = load;
    }

    void window() {
      Machine.Ticks before = Machine.ticks();
      long allocated = server.probe().allocated();
      long cpu = server.cpu();
      load.run(CHECKS_PER_WINDOW);
      cpu = server.cpu() - cpu;
      allocated = server.probe().allocated() - allocated;
      bytes = Math.min(bytes, (double) allocated / CHECKS_PER_WINDOW);
      if (Machine.ticks().stolenSince(before) > MOST_STOLEN) {
        rejected++;
        return;
      }
      windows++;
      nanos = Math.min(nanos, (double) cpu / CHECKS_PER_WINDOW);
    }
  }

  static void run(Path folder) {
    try (Issuer issuer = Issuer.start()) {
      issuer.switches().algorithm(Algorithm.RS256).tokenLife(Duration.ofHours(8));
      SidecarFolder sidecar = SidecarFolder.write(folder.resolve("hot"), issuer, "", 2);
      try (ServerProcess noop = ServerProcess.reference("noop", sidecar.folder());
          ServerProcess generated = ServerProcess.reference("generated", sidecar.folder());
          ServerProcess valetkey = ServerProcess.probedSidecar(sidecar)) {
        noop.awaitSocket();
        generated.awaitSocket();
        valetkey.awaitServing();
        measure(sidecar.folder(), issuer, noop, generated, valetkey);
      }
    }
  }

  private static void measure(
      Path folder,
      Issuer issuer,
      ServerProcess noop,
      ServerProcess generated,
      ServerProcess valetkey) {
    String userToken = issuer.userToken("alice");
    byte[] cached = Messages.call("s0", userToken);
    byte[] rejected = Messages.call("s1", userToken);
    byte[] nobody = Messages.callOfNobody("s0");
    byte[] passing = Messages.unlisted("sk-proj-" + "0123456789".repeat(10));
    byte[] stripped = Messages.unlisted(userToken);
    try (CheckClient client = new CheckClient(valetkey.socket())) {
      client.expect(true, cached);
      issuer.faults().token(Fault.oauthError("invalid_grant"), 1);
      client.expect(false, rejected);
      client.expect(false, rejected);
      client.expect(false, nobody);
      client.expect(true, passing);
      client.expect(true, stripped);
    }
    List<Variant> variants = new ArrayList<>();
    variants.add(variant("gRPC no-op, raw bytes", noop, cached, folder, "noop"));
    variants.add(variant("generated messages, default executor", generated, cached, folder, "gen"));
    variants.add(variant("**cached check**", valetkey, cached, folder, "cached"));
    variants.add(variant("refusal: no user token", valetkey, nobody, folder, "nobody"));
    variants.add(variant("refusal: remembered rejection", valetkey, rejected, folder, "rejected"));
    variants.add(variant("unlisted host, other credential", valetkey, passing, folder, "passing"));
    variants.add(variant("unlisted host, user token removed", valetkey, stripped, folder, "strip"));
    variants.forEach(variant -> variant.load.run(WARM_UP));
    for (int round = 0; round < ROUNDS; round++) {
      variants.forEach(Variant::window);
    }
    print(variants);
  }

  private static Variant variant(
      String name, ServerProcess server, byte[] message, Path folder, String file) {
    return new Variant(name, server, new Load(server.socket(), message, folder, file));
  }

  private static void print(List<Variant> variants) {
    Variant noop = variants.get(0);
    double cached = variants.get(2).nanos;
    Table table =
        new Table(
            "check",
            "CPU ÷ no-op",
            "CPU ÷ cached",
            "CPU µs",
            "garbage − no-op, B",
            "garbage, B",
            "windows");
    for (Variant variant : variants) {
      boolean ours = variant.server == variants.get(2).server;
      double ratio = variant.nanos / noop.nanos;
      double more = variant.bytes - noop.bytes;
      boolean first = variant == variants.get(2);
      table.row(
          variant.name,
          first ? Table.held(ratio, 2, 1.25) : Table.number(ratio, 2),
          ours && !first
              ? Table.held(variant.nanos / cached, 2, 1.1)
              : Table.number(variant.nanos / cached, 2),
          Table.number(variant.nanos / 1000, 1),
          first ? Table.held(more, 0, 256) : Table.number(more, 0),
          Table.number(variant.bytes, 0),
          variant.windows + (variant.rejected == 0 ? "" : " (" + variant.rejected + " rejected)"));
    }
    table.print(
        "A check: minimum of %d windows of %d checks, 16 in flight, load by %s; %s"
            .formatted(ROUNDS, CHECKS_PER_WINDOW, Load.describe(), Cores.describe()));
  }
}
