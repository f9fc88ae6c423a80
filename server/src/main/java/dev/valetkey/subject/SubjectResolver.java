package dev.valetkey.subject;

import dev.valetkey.token.Deadline;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.User;
import dev.valetkey.token.UserTokenFault;
import org.jspecify.annotations.Nullable;

/** Tells the user of a user token, under the rules of one configuration. Thread-safe. */
public interface SubjectResolver {

  /**
   * The user of a token that was verified before and still counts; null: unknown. Never blocks,
   * allocates next to nothing.
   */
  @Nullable User known(TokenDigest token);

  /**
   * Verifies a token and opens or joins its user's session. May fetch keys, until {@code deadline}.
   *
   * @param bytes buffer that holds the token at {@code [start, end)}
   * @param digest of those bytes
   */
  Resolution resolve(byte[] bytes, int start, int end, TokenDigest digest, Deadline deadline);

  /**
   * Whether a token with this digest was taken for a user's before, be it good or not by now. Never
   * blocks.
   */
  boolean seen(TokenDigest token);

  /**
   * Whether these bytes look like a user token, valid or not: a JWT of an issuer whose tokens count
   * as a user's. Never throws.
   */
  boolean looksLikeUserToken(byte[] bytes, int start, int end);

  /** What came of verifying. */
  sealed interface Resolution {
    record Resolved(User user) implements Resolution {}

    record Refused(UserTokenFault fault) implements Resolution {}
  }
}
