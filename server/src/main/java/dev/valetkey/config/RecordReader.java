package dev.valetkey.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Binds a tree to a shape. Everything wrong with single values and with the keys of one section is
 * found here; what takes several keys to judge is left to the rules. Where a value is no good, the
 * problem is reported and the value is left out.
 */
final class RecordReader {

  private final Findings findings;
  private final ScalarReader scalars;

  /**
   * @param base folder at which relative paths begin
   */
  RecordReader(Path base, Findings findings) {
    this.findings = findings;
    this.scalars = new ScalarReader(base, findings);
  }

  /** The whole file; null if it is not even a mapping. */
  @Nullable Draft read(Node root) {
    return section(Shapes.CONFIG, root, "", "");
  }

  /**
   * @param name under which the value stands in a map; empty if it does not
   * @return null: a problem was reported
   */
  @Nullable Object value(Shape shape, Node node, String path, String name) {
    findings.locate(path, YamlTree.line(node));
    return switch (shape) {
      case Shape.Scalar scalar -> scalars.read(scalar, node, path);
      case Shape.ListOf list -> list(list, node, path);
      case Shape.MapOf map -> map(map, node, path);
      case Shape.Section section -> section(section, node, path, name);
      case Shape.Variants variants -> variant(variants, node, path);
    };
  }

  private @Nullable Draft section(Shape.Section shape, Node node, String path, String name) {
    MappingNode mapping = mapping(node, path);
    return mapping == null ? null : section(shape, members(mapping, path), path, name);
  }

  private Draft section(
      Shape.Section shape, Map<String, NodeTuple> members, String path, String name) {
    Draft draft = new Draft(shape, path, name);
    Set<String> misspelt = UnknownKeys.report(shape, members, path, findings);
    for (Shape.Entry entry : shape.entries()) {
      NodeTuple member = members.get(entry.key());
      if (member != null) {
        draft.markWritten(entry.key());
        put(draft, entry, value(entry.shape(), member.getValueNode(), draft.path(entry.key()), ""));
      } else if (entry.required()) {
        draft.markBroken(entry.key());
        if (!misspelt.contains(entry.key())) {
          findings.problem(draft.path(entry.key()), "is required");
        }
      } else {
        Defaults.fill(draft, entry);
      }
    }
    return draft;
  }

  private static void put(Draft draft, Shape.Entry entry, @Nullable Object value) {
    if (value == null) {
      draft.markBroken(entry.key());
    } else {
      draft.set(entry.key(), value);
    }
  }

  private @Nullable List<Object> list(Shape.ListOf shape, Node node, String path) {
    boolean single = node instanceof ScalarNode && shape.element() instanceof Shape.Scalar;
    if (!single && !(node instanceof SequenceNode)) {
      findings.problem(path, "must be a list, not " + YamlTree.kind(node));
      return null;
    }
    List<Object> elements = new ArrayList<>();
    boolean sound = scalars.isUntagged(node, path);
    if (sound && node instanceof SequenceNode sequence) {
      for (int i = 0; i < sequence.getValue().size(); i++) {
        sound &= add(elements, shape, sequence.getValue().get(i), path + "[" + i + "]");
      }
    } else if (sound) {
      sound = add(elements, shape, node, path);
    }
    if (sound && elements.isEmpty() && shape.filled()) {
      findings.problem(path, "must not be empty");
      sound = false;
    }
    return sound ? List.copyOf(elements) : null;
  }

  private boolean add(List<Object> elements, Shape.ListOf shape, Node node, String path) {
    if (shape.spaced()
        && node instanceof ScalarNode scalar
        && shape.element() instanceof Shape.Scalar element) {
      List<Object> words = scalars.words(element, scalar, path);
      elements.addAll(words == null ? List.of() : words);
      return words != null;
    }
    Object element = value(shape.element(), node, path, "");
    if (element != null) {
      elements.add(element);
    }
    return element != null;
  }

  private @Nullable Map<String, Object> map(Shape.MapOf shape, Node node, String path) {
    MappingNode mapping = mapping(node, path);
    if (mapping == null) {
      return null;
    }
    Map<String, Object> values = new LinkedHashMap<>();
    members(mapping, path)
        .forEach((name, member) -> {
          String at = Names.join(path, name);
          if (!(shape.element() instanceof Shape.Scalar) && !Names.NAME.matcher(name).matches()) {
            findings.problem(
                YamlTree.line(member.getKeyNode()),
                at,
                "a name has 1 to 63 small letters, digits, '-' and '_', and begins with a letter or a digit");
          }
          Object value = value(shape.element(), member.getValueNode(), at, name);
          if (value != null) {
            values.put(name, value);
          }
        });
    if (mapping.getValue().isEmpty() && shape.filled()) {
      findings.problem(path, "must not be empty");
    }
    return values;
  }

  private @Nullable Draft variant(Shape.Variants shape, Node node, String path) {
    if (node instanceof ScalarNode scalar) {
      return Variants.shortForm(shape, scalar, path, findings);
    }
    MappingNode mapping = mapping(node, path);
    if (mapping == null) {
      return null;
    }
    Map<String, NodeTuple> members = members(mapping, path);
    NodeTuple type = members.remove("type");
    String chosen =
        type == null ? shape.usual() : Variants.type(shape, type.getValueNode(), path, findings);
    return chosen == null ? null : section(shape.section(chosen), members, path, "");
  }

  private @Nullable MappingNode mapping(Node node, String path) {
    if (node instanceof MappingNode mapping) {
      return scalars.isUntagged(node, path) ? mapping : null;
    }
    findings.problem(path, "must be a mapping of keys to values, not " + YamlTree.kind(node));
    return null;
  }

  /** Keys of a mapping, in order; a second one of the same name is a problem and does not count. */
  private Map<String, NodeTuple> members(MappingNode mapping, String path) {
    Map<String, NodeTuple> members = new LinkedHashMap<>();
    for (NodeTuple member : mapping.getValue()) {
      int line = YamlTree.line(member.getKeyNode());
      if (!(member.getKeyNode() instanceof ScalarNode key)) {
        findings.problem(line, path, "keys must be text");
        continue;
      }
      NodeTuple first = members.putIfAbsent(key.getValue(), member);
      if (first == null) {
        findings.locate(Names.join(path, key.getValue()), line);
      } else {
        String message =
            "duplicate key (the first is on line " + YamlTree.line(first.getKeyNode()) + ")";
        findings.problem(line, Names.join(path, key.getValue()), message);
      }
    }
    return members;
  }
}
