package dev.valetkey;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class MainTest {
  @Test
  void versionNamesTheProgram() {
    assertThat(Main.version()).startsWith("valetkey ");
  }
}
