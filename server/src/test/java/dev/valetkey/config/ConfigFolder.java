package dev.valetkey.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A folder with the secrets that the test files name. */
record ConfigFolder(Path path) {

  /** The smallest useful file, as the documentation has it. */
  static final String SMALLEST =
      """
      issuers:
        corp:
          issuer: https://idp.example.com/realms/corp
          client_id: travel-agent
          client_secret_file: secrets/corp
      servers:
        github:
          url: https://mcp.github.example/mcp
          grant: {audience: github-mcp, scope: repo:read}
        weather:
          url: https://weather.example/mcp
          grant: none
      """;

  ConfigFolder {
    try {
      Files.createDirectories(path.resolve("secrets"));
      Files.writeString(path.resolve("secrets/corp"), "CANARY-client-secret\n");
      Files.writeString(path.resolve("secrets/key.pem"), "CANARY-private-key\n");
      Files.writeString(path.resolve("secrets/agent"), "CANARY-actor-token\n");
      Files.writeString(path.resolve("secrets/search"), "CANARY-search-key\n");
      Files.writeString(path.resolve("secrets/svid"), "CANARY-svid\n");
      Files.writeString(path.resolve("secrets/cert-key.pem"), "CANARY-private-key\n");
      Files.writeString(path.resolve("cert.pem"), "certificate\n");
      Files.writeString(path.resolve("ca.pem"), "certificates\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path file() {
    return path.resolve("valetkey.yaml");
  }

  ReadResult read(String text) {
    return ConfigReader.readText(file(), text);
  }

  /** Fails if there are problems. */
  Config load(String text) {
    return loaded(text).config();
  }

  /** Warnings without the folder's name; fails if there are problems. */
  List<String> warnings(String text) {
    return loaded(text).warnings().stream().map(warning -> shortened(warning.toString())).toList();
  }

  /** Problems without the folder's name; empty if there are none. */
  List<String> problems(String text) {
    return problems(read(text));
  }

  List<String> problems(ReadResult result) {
    return switch (result) {
      case ReadResult.Loaded loaded -> List.of();
      case ReadResult.Problems found ->
          found.problems().stream().map(problem -> shortened(problem.toString())).toList();
    };
  }

  private ReadResult.Loaded loaded(String text) {
    return switch (read(text)) {
      case ReadResult.Loaded loaded -> loaded;
      case ReadResult.Problems found -> throw new AssertionError(found.problems());
    };
  }

  private String shortened(String message) {
    return message.replace(path + "/", "").replace(path.toString(), "<folder>");
  }
}
