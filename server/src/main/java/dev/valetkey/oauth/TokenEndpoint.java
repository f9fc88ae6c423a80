package dev.valetkey.oauth;

import dev.valetkey.token.Deadline;
import dev.valetkey.token.TokenOutcome.Cause;
import java.net.URI;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Asks a token endpoint: signs the form, sends it, sends it once more where that is safe, and reads
 * the answer. Thread-safe; for virtual threads.
 */
final class TokenEndpoint {
  private static final int MAX_BODY = 256 * 1024;

  private final IssuerConnections connections;
  private final ClientAuthentication authentication;
  private final TokenAnswerReader reader;

  TokenEndpoint(
      IssuerConnections connections,
      ClientAuthentication authentication,
      TokenAnswerReader reader) {
    this.connections = connections;
    this.authentication = authentication;
    this.reader = reader;
  }

  /**
   * The answer to {@code form}; without readable credentials, as if the issuer had refused them.
   */
  TokenAnswer ask(URI endpoint, Form form, Deadline deadline) {
    Optional<ClientAuthentication.Signed> signed = authentication.sign(form);
    if (signed.isEmpty()) {
      return new TokenAnswer.Refused("invalid_client", 0);
    }
    TokenAnswer answer = send(endpoint, signed.get(), form, deadline);
    if (!refusedUs(answer)) {
      return answer;
    }
    // Somebody may have rotated the secret between our reading it and the issuer's looking at it.
    Optional<ClientAuthentication.Signed> again = authentication.sign(form);
    boolean rotated =
        again.isPresent()
            && again.get().credential() != null
            && !again.get().credential().equals(signed.get().credential());
    return rotated && !deadline.passed() ? send(endpoint, again.get(), form, deadline) : answer;
  }

  private static boolean refusedUs(TokenAnswer answer) {
    return answer instanceof TokenAnswer.Refused refused
        && (refused.code().equals("invalid_client") || refused.status() == 401);
  }

  private TokenAnswer send(
      URI endpoint, ClientAuthentication.Signed signed, Form form, Deadline deadline) {
    Reply first = post(endpoint, signed, deadline);
    if (!worthAnotherTry(first) || deadline.passed()) {
      return read(first);
    }
    // The assertion of private_key_jwt may be used once only, so the form is signed anew.
    Supplier<ClientAuthentication.Signed> unchanged = () -> signed;
    return read(post(endpoint, authentication.sign(form).orElseGet(unchanged), deadline));
  }

  private Reply post(URI endpoint, ClientAuthentication.Signed signed, Deadline deadline) {
    return connections.post(
        endpoint, signed.authorization(), signed.form().encoded(), MAX_BODY, deadline);
  }

  /** Failures in which the issuer most likely never saw the request, or asks for it again. */
  private static boolean worthAnotherTry(Reply reply) {
    return switch (reply) {
      case Reply.Failed failed -> failed.failure() == Reply.Failure.CONNECTION;
      case Reply.Unusable unusable -> false;
      case Reply.Answered answered ->
          switch (answered.status()) {
            case 502, 504 -> true;
            case 503 -> answered.retryAfter() == null;
            default -> false;
          };
    };
  }

  private TokenAnswer read(Reply reply) {
    return switch (reply) {
      case Reply.Answered answered -> reader.read(answered);
      case Reply.Unusable unusable -> TokenAnswerReader.unavailable(Cause.ANSWER);
      case Reply.Failed failed ->
          TokenAnswerReader.unavailable(
              switch (failed.failure()) {
                case CONNECTION, TLS -> Cause.UNREACHABLE;
                case TIMEOUT -> Cause.DEADLINE;
                case BUSY -> Cause.BUSY;
              });
    };
  }
}
