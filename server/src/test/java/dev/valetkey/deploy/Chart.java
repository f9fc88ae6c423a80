package dev.valetkey.deploy;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import dev.valetkey.testkit.Repository;
import java.nio.file.Path;
import java.util.Map;

/** The chart, rendered by Helm itself. */
final class Chart {
  private static final Path FOLDER = Repository.root().resolve("deploy/helm/valetkey");
  private static final String KUBERNETES = "1.33.0";

  private Chart() {}

  /**
   * What {@code helm template} prints.
   *
   * @param values as of {@code --set}
   * @throws IllegalStateException with Helm's words, when the values are refused
   */
  static String rendered(Map<String, String> values) {
    var command =
        new Helm(FOLDER)
            .template()
            .withName("valetkey")
            .withNamespace("valetkey-system")
            .withKubeVersion(KUBERNETES);
    values.forEach(command::set);
    return command.call();
  }

  /** With the values of a file. */
  static String rendered(Path valuesFile) {
    return new Helm(FOLDER)
        .template()
        .withName("valetkey")
        .withNamespace("valetkey-system")
        .withKubeVersion(KUBERNETES)
        .withValuesFile(valuesFile)
        .call();
  }

  static LintResult lint() {
    return new Helm(FOLDER).lint().strict().call();
  }
}
