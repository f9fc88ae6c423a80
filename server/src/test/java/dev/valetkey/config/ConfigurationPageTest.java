package dev.valetkey.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * docs/configuration.md says what the records say; {@code -Dvaletkey.docs.write=true} writes it
 * anew.
 */
class ConfigurationPageTest {

  private static final Path PAGE = Path.of("../docs/configuration.md");
  private static final String MARK =
      "<!-- From here on the page is made from the configuration records by ConfigurationPageTest. -->\n";

  @Test
  void theTablesAreThoseOfTheRecords() throws IOException {
    String page = Files.readString(PAGE);
    String expected = page.substring(0, page.indexOf(MARK)) + MARK + ConfigurationPage.tables();
    if (Boolean.getBoolean("valetkey.docs.write")) {
      Files.writeString(PAGE, expected);
    }

    assertThat(Files.readString(PAGE))
        .as("run this test with -Dvaletkey.docs.write=true and read the difference")
        .isEqualTo(expected);
  }

  @Test
  void theExampleOfThePageIsInOrder(@TempDir Path temp) throws IOException {
    String page = Files.readString(PAGE);
    String example =
        page.substring(
            page.indexOf("```yaml\n") + 8, page.indexOf("```\n", page.indexOf("```yaml")));

    assertThat(new ConfigFolder(temp).problems(example)).isEmpty();
  }
}
