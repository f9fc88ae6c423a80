package dev.valetkey.cli.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.Samples;
import dev.valetkey.config.Config;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every folder of envoy-config holds what is printed for its file. */
final class LayoutsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("dev.valetkey.cli.Samples#all")
  void sampleIsPrintedAsItsGoldenFile(String sample) {
    Path file = Samples.copy(sample, folder);

    String printed = print(sample, Samples.config(file));

    Samples.assertGolden(
        Samples.file(sample, "envoy.yaml"), printed.replace(folder.toString(), Samples.HOME));
  }

  @ParameterizedTest
  @MethodSource("dev.valetkey.cli.Samples#all")
  void rulesetIsPrintedAsItsGoldenFileWhereTheLayoutNeedsOne(String sample) {
    boolean needed = sample.startsWith("capture/") || sample.startsWith("intercept/");
    Path golden = Samples.file(sample, "ruleset.nft");

    String printed = NftRuleset.print(Samples.config(Samples.copy(sample, folder)));

    if (needed) {
      Samples.assertGolden(golden, printed);
    } else {
      assertThat(Files.exists(golden)).isFalse();
    }
  }

  // TM-SECRETS
  @ParameterizedTest
  @MethodSource("dev.valetkey.cli.Samples#all")
  void noSecretIsPrinted(String sample) {
    assertThat(Samples.read(Samples.file(sample, "envoy.yaml"))).doesNotContain("CANARY-");
  }

  private static String print(String sample, Config config) {
    String layout = sample.substring(0, sample.indexOf('/'));
    return switch (layout) {
      case "gateway" -> GatewayBootstrap.print(config);
      case "capture" -> CaptureBootstrap.capture(config);
      case "intercept" -> CaptureBootstrap.intercept(config);
      case "proxy" -> ProxyBootstrap.print(config);
      default -> throw new AssertionError("nobody prints the layout " + layout);
    };
  }
}
