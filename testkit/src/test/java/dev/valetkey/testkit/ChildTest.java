package dev.valetkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @Test
  void whatItSaysIsKeptAndItsStatusIsKnown(@TempDir Path folder) {
    String script =
        "trap 'echo bye; exit 7' TERM; echo $WHO; echo oops >&2; while :; do sleep 0.05; done";
    try (Child child =
        Child.start("sh", folder, Map.of("WHO", "alice"), List.of("sh", "-c", script))) {
      child.awaitOut("alice", PATIENCE);
      child.awaitErr("oops", PATIENCE);

      int status = child.terminate(PATIENCE);

      assertThat(status).isEqualTo(7);
      assertThat(child.out()).isEqualTo("alice\nbye\n");
      assertThat(folder.resolve("sh.out")).hasContent("alice\nbye");
    }
  }

  @Test
  void anEarlyEndIsToldWithItsLastWords(@TempDir Path folder) {
    List<String> command = List.of("sh", "-c", "echo no such file >&2; exit 3");
    try (Child child = Child.start("server", folder, Map.of(), command)) {
      assertThatThrownBy(() -> child.awaitOut("ready", PATIENCE))
          .isInstanceOf(AssertionError.class)
          .hasMessage(
              "server ended with status 3 before 'ready' on standard output\nno such file\n");
    }
  }
}
