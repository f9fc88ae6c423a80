package dev.valetkey.cli.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

final class YamlTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "no",
        "Yes",
        "null",
        "~",
        "1",
        "1.40",
        "0x1f",
        "1e5",
        ".inf",
        "nan",
        "a: b",
        "a #b",
        "# a",
        "- a",
        "-",
        "*a",
        "&a",
        "!!java",
        "%a",
        "@type",
        "`",
        "{a",
        "[a",
        "a,b",
        "\"",
        "'",
        "\\",
        "a\nb: c",
        "\r\n",
        "\t",
        "\u0000",
        "\u0085",
        "\u2028",
        "\ufeff",
        "ü",
        "\ud83d\ude00",
        "a}",
        "a:",
        "--- a",
        "/run/a b"
      })
  void anyTextIsReadBackAsThatText(String text) {
    Yaml.Mapping document =
        Yaml.map()
            .put("block", Yaml.map().put(text + "x", text).put("long", "a".repeat(Yaml.WIDTH)))
            .put("flow", Yaml.list(Yaml.map().put("key", Yaml.texts(text, text))));

    Object read = new Load(LoadSettings.builder().build()).loadFromString(document.print());

    assertThat(read)
        .isEqualTo(
            Map.of(
                "block", Map.of(text + "x", text, "long", "a".repeat(Yaml.WIDTH)),
                "flow", List.of(Map.of("key", List.of(text, text)))));
  }

  @Test
  void wordsThatEnvoyReadsAsSomethingElseAreQuoted() {
    String printed =
        Yaml.map()
            .put("a", "on")
            .put("b", "10")
            .put("c", "10s")
            .put("d", 10)
            .put("e", true)
            .print();

    assertThat(printed).isEqualTo("a: \"on\"\nb: \"10\"\nc: 10s\nd: 10\ne: true\n");
  }

  @Test
  void keyStandsOnlyOnce() {
    Yaml.Mapping map = Yaml.map().put("a", 1);

    assertThatThrownBy(() -> map.put("a", 2)).hasMessage("the key stands twice: a");
  }
}
