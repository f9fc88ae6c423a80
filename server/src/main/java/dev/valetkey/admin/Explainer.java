package dev.valetkey.admin;

/**
 * Says what would happen to a call and why. Asks no issuer for a token and changes nothing; may
 * block. Thread-safe.
 */
@FunctionalInterface
public interface Explainer {
  Explanation explain(Explanation.Question question);
}
