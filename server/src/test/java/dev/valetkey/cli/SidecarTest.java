package dev.valetkey.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.valetkey.config.Config;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.ReadResult;
import java.io.OutputStream;
import java.net.BindException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SidecarTest {
  @TempDir private Path folder;

  @Test
  void oneThatCannotStartLeavesThePathsOfItsPredecessorAlone() {
    // RFC 5737: an address that no machine has.
    Config config = config("192.0.2.1:9464");

    assertThatThrownBy(() -> new Sidecar(config, OutputStream.nullOutputStream()).close())
        .isInstanceOf(BindException.class);

    assertThat(folder.resolve("authz.sock")).doesNotExist();
    assertThat(folder.resolve("admin.sock")).doesNotExist();
  }

  private Config config(String address) {
    String yaml =
        """
        listen: {socket: authz.sock}
        admin: {socket: admin.sock, address: "%s"}
        servers:
          weather: {url: https://weather.test/mcp, grant: none}
        """
            .formatted(address);
    return switch (ConfigReader.readText(folder.resolve("valetkey.yaml"), yaml)) {
      case ReadResult.Loaded loaded -> loaded.config();
      case ReadResult.Problems bad -> throw new AssertionError(bad.problems());
    };
  }
}
