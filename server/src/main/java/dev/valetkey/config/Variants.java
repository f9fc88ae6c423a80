package dev.valetkey.config;

import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Tells which variant of a sealed section is meant. */
final class Variants {

  private Variants() {}

  /** A variant written as its name; null if that is no variant or one that has keys. */
  static @Nullable Draft shortForm(
      Shape.Variants shape, ScalarNode node, String path, Findings findings) {
    String type = node.getValue();
    if (shape.shortForms().contains(type)) {
      return new Draft(shape.section(type), path, "");
    }
    String shortForms = String.join(" or ", shape.shortForms());
    findings.problem(
        path,
        shape.byType().containsKey(type)
            ? "must be a mapping: only "
                + shortForms
                + " can be written as a word; write {type: "
                + type
                + ", …}"
            : "must be a mapping, " + shortForms);
    return null;
  }

  /** The variant named by the key {@code type}; null if there is none of that name. */
  static @Nullable String type(Shape.Variants shape, Node node, String path, Findings findings) {
    String type = node instanceof ScalarNode scalar ? scalar.getValue() : "";
    if (shape.byType().containsKey(type)) {
      return type;
    }
    String message =
        "no such type: '" + Names.shown(type) + "'" + Names.hint(type, shape.byType().keySet());
    findings.problem(Names.join(path, "type"), message);
    return null;
  }
}
