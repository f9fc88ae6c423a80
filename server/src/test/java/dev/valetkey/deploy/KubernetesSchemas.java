package dev.valetkey.deploy;

import static org.junit.jupiter.api.Assumptions.abort;

import com.google.gson.JsonObject;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.valetkey.testkit.PythonPackages;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The JSON schemas of Kubernetes' objects, in their strict form: what is not known is wrong. From
 * the first version in which native sidecars are for everybody to the newest that is packaged.
 */
public final class KubernetesSchemas {
  private static final List<String> VERSIONS = List.of("v1.33.0", "v1.37.0");
  private static final String BASE = "https://kubernetes.io/api/";
  private static final Path PACKAGES =
      Repository.root().resolve("server/src/test/resources/kubernetes/requirements.lock");

  private final Map<Path, Schema> read = new ConcurrentHashMap<>();
  private final Path folder;

  private KubernetesSchemas(Path folder) {
    this.folder = folder;
  }

  /** Fails under {@code -Dvaletkey.test.strict=true}, else skips, where they cannot be had. */
  public static KubernetesSchemas all() {
    try {
      return new KubernetesSchemas(
          PythonPackages.folder(PACKAGES).resolve("kubernetes_validate/kubernetes-json-schema"));
    } catch (IllegalStateException cannot) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw cannot;
      }
      return abort("no schemas: " + cannot.getMessage());
    }
  }

  /** What is wrong with an object, for every version; nothing when it is in order. */
  public List<String> problems(JsonObject object) {
    return VERSIONS.stream().flatMap(version -> problems(version, object)).toList();
  }

  private Stream<String> problems(String version, JsonObject object) {
    Path file = folder.resolve(version + "-local-strict").resolve(fileName(object));
    return read
        .computeIfAbsent(file, KubernetesSchemas::schema)
        .validate(object.toString(), InputFormat.JSON)
        .stream()
        .map(problem -> version + ": " + problem);
  }

  private static Schema schema(Path file) {
    SchemaRegistry registry =
        SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12,
            builder ->
                builder.schemas(iri ->
                    iri.startsWith(BASE)
                        ? text(file.resolveSibling(iri.substring(BASE.length())))
                        : null));
    return registry.getSchema(text(file));
  }

  /** As in {@code deployment-apps-v1.json}: of the group, only what stands before the first dot. */
  private static String fileName(JsonObject object) {
    String[] version = object.get("apiVersion").getAsString().split("/");
    String group = version.length == 1 ? "" : "-" + version[0].split("\\.")[0];
    return object.get("kind").getAsString().toLowerCase(Locale.ROOT)
        + group
        + "-"
        + version[version.length - 1]
        + ".json";
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
