package dev.valetkey.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWatcherTest {

  @TempDir private Path temp;
  private Path config;
  private Path secret;
  private final List<Set<Path>> changes = new ArrayList<>();
  private final FileWatcher watcher = new FileWatcher(Duration.ofHours(1), changes::add);

  @BeforeEach
  void makeFiles() throws IOException {
    config = Files.writeString(temp.resolve("valetkey.yaml"), "a: 1\n");
    secret = Files.writeString(temp.resolve("secret"), "CANARY-one\n");
    watcher.watch(Set.of(config, secret));
  }

  @Test
  void nothingIsSaidOfFilesThatStayAsTheyAre() {
    watcher.poll();
    watcher.poll();

    assertThat(changes).isEmpty();
  }

  @Test
  void aChangedFileIsNamedOnce() throws IOException {
    Files.writeString(secret, "CANARY-two\n");

    watcher.poll();
    watcher.poll();

    assertThat(changes).containsExactly(Set.of(secret));
  }

  @Test
  void aChangeThatKeepsSizeAndTimeIsSeen() throws IOException {
    FileTime time = Files.getLastModifiedTime(secret);
    Files.writeString(secret, "CANARY-two\n");
    Files.setLastModifiedTime(secret, time);

    watcher.poll();

    assertThat(changes).containsExactly(Set.of(secret));
  }

  @Test
  void aTouchedFileHasNotChanged() throws IOException {
    Files.setLastModifiedTime(config, FileTime.fromMillis(0));

    watcher.poll();

    assertThat(changes).isEmpty();
  }

  @Test
  void filesThatChangeTogetherAreNamedTogether() throws IOException {
    Files.writeString(config, "a: 2\n");
    Files.writeString(secret, "CANARY-two\n");

    watcher.poll();

    assertThat(changes).containsExactly(Set.of(config, secret));
  }

  @Test
  void aLinkTurnedToAnotherFolderIsAChangeAsInKubernetes() throws IOException {
    Path first = Files.createDirectory(temp.resolve("..2026_01"));
    Path second = Files.createDirectory(temp.resolve("..2026_02"));
    Files.writeString(first.resolve("key"), "CANARY-old");
    Files.writeString(second.resolve("key"), "CANARY-new");
    Path data = Files.createSymbolicLink(temp.resolve("..data"), first.getFileName());
    Path key = Files.createSymbolicLink(temp.resolve("key"), Path.of("..data/key"));
    watcher.watch(Set.of(key));

    Path turned = Files.createSymbolicLink(temp.resolve("..data_tmp"), second.getFileName());
    Files.move(turned, data, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    watcher.poll();

    assertThat(changes).containsExactly(Set.of(key));
  }

  @Test
  void aFileThatGoesAndComesBackIsNamedBothTimes() throws IOException {
    Files.delete(config);
    watcher.poll();
    Files.writeString(config, "a: 1\n");
    watcher.poll();

    assertThat(changes).containsExactly(Set.of(config), Set.of(config));
  }

  @Test
  void aHalfWrittenFileIsReadAgainWhenItIsComplete() throws IOException {
    Files.writeString(config, "a:");
    watcher.poll();
    Files.writeString(config, "a: 2\n");
    watcher.poll();

    assertThat(changes).containsExactly(Set.of(config), Set.of(config));
  }

  @Test
  void aFileThatIsWatchedNoMoreIsNotNamed() throws IOException {
    watcher.watch(Set.of(config));
    Files.writeString(secret, "CANARY-two\n");

    watcher.poll();

    assertThat(changes).isEmpty();
  }

  @Test
  void watchingAFileAgainDoesNotHideItsChange() throws IOException {
    Files.writeString(config, "a: 2\n");
    watcher.watch(Set.of(config));

    watcher.poll();

    assertThat(changes).containsExactly(Set.of(config));
  }

  @Test
  void whatTheListenerThrowsEndsNothing() throws IOException {
    AtomicInteger calls = new AtomicInteger();
    try (FileWatcher brave =
        new FileWatcher(
            Duration.ofMillis(5),
            files -> {
              calls.incrementAndGet();
              throw new IllegalStateException("listener");
            })) {
      brave.watch(Set.of(config));
      assertThatIllegalStateException()
          .isThrownBy(() -> {
            Files.writeString(config, "a: 2\n");
            brave.poll();
          });

      brave.start();
      Files.writeString(config, "a: 3\n");
      await().until(() -> calls.get() >= 2);
      int before = calls.get();
      Files.writeString(config, "a: 4\n");
      await().until(() -> calls.get() > before);
    }
  }

  @Test
  void theThreadLooksUntilItIsClosed() throws IOException {
    List<Set<Path>> seen = new CopyOnWriteArrayList<>();
    FileWatcher running = new FileWatcher(Duration.ofMillis(5), seen::add);
    running.watch(Set.of(config));
    running.start();

    Files.writeString(config, "a: 2\n");
    await().until(() -> !seen.isEmpty());
    running.close();

    assertThat(seen.getFirst()).containsExactly(config);
  }
}
