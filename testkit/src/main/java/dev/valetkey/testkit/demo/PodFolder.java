package dev.valetkey.testkit.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.stream.Stream;

/** The files of a {@link Pod}, and who may read them. It vanishes with {@link #close}. */
final class PodFolder implements AutoCloseable {
  private static final String TO_ALL = "rwxr-xr-x";
  private static final String TO_OWNER = "rwx------";

  private final Path root;

  private PodFolder(Path root) {
    this.root = root;
  }

  static PodFolder create() {
    try {
      Path root = Files.createTempDirectory("valetkey-demo-");
      Files.setPosixFilePermissions(root, PosixFilePermissions.fromString(TO_ALL));
      return new PodFolder(root);
    } catch (IOException noFolder) {
      throw new UncheckedIOException(noFolder);
    }
  }

  /** Where something lies, or would. */
  Path path(String name) {
    return root.resolve(name);
  }

  /** A folder that belongs to a uid, which alone can enter it; root's can be entered by all. */
  Path directory(String name, int owner) {
    return directory(name, owner, owner, owner == 0 ? TO_ALL : TO_OWNER);
  }

  /** A folder in which one uid makes sockets that a group can use: what is made there is its. */
  void socketFolder(String name, int owner, int group) {
    Path made = directory(name, owner, group, TO_OWNER);
    mode(made, 02770);
  }

  /** A file that its owner alone can read, in a folder that its owner alone can enter. */
  Path secret(String name, String text, int owner) {
    directory(String.valueOf(Path.of(name).getParent()), owner);
    Path file = write(name, text);
    own(file, owner, owner);
    mode(file, 0600);
    return file;
  }

  /** A file of root's. */
  Path write(String name, String text) {
    try {
      return Files.writeString(path(name), text);
    } catch (IOException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
  }

  /** A copy that every uid can run: the original may lie where only root can enter. */
  Path program(Path from, String name) {
    try {
      Path to = directory("bin", 0).resolve(name);
      Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
      mode(to, 0755);
      return to;
    } catch (IOException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException left) {
      throw new UncheckedIOException(root + " could not be removed", left);
    }
  }

  private Path directory(String name, int owner, int group, String permissions) {
    try {
      Path made = Files.createDirectories(path(name));
      Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(permissions));
      own(made, owner, group);
      return made;
    } catch (IOException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
  }

  private static void own(Path path, int owner, int group) {
    attribute(path, "unix:gid", group);
    attribute(path, "unix:uid", owner);
  }

  /** Sets bits that {@link PosixFilePermissions} has no letters for. */
  private static void mode(Path path, int mode) {
    attribute(path, "unix:mode", mode);
  }

  private static void attribute(Path path, String name, int value) {
    try {
      Files.setAttribute(path, name, value);
    } catch (IOException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
  }
}
