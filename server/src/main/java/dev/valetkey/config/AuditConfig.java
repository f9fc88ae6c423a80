package dev.valetkey.config;

/** What the audit lines say. */
public record AuditConfig(
    @Key(doc = "cache hits: summed up once a minute, or each one written", initial = "summary")
        Hits hits,
    @Key(doc = "users: written plainly or as a digest", initial = "plain") SubjectForm subject) {

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
