package dev.valetkey.config;

<<<<<<< HEAD
/**
 * What the audit lines say.
 *
 * @param hits whether calls answered from the cache are summed up once a minute (default) or
 *     written each
 * @param subject whether users are written plainly (default) or as a digest
 */
public record AuditConfig(Hits hits, SubjectForm subject) {
=======
/** What the audit lines say. */
public record AuditConfig(
    @Key(doc = "cache hits: summed up once a minute, or each one written", initial = "summary")
        Hits hits,
    @Key(doc = "users: written plainly or as a digest", initial = "plain") SubjectForm subject) {

>>>>>>> config
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
