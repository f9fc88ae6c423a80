package dev.valetkey.config;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The tables of docs/configuration.md: one for each section of the file, made from the records. */
final class ConfigurationPage {

  private final StringBuilder text = new StringBuilder();

  /** Markdown, beginning with a heading. */
  static String tables() {
    ConfigurationPage page = new ConfigurationPage();
    page.section("The file", Shapes.CONFIG, "");
    return page.text.toString();
  }

  private void section(String title, Shape.Section section, String path) {
    text.append("\n## ").append(title).append("\n\n");
    if (section.entries().isEmpty()) {
      text.append("No keys.\n");
      return;
    }
    text.append("| key | value | default | meaning |\n|---|---|---|---|\n");
    section.entries().forEach(this::row);
    section
        .entries()
        .forEach(
            entry -> inner(entry.shape(), path.isEmpty() ? entry.key() : path + "." + entry.key()));
  }

  private void inner(Shape shape, String path) {
    switch (shape) {
      case Shape.Scalar scalar -> {}
      case Shape.ListOf list -> inner(list.element(), path + "[]");
      case Shape.MapOf map -> inner(map.element(), path + ".<name>");
      case Shape.Section section -> section("`" + path + "`", section, path);
      case Shape.Variants variants -> {
        // The grants are described once; without_user takes the same.
        if (path.endsWith(".grant")) {
          variants
              .byType()
              .forEach((type, section) ->
                  section("`" + path + "` with `type: " + type + "`", section, path));
        }
      }
    }
  }

  private void row(Shape.Entry entry) {
    List<String> cells =
        List.of(
            "`" + entry.key() + "`",
            value(entry.shape()) + range(entry),
            initial(entry),
            entry.about().doc());
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  private static String value(Shape shape) {
    return switch (shape) {
      case Shape.Scalar scalar when !scalar.choices().isEmpty() ->
          scalar.choices().stream()
              .map(choice -> "`" + choice + "`")
              .collect(Collectors.joining(", "));
      case Shape.Scalar scalar -> scalar.typeName();
      case Shape.ListOf list when list.spaced() -> "text or list of " + value(list.element());
      case Shape.ListOf list -> "list of " + value(list.element());
      case Shape.MapOf map -> value(map.element()) + " by name";
      case Shape.Section section -> "section";
      case Shape.Variants variants -> "grant";
    };
  }

  private static String range(Shape.Entry entry) {
    List<String> bounds = new ArrayList<>();
    if (!entry.about().min().isEmpty()) {
      bounds.add("from " + entry.about().min());
    }
    if (!entry.about().max().isEmpty()) {
      bounds.add("to " + entry.about().max());
    }
    return bounds.isEmpty() ? "" : ", " + String.join(" ", bounds);
  }

  private static String initial(Shape.Entry entry) {
    Key about = entry.about();
    if (entry.required()) {
      return "**required**";
    }
    if (!about.initial().isEmpty()) {
      return entry.shape() instanceof Shape.ListOf
          ? "`[" + about.initial().replace(" ", ", ") + "]`"
          : "`" + about.initial() + "`";
    }
    if (!about.derived().isEmpty()) {
      return about.derived();
    }
    return entry.nullable() || entry.shape() instanceof Shape.Section ? "" : "none";
  }
}
