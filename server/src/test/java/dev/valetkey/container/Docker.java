package dev.valetkey.container;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Repository;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;

/**
 * The Docker engine that {@code bin/test} brought ({@code testkit/bin/containers-up.sh} prints what
 * to export), and the image under test in it.
 */
final class Docker {
  /** Builds compile a runtime and train it. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private Docker() {}

  /**
   * Skips a class where no engine answers; with {@code valetkey.test.strict} it runs, and fails.
   */
  @Target(ElementType.TYPE)
  @Retention(RetentionPolicy.RUNTIME)
  @ExtendWith(Engine.class)
  @interface Needed {}

  /** The answer to {@link Needed}. */
  static final class Engine implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      if (Boolean.getBoolean("valetkey.test.strict")
          || DockerClientFactory.instance().isDockerAvailable()) {
        return ConditionEvaluationResult.enabled("an engine answers, or must");
      }
      return ConditionEvaluationResult.disabled(
          "no Docker engine answers; testkit/bin/containers-up.sh brings one");
    }
  }

  /** Built at its first use; a constant would be used without that. */
  private static final class Image {
    static final String NAME = build("valetkey:test");

    private static String build(String name) {
      run("build", "--tag", name, Repository.root().toString());
      return name;
    }
  }

  /** The name of the image, built once of this checkout's jar. */
  static String image() {
    return Image.NAME;
  }

  /** Runs a command of Docker's and gives what it printed; fails with all of it. */
  static String run(String... arguments) {
    List<String> command = new ArrayList<>(List.of("docker"));
    command.addAll(List.of(arguments));
    return Child.run(PATIENCE, Map.of(), command);
  }
}
