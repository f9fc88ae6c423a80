package dev.valetkey.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever stands in the file, the reader answers with a configuration or with problems that have a
 * place.
 */
class ConfigReaderFuzzTest {

  private static final int ROUNDS = 3000;
  private static final String[] PIECES = {
    "\t",
    "\n",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!str ",
    "!x ",
    "'",
    "\"",
    "|",
    "#",
    "~",
    "null",
    "-1",
    "1e9",
    "0x10",
    "no",
    "true",
    "https://",
    "@",
    "%",
    "\u0000",
    "\uFFFF",
    "ü",
    "<<: ",
    "? ",
    "---\n",
    "...\n",
    "9".repeat(30)
  };

  @TempDir private Path temp;

  @Test
  void brokenCopiesOfAGoodFileAreAnswered() {
    ConfigFolder folder = new ConfigFolder(temp);
    Random random = new Random(3);

    for (int round = 0; round < ROUNDS; round++) {
      String text = mutated(random);

      ReadResult result = folder.read(text);

      if (result instanceof ReadResult.Problems found) {
        assertThat(found.problems()).as(text).isNotEmpty();
        assertThat(found.toString()).as(text).doesNotContain("CANARY-client", "CANARY-actor");
      }
    }
  }

  private static String mutated(Random random) {
    StringBuilder text = new StringBuilder(EveryKey.TEXT);
    for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
      int at = random.nextInt(text.length());
      switch (random.nextInt(3)) {
        case 0 -> text.insert(at, PIECES[random.nextInt(PIECES.length)]);
        case 1 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(12)));
        default -> text.insert(at, text.substring(random.nextInt(at + 1), at));
      }
    }
    return text.toString();
  }
}
