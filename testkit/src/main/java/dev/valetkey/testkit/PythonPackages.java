package dev.valetkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Python packages exactly as a list names them, fetched once per user and Python version. Needs
 * {@code python3} with pip on the PATH.
 */
public final class PythonPackages {
  private PythonPackages() {}

  /**
   * A folder for {@code PYTHONPATH} with the packages of a list of {@code name==version}, and no
   * others.
   *
   * @throws IllegalStateException when Python is missing or pip fails
   */
  public static Path folder(Path list) {
    return folder(list, "python3");
  }

  /** The same for another Python, which needs no pip: a name on the PATH, or a path. */
  public static Path folder(Path list, String interpreter) {
    String packages;
    String python;
    try {
      packages = Files.readString(list);
      python = Child.run(List.of(interpreter, "--version")).strip();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    } catch (UncheckedIOException missing) {
      throw new IllegalStateException("there is no " + interpreter + " on the PATH", missing);
    }
    return Downloads.folder(
        "python", python + "\n" + packages, fresh -> install(list, interpreter, fresh));
  }

  private static void install(Path list, String interpreter, Path to) {
    Child.run(
        Duration.ofMinutes(10),
        Map.of("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        List.of(
            "python3",
            "-m",
            "pip",
            "--python",
            path(interpreter),
            "install",
            "-q",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--target",
            to.toString(),
            "-r",
            list.toString()));
  }

  /** pip wants to be told where it is. */
  private static String path(String interpreter) {
    return Child.run(List.of(interpreter, "-c", "import sys; print(sys.executable)")).strip();
  }
}
