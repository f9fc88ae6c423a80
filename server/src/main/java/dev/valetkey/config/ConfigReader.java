package dev.valetkey.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads the configuration file: YAML text to checked records, or everything that is wrong with it.
 */
public final class ConfigReader {

  private static final int LARGEST = 1 << 20;

  private ConfigReader() {}

  /**
   * Reads a file and looks at the files it names.
   *
   * @param file as it shall appear in problems; relative paths in it begin at its folder
   */
  public static ReadResult read(Path file) {
    byte[] bytes;
    if (!Files.exists(file)) {
      return problem(file, "no such file");
    }
    if (!Files.isRegularFile(file)) {
      return problem(file, "must be a regular file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(LARGEST + 1);
    } catch (IOException e) {
      return problem(file, "the file cannot be read");
    }
    if (bytes.length > LARGEST) {
      return problem(file, "must not be larger than 1MiB");
    }
    try {
      return readText(
          file, StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      return problem(file, "must be UTF-8");
    }
  }

  /** Reads a text as if it stood in {@code file}, which is not opened. */
  public static ReadResult readText(Path file, String text) {
    Findings findings = new Findings(file);
    Node root = YamlTree.parse(text.startsWith("\uFEFF") ? text.substring(1) : text, findings);
    Path base = file.toAbsolutePath().normalize().getParent();
    if (root != null && base != null) {
      Draft draft = new RecordReader(base, findings).read(root);
      if (draft != null) {
        Rules.apply(draft, findings);
        if (findings.problems().isEmpty()) {
          return new ReadResult.Loaded(draft.build(Config.class), findings.warnings());
        }
      }
    }
    return new ReadResult.Problems(findings.problems());
  }

  private static ReadResult problem(Path file, String message) {
    return new ReadResult.Problems(List.of(new Problem(file, 0, "", message)));
  }
}
