package dev.valetkey.capture;

import dev.valetkey.testkit.PodNetwork;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Network namespaces, which {@code testkit/bin/namespaces-up.sh} looks after. */
final class Namespaces {
  private Namespaces() {}

  /** Skips a class where none can be made; with {@code valetkey.test.strict} it runs, and fails. */
  @Target(ElementType.TYPE)
  @Retention(RetentionPolicy.RUNTIME)
  @ExtendWith(Made.class)
  @interface Needed {}

  /** The answer to {@link Needed}. */
  static final class Made implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        return ConditionEvaluationResult.enabled("they must be possible");
      }
      String missing = PodNetwork.missing();
      return missing.isEmpty()
          ? ConditionEvaluationResult.enabled("they are possible")
          : ConditionEvaluationResult.disabled(
              "no network namespaces: " + missing + "; testkit/bin/namespaces-up.sh says more");
    }
  }
}
