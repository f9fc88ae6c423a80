package dev.valetkey.cli.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.Samples;
import dev.valetkey.testkit.EnvoyProcess;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A real Envoy takes every printed bootstrap. */
final class LayoutsIT {
  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("dev.valetkey.cli.Samples#all")
  void envoyValidatesEverySample(String sample) {
    Samples.copy(sample, folder);
    String bootstrap =
        Samples.read(Samples.file(sample, "envoy.yaml")).replace(Samples.HOME, folder.toString());

    EnvoyProcess.Validation validation = EnvoyProcess.validate(bootstrap, folder);

    assertThat(validation.output()).contains("OK").doesNotContain("deprecated", "[warning]");
    assertThat(validation.valid()).isTrue();
  }
}
