package dev.valetkey.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
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
    Findings findings = new Findings(file);
    String text = text(file, findings);
    return text == null ? new ReadResult.Problems(findings.problems()) : readText(file, text);
  }

  /** The content of a file that was named; null if there is none, and the reason is found. */
  static @Nullable String text(Path file, Findings findings) {
    if (!Files.exists(file)) {
      return problem("no such file", findings);
    }
    if (!Files.isRegularFile(file)) {
      return problem("must be a regular file", findings);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(LARGEST + 1);
      if (bytes.length > LARGEST) {
        return problem("must not be larger than 1MiB", findings);
      }
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      return problem("must be UTF-8", findings);
    } catch (IOException e) {
      return problem("the file cannot be read", findings);
    }
  }

  /** Reads a text as if it stood in {@code file}, which is not opened. */
  public static ReadResult readText(Path file, String text) {
    Findings findings = new Findings(file);
    Node root = YamlTree.parse(text, findings);
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

  private static @Nullable String problem(String message, Findings findings) {
    findings.problem(0, "", message);
    return null;
  }
}
