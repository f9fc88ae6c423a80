package dev.valetkey.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * The keys of one profile, from {@code profiles.yaml}. A key counts as if it stood in the user's
 * file, unless the user wrote it; of a map the user's entries win one by one.
 */
final class Presets {

  private static final Presets NONE = new Presets(Map.of());
  private static final String GRANTS = "grants";
  private static final String EXPECT = "expect";

  private final Map<String, Node> keys;

  private Presets(Map<String, Node> keys) {
    this.keys = keys;
  }

  static Presets of(Profile profile) {
    return profile == Profile.GENERIC
        ? NONE
        : new Presets(members(Holder.FILE.get(Names.snakeCase(profile.name()))));
  }

  /** Keys of the issuer itself. */
  void applyTo(Draft issuer) {
    keys.forEach((key, value) -> {
      if (!key.equals(GRANTS)) {
        put(issuer, key, value);
      }
    });
  }

  /**
   * Keys of a grant that asks the issuer.
   *
   * @param expect what its token must show; null where the file cannot say that
   */
  void applyTo(Draft grant, @Nullable Draft expect) {
    String type = Names.snakeCase(grant.shape().type().getSimpleName());
    members(members(keys.get(GRANTS)).get(type))
        .forEach((key, value) -> {
          if (!key.equals(EXPECT)) {
            put(grant, key, value);
          } else if (expect != null) {
            members(value).forEach((checked, demand) -> put(expect, checked, demand));
          }
        });
  }

  private static void put(Draft draft, String key, Node node) {
    Shape.Entry entry =
        draft.shape().entries().stream()
            .filter(candidate -> candidate.key().equals(key))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("profiles.yaml: unknown key " + key));
    Findings findings = new Findings(Path.of("profiles.yaml"));
    Object preset = new RecordReader(Path.of("/"), findings).value(entry.shape(), node, key, "");
    if (preset == null || !findings.problems().isEmpty()) {
      throw new IllegalStateException(findings.problems().toString());
    }
    if (preset instanceof Map<?, ?> map) {
      Map<Object, Object> both = new LinkedHashMap<>(map);
      Map<?, ?> written = draft.get(key, Map.class);
      if (written != null) {
        both.putAll(written);
      }
      draft.set(key, both);
    } else if (!draft.wrote(key)) {
      draft.set(key, preset);
      draft.markWritten(key);
    }
  }

  private static Map<String, Node> members(@Nullable Node node) {
    Map<String, Node> members = new LinkedHashMap<>();
    if (node instanceof MappingNode mapping) {
      for (NodeTuple member : mapping.getValue()) {
        members.put(((ScalarNode) member.getKeyNode()).getValue(), member.getValueNode());
      }
    }
    return members;
  }

  /** Read when the first profile is used: most files name none. */
  private static final class Holder {
    static final Map<String, Node> FILE = read();

    private static Map<String, Node> read() {
      try (InputStream in = Presets.class.getResourceAsStream("profiles.yaml")) {
        if (in == null) {
          throw new IllegalStateException("profiles.yaml is missing");
        }
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        return members(YamlTree.parse(text, new Findings(Path.of("profiles.yaml"))));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
