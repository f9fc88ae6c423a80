package dev.valetkey.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * {@code bench/run [check] [start] [memory] [issuer] [grants] [envoy]}: all of them when none is
 * named.
 */
final class Bench {
  private static final List<String> PARTS =
      List.of("check", "start", "memory", "issuer", "grants", "envoy");

  private Bench() {}

  public static void main(String[] args) throws IOException {
    Set<String> wanted = Set.copyOf(args.length == 0 ? PARTS : List.of(args));
    if (!PARTS.containsAll(wanted)) {
      System.err.println("usage: bench/run [check] [start] [memory] [issuer] [grants] [envoy]");
      System.exit(2);
    }
    Path folder = Files.createTempDirectory("valetkey-bench");
    System.out.println("Machine: " + Machine.describe());
    if (wanted.contains("check")) {
      HotPath.run(folder);
    }
    if (wanted.contains("start")) {
      StartUp.run(Files.createDirectory(folder.resolve("start")));
    }
    if (wanted.contains("memory")) {
      Memory.run(Files.createDirectory(folder.resolve("memory")));
    }
    if (wanted.contains("issuer")) {
      IssuerCalls.run(Files.createDirectory(folder.resolve("issuer")));
    }
    if (wanted.contains("grants")) {
      Misses.run(Files.createDirectory(folder.resolve("grants")));
    }
    if (wanted.contains("envoy")) {
      ThroughEnvoy.run(Files.createDirectory(folder.resolve("envoy")));
    }
    System.exit(0);
  }
}
