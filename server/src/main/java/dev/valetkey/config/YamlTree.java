package dev.valetkey.config;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** YAML 1.2 text as a tree whose nodes know their lines. */
final class YamlTree {

  /** The file has at most six levels; the parser would need a stack frame for each. */
  private static final int DEEPEST = 32;

  private static final int MOST_ALIASES = 50;
  private static final LoadSettings SETTINGS =
      LoadSettings.builder()
          .setMaxAliasesForCollections(MOST_ALIASES)
          .setAllowNonScalarKeys(true)
          .build();

  private YamlTree() {}

  /** The root, or null if there is none; then the reason is among the findings. */
  static @Nullable Node parse(String text, Findings findings) {
    try {
      if (!isShallow(text, findings)) {
        return null;
      }
      Optional<Node> root = new Compose(SETTINGS).composeString(text);
      if (root.isEmpty()) {
        findings.problem(0, "", "the file is empty");
      }
      return root.orElse(null);
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(YamlTree::line).orElse(1);
      findings.problem(line, "", "not YAML: " + shortened(e.getProblem()));
    } catch (ReaderException e) {
      int line = 1 + (int) text.codePoints().limit(e.getPosition()).filter(c -> c == '\n').count();
      findings.problem(line, "", "not YAML: control characters are not allowed");
    } catch (YamlEngineException e) {
      // The only limit that the composer does not tie to a place.
      findings.problem(0, "", "more than " + MOST_ALIASES + " aliases");
    }
    return null;
  }

  static int line(Node node) {
    return node.getStartMark().map(YamlTree::line).orElse(1);
  }

  /** What a node is, for "must be …, not …". */
  static String kind(Node node) {
    return switch (node) {
      case MappingNode mapping -> "a mapping";
      case SequenceNode sequence -> "a list";
      case ScalarNode scalar when scalar.getTag().equals(Tag.NULL) -> "nothing";
      default -> "a single value";
    };
  }

  /** The parser's reason without its words of advice. */
  private static String shortened(String problem) {
    return Names.shown(problem.replaceFirst("^but ", "").replaceFirst("\\. \\(.*", ""));
  }

  private static int line(Mark mark) {
    return mark.getLine() + 1;
  }

  private static boolean isShallow(String text, Findings findings) {
    int depth = 0;
    for (Event event : new Parse(SETTINGS).parseString(text)) {
      switch (event.getEventId()) {
        case MappingStart, SequenceStart -> depth++;
        case MappingEnd, SequenceEnd -> depth--;
        default -> {}
      }
      if (depth > DEEPEST) {
        findings.problem(
            event.getStartMark().map(YamlTree::line).orElse(1),
            "",
            "nested deeper than " + DEEPEST + " levels");
        return false;
      }
    }
    return true;
  }
}
