package dev.valetkey.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigFilesTest {

  @Test
  void everyFileWhoseContentMattersIsNamed(@TempDir Path temp) {
    Config config = new ConfigFolder(temp).load(EveryKey.TEXT);

    assertThat(config.files())
        .containsExactlyInAnyOrder(
            temp.resolve("secrets/corp"),
            temp.resolve("secrets/key.pem"),
            temp.resolve("secrets/agent"),
            temp.resolve("secrets/search"),
            temp.resolve("secrets/svid"),
            temp.resolve("secrets/cert-key.pem"),
            temp.resolve("cert.pem"),
            temp.resolve("ca.pem"));
  }
}
