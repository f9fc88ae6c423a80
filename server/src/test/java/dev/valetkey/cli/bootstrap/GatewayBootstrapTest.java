package dev.valetkey.cli.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.Samples;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GatewayBootstrapTest {
  @TempDir Path folder;

  @Test
  void withoutRenewableGrantsThereIsNoRetryListener() {
    Path file =
        Samples.write(
            """
            servers:
              weather: {url: https://weather.example/mcp, grant: none}
            """,
            folder);

    String printed = GatewayBootstrap.print(Samples.config(file));

    assertThat(printed)
        .contains("cluster: weather,")
        .doesNotContain("valetkey_retry:", "internal_listener", "aggregate", "retry_policy");
  }

  @Test
  void serverCannotTakeTheNameOfOurOwnClusters() {
    Path file =
        Samples.write(
            """
            servers:
              valetkey: {url: https://a.example/mcp, grant: none}
              valetkey_retry: {url: https://b.example/mcp, grant: none}
              unlisted: {url: https://c.example/mcp, grant: none}
            """,
            folder);

    String printed = GatewayBootstrap.print(Samples.config(file));

    assertThat(printed)
        .contains("cluster: valetkey_2,", "cluster: valetkey_retry_2,")
        .contains("name: unlisted_2\n")
        .contains("valetkey.server: valetkey}")
        .containsOnlyOnce("name: valetkey\n    type: STATIC");
  }
}
