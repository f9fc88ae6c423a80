package dev.valetkey.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The file as a whole, and single values that have more than one good spelling. */
class ConfigReaderTest {

  @TempDir private Path temp;
  private ConfigFolder folder;

  @BeforeEach
  void makeFolder() {
    folder = new ConfigFolder(temp);
  }

  @Test
  void aFileIsReadFromItsPlace() throws IOException {
    Files.writeString(folder.file(), "\uFEFF" + ConfigFolder.SMALLEST);

    assertThat(ConfigReader.read(folder.file())).isInstanceOf(ReadResult.Loaded.class);
  }

  @Test
  void aFileThatIsNotThereIsOneProblem() {
    assertThat(folder.problems(ConfigReader.read(folder.file())))
        .containsExactly("valetkey.yaml: no such file");
  }

  @Test
  void aFolderIsOneProblem() throws IOException {
    Files.createDirectory(folder.file());

    assertThat(folder.problems(ConfigReader.read(folder.file())))
        .containsExactly("valetkey.yaml: must be a regular file");
  }

  @ParameterizedTest
  @CsvSource({"''", "'\n\n'", "'# nothing but a comment\n'"})
  void anEmptyFileIsOneProblem(String text) throws IOException {
    Files.writeString(folder.file(), text);

    assertThat(folder.problems(ConfigReader.read(folder.file())))
        .containsExactly("valetkey.yaml: the file is empty");
  }

  @Test
  void anEndlessFileIsOneProblem() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(folder.file().toFile(), "rw")) {
      file.setLength(50L << 20);
    }

    assertThat(folder.problems(ConfigReader.read(folder.file())))
        .containsExactly("valetkey.yaml: must not be larger than 1MiB");
  }

  @Test
  void anotherEncodingIsOneProblem() throws IOException {
    Files.write(folder.file(), "a: ü\n".getBytes(StandardCharsets.ISO_8859_1));

    assertThat(folder.problems(ConfigReader.read(folder.file())))
        .containsExactly("valetkey.yaml: must be UTF-8");
  }

  @Test
  void secretFilesHaveContentAndALimit() throws IOException {
    Files.writeString(temp.resolve("secrets/corp"), "\n");
    Files.writeString(temp.resolve("secrets/search"), "x".repeat(64 * 1024 + 1));

    String text =
        ConfigFolder.SMALLEST.replace(
            "grant: none", "grant: {type: static, token_file: secrets/search}");

    assertThat(folder.problems(text))
        .containsExactly(
            "valetkey.yaml:5: issuers.corp.client_secret_file: the file is empty",
            "valetkey.yaml:12: servers.weather.grant.token_file: the file must not be larger than 64KiB");
  }

  // R-MCP-4
  @ParameterizedTest
  @CsvSource({
    "HTTPS://M.Example:443/mcp/, https://m.example/mcp",
    "https://m.example, https://m.example",
    "https://m.example/, https://m.example/",
    "https://m.example/MCP/Tools, https://m.example/MCP/Tools",
    "https://m.example:8443/mcp, https://m.example:8443/mcp",
    "https://m.example:80/, https://m.example:80/",
    "https://[2001:DB8::1]:443/mcp, https://[2001:db8::1]/mcp",
    "https://10.0.0.1/mcp, https://10.0.0.1/mcp",
  })
  void urlsAreKeptInTheirCanonicalForm(String written, String canonical) {
    Config config =
        folder.load(
            ConfigFolder.SMALLEST.replace("https://weather.example/mcp", "\"" + written + "\""));

    assertThat(config.servers().values())
        .last()
        .extracting(ServerConfig::url)
        .hasToString(canonical);
  }

  @Test
  void anotherGrantForCallsWithoutAUserIsUselessWhereNoCallHasOne() {
    String text = ConfigFolder.SMALLEST + "    without_user: none\n";

    assertThat(folder.warnings(text))
        .containsExactly(
            "valetkey.yaml:13: servers.weather.without_user: has no effect: the grant needs no user");
  }
}
