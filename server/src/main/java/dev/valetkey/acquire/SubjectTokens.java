package dev.valetkey.acquire;

import dev.valetkey.token.Deadline;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Secret;
import dev.valetkey.token.Session;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that a grant shows to an issuer: the user's own, one from a file, or one that another
 * grant gets. Thread-safe; for virtual threads.
 */
final class SubjectTokens {
  /** A mounted token that is missing will most likely be there soon. */
  private static final Duration FILE_RETRY = Duration.ofSeconds(5);

  private final Acquirer acquirer;
  private final CredentialFiles files;

  /**
   * @param acquirer gets the tokens of other grants
   */
  SubjectTokens(Acquirer acquirer, CredentialFiles files) {
    this.acquirer = acquirer;
    this.files = files;
  }

  /** A token to be shown, or why there is none. */
  sealed interface Found {
    record Token(Secret text) implements Found {}

    record Nothing(TokenOutcome why) implements Found {}
  }

  /**
   * On whose behalf the target's token is asked for.
   *
   * @param file that holds the token; null: the user's, or that of the grant which the target names
   */
  Found subject(TokenRequest request, @Nullable Path file, Deadline deadline) {
    if (file != null) {
      return inFile(file);
    }
    Target source = request.target().subject();
    return source == null ? ofUser(request.user()) : of(source, request.user(), deadline);
  }

  /**
   * Who acts.
   *
   * @param file that holds the token; null: the grant which the target names gets it
   * @return null: nobody
   */
  @Nullable Found actor(TokenRequest request, @Nullable Path file, Deadline deadline) {
    if (file != null) {
      return inFile(file);
    }
    Target source = request.target().actor();
    return source == null ? null : of(source, null, deadline);
  }

  private Found of(Target source, @Nullable User user, Deadline deadline) {
    TokenOutcome outcome =
        acquirer.acquire(new TokenRequest(source, user, Duration.ZERO), deadline);
    return outcome instanceof TokenOutcome.Granted granted
        ? new Found.Token(granted.token().text())
        : new Found.Nothing(outcome);
  }

  private Found inFile(Path file) {
    return files
        .read(file)
        .<Found>map(Found.Token::new)
        .orElseGet(() ->
            new Found.Nothing(
                new TokenOutcome.Unavailable(TokenOutcome.Cause.UNREACHABLE, FILE_RETRY)));
  }

  private static Found ofUser(@Nullable User user) {
    Session.UserToken token = user == null ? null : user.userToken();
    if (token != null) {
      return new Found.Token(token.text());
    }
    return new Found.Nothing(
        new TokenOutcome.Rejected(
            user == null ? Rejection.ACCESS_DENIED : Rejection.INVALID_GRANT));
  }
}
