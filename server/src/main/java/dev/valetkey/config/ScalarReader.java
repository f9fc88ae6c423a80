package dev.valetkey.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Reads single values. YAML's own types count: a number where text is wanted has to be put in
 * quotes.
 */
final class ScalarReader {

  private static final Set<Tag> TAGS =
      Set.of(Tag.STR, Tag.INT, Tag.FLOAT, Tag.BOOL, Tag.NULL, Tag.MAP, Tag.SEQ);

  private final Path base;
  private final Findings findings;

  ScalarReader(Path base, Findings findings) {
    this.base = base;
    this.findings = findings;
  }

  /** The value, or null after reporting a problem. */
  @Nullable Object read(Shape.Scalar shape, Node node, String path) {
    String text = text(shape, node, path);
    return text == null ? null : parsed(shape, text, path);
  }

  /** The values in a text that are separated by spaces, or null after reporting a problem. */
  @Nullable List<Object> words(Shape.Scalar shape, ScalarNode node, String path) {
    String text = text(shape, node, path);
    if (text == null) {
      return null;
    }
    List<Object> words = new ArrayList<>();
    for (String word : text.strip().split("\\s+", -1)) {
      Object value = parsed(shape, word, path);
      if (value == null) {
        return null;
      }
      words.add(value);
    }
    return words;
  }

  /** Tags would let the file name types of the program; none is honoured. */
  boolean isUntagged(Node node, String path) {
    if (TAGS.contains(node.getTag())) {
      return true;
    }
    findings.problem(
        YamlTree.line(node),
        path,
        "tags are not supported (" + Names.shown(node.getTag().getValue()) + ")");
    return false;
  }

  private @Nullable String text(Shape.Scalar shape, Node node, String path) {
    if (!(node instanceof ScalarNode scalar)) {
      findings.problem(path, "must be " + shape.kind() + ", not " + YamlTree.kind(node));
      return null;
    }
    if (!isUntagged(node, path)) {
      return null;
    }
    if (node.getTag().equals(Tag.NULL)) {
      findings.problem(path, "has no value");
      return null;
    }
    if (!isOfType(shape, scalar)) {
      findings.problem(
          path,
          "must be "
              + shape.kind()
              + (shape.pattern().isEmpty() && shape.json() == Shape.Json.STRING
                  ? "; put it in quotes"
                  : " (was " + Names.shown(scalar.getValue()) + ")"));
      return null;
    }
    return scalar.getValue();
  }

  private static boolean isOfType(Shape.Scalar shape, ScalarNode node) {
    return switch (shape.json()) {
      case STRING -> node.getTag().equals(Tag.STR);
      case INTEGER -> node.getTag().equals(Tag.INT) && node.getValue().matches("[-+]?[0-9]+");
      case BOOLEAN -> node.getTag().equals(Tag.BOOL) && node.getValue().matches("(?i)true|false");
    };
  }

  private @Nullable Object parsed(Shape.Scalar shape, String text, String path) {
    return switch (shape.parser().parse(text, base)) {
      case Shape.Parsed.Value value -> value.value();
      case Shape.Parsed.Fault fault -> {
        findings.problem(path, fault.message());
        yield null;
      }
    };
  }
}
