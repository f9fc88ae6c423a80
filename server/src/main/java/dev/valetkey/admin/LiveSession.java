package dev.valetkey.admin;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.NullMarked;

/**
 * A session of a running sidecar, without any token text.
 *
 * @param id digest of the session in lower-case hexadecimal
 * @param expiry when its user token expires
 */
@NullMarked
public record LiveSession(
    String id, String issuer, String subject, Instant expiry, List<Entry> entries) {

  public LiveSession {
    entries = List.copyOf(entries);
  }

  /**
   * A token that is held for one server.
   *
   * @param expiry when the issued token expires
   */
  public record Entry(String server, Instant expiry) {}
}
