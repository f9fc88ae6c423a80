package dev.valetkey.issuers;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.NodePackages;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** npm's oidc-provider as a process; its clients and resources stand in {@code issuer.mjs}. */
final class NodeProvider implements AutoCloseable {
  /** The secret of the clients that have one; form encoding changes many of its characters. */
  static final String SECRET = "CANARY-agent secret+:%&/~";

  private static final Path SCRIPTS =
      Repository.root().resolve("server/src/test/resources/issuers/node");

  private final Child process;
  private final String issuer;
  private final String key;

  private NodeProvider(Child process, String issuer, String key) {
    this.process = process;
    this.issuer = issuer;
    this.key = key;
  }

  /** Fails under {@code -Dvaletkey.test.strict=true}, else skips, where Node cannot run it. */
  static NodeProvider start(Path folder) {
    Path modules;
    try {
      modules = NodePackages.modules(SCRIPTS);
    } catch (IllegalStateException cannot) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw cannot;
      }
      return abort("oidc-provider cannot run here: " + cannot.getMessage());
    }
    int port = Ports.free();
    Path key = folder.resolve("provider-made.pem");
    Child process =
        Child.start(
            "oidc-provider",
            folder,
            Map.of("NODE_MODULES", modules.toString()),
            List.of(
                "node",
                SCRIPTS.resolve("issuer.mjs").toString(),
                String.valueOf(port),
                key.toString()));
    process.awaitOut("ready\n", Duration.ofSeconds(60));
    try {
      return new NodeProvider(process, "http://127.0.0.1:" + port, Files.readString(key));
    } catch (IOException noKey) {
      throw new UncheckedIOException(noKey);
    }
  }

  String issuer() {
    return issuer;
  }

  /** The private key of the client {@code agent-key}, PEM. */
  String key() {
    return key;
  }

  @Override
  public void close() {
    process.close();
  }
}
