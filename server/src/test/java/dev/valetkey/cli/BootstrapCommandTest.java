package dev.valetkey.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a pod begins with is what the commands print that a person would use. */
final class BootstrapCommandTest {
  private static final String TEXT =
      """
      servers:
        github: {url: https://mcp.github.example/mcp, grant: none}
      """;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"capture", "intercept"})
  void writesWhatEnvoyAndNftPrint(String layout) throws IOException {
    Path file = Samples.write(TEXT + "intercept: {}\n", folder);

    assertThat(run("bootstrap", file, "--layout", layout, "--folder", folder.toString()).status())
        .isZero();

    assertThat(folder.resolve("envoy.yaml"))
        .hasContent(run("envoy", file, "--layout", layout).out());
    assertThat(folder.resolve("capture.nft")).hasContent(run("nft", file).out());
    for (String written : new String[] {"envoy.yaml", "capture.nft"}) {
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(written))))
          .isEqualTo("rw-r--r--");
    }
  }

  @Test
  void doesNotWriteWhatTheFileDoesNotBear() {
    Path file = Samples.write(TEXT, folder);

    Run without = run("bootstrap", file, "--layout", "intercept", "--folder", folder.toString());
    Run nowhere = run("bootstrap", file, "--folder", folder.resolve("none").toString());

    assertThat(without.status()).isEqualTo(2);
    assertThat(without.err()).contains("needs a section intercept");
    assertThat(nowhere.status()).isEqualTo(1);
    assertThat(folder.resolve("envoy.yaml")).doesNotExist();
  }

  private static Run run(String command, Path file, String... options) {
    String[] arguments = new String[options.length + 2];
    arguments[0] = command;
    arguments[1] = file.toString();
    System.arraycopy(options, 0, arguments, 2, options.length);
    return Run.of(Program.wiring(), "", arguments);
  }
}
