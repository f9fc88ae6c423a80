package dev.valetkey.acquire;

import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A page under docs/issuers, taken apart. */
record ProfilePage(String profile, List<Example> examples) {
  static final Path FOLDER = Repository.root().resolve("docs/issuers");

  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w+)\\n(.*?)^```$");
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| (\\d{3}) \\| `(\\w+)` \\| .* \\| `(\\w+)` \\|$");

  /**
   * A configuration, and what comes of it.
   *
   * @param wire the requests, as text
   * @param answer to the last of them, as JSON
   * @param claims of the token in it, as JSON; null: it is opaque
   * @param errors the table
   */
  record Example(
      String profile,
      String yaml,
      String wire,
      String answer,
      @Nullable String claims,
      List<Row> errors) {
    @Override
    public String toString() {
      return profile + " " + Map.of("errors", errors.size());
    }
  }

  /** One error, and the reason that the audit line shows. */
  record Row(Example of, int status, String error, String reason) {
    @Override
    public String toString() {
      return of.profile() + " " + status + " " + error;
    }
  }

  static ProfilePage read(String profile) {
    String text;
    try {
      text = Files.readString(FOLDER.resolve(profile + ".md"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // Each configuration owns what follows it, up to the next one.
    String[] parts = text.split("(?m)(?=^```yaml$)");
    List<Example> examples = new ArrayList<>();
    for (int i = 1; i < parts.length; i++) {
      examples.add(example(profile, parts[i]));
    }
    return new ProfilePage(profile, examples);
  }

  private static Example example(String profile, String part) {
    List<MatchResult> blocks = BLOCK.matcher(part).results().toList();
    List<Row> errors = new ArrayList<>();
    Example example =
        new Example(
            profile,
            blocks("yaml", blocks).getFirst(),
            blocks("form", blocks).getFirst(),
            blocks("json", blocks).getFirst(),
            blocks("json", blocks).size() > 1 ? blocks("json", blocks).get(1) : null,
            errors);
    ROW.matcher(part)
        .results()
        .forEach(row ->
            errors.add(
                new Row(example, Integer.parseInt(row.group(1)), row.group(2), row.group(3))));
    return example;
  }

  private static List<String> blocks(String language, List<MatchResult> blocks) {
    return blocks.stream()
        .filter(block -> block.group(1).equals(language))
        .map(block -> block.group(2))
        .toList();
  }

  /** The pages that there are. */
  static List<String> names() {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .map(file -> file.getFileName().toString().replace(".md", ""))
          .filter(name -> !name.equals("README"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
