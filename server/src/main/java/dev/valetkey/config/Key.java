package dev.valetkey.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a record component as a key of the file, spelled in snake_case. The reader, the JSON Schema
 * and docs/configuration.md take everything they know about a key from here and from the
 * component's type.
 *
 * <p>A key without {@link #initial} and {@link #derived} may be absent if it is {@code @Nullable},
 * a list, a map or a section that may be empty itself; otherwise it is required.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface Key {

  /** What the key means, as a sentence for users. */
  String doc();

  /**
   * Default as one would write it; words separated by spaces where the key takes a list. Empty:
   * none.
   */
  String initial() default "";

  /** The default in words where it follows from other keys; the rules fill it in. Empty: none. */
  String derived() default "";

  /** How the value is written, where the component's type leaves a choice. */
  Form form() default Form.PLAIN;

  /** Least number, duration or size; empty: none. */
  String min() default "";

  /** Greatest number, duration or size; empty: none. */
  String max() default "";

  /** Whether a list needs at least one element. */
  boolean filled() default false;

  /** Keys of the component's section that do not exist in this place. */
  String[] without() default {};
}
