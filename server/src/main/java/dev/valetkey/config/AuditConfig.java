package dev.valetkey.config;

/**
 * What the audit lines say.
 *
 * @param hits whether calls answered from the cache are summed up once a minute (default) or written each
 * @param subject whether users are written plainly (default) or as a digest
 */
public record AuditConfig(Hits hits, SubjectForm subject) {
  /** How cache hits are written. */
  public enum Hits {
    SUMMARY,
    EACH
  }

  /** How users are written. */
  public enum SubjectForm {
    PLAIN,
    DIGEST
  }
}
