package dev.valetkey.oauth;

import dev.valetkey.token.Deadline;
import java.net.URI;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Posts forms to an issuer in our name: signs the form, sends it, and sends it once more where that
 * is safe. Thread-safe; for virtual threads.
 */
final class SignedPosts {
  private static final int MAX_BODY = 256 * 1024;

  private final IssuerConnections connections;
  private final ClientAuthentication authentication;

  SignedPosts(IssuerConnections connections, ClientAuthentication authentication) {
    this.connections = connections;
    this.authentication = authentication;
  }

  /** The reply to {@code form}; empty if our credentials cannot be read. */
  Optional<Reply> post(URI endpoint, Form form, Deadline deadline) {
    Optional<ClientAuthentication.Signed> signed = authentication.sign(form);
    if (signed.isEmpty()) {
      return Optional.empty();
    }
    Reply reply = send(endpoint, signed.get(), form, deadline);
    if (!TokenAnswerReader.refusedClient(reply)) {
      return Optional.of(reply);
    }
    // Somebody may have rotated the secret between our reading it and the issuer's looking at it.
    Optional<ClientAuthentication.Signed> again = authentication.sign(form);
    boolean rotated =
        again.isPresent()
            && again.get().credential() != null
            && !again.get().credential().equals(signed.get().credential());
    return Optional.of(
        rotated && !deadline.passed() ? send(endpoint, again.get(), form, deadline) : reply);
  }

  private Reply send(
      URI endpoint, ClientAuthentication.Signed signed, Form form, Deadline deadline) {
    Reply first = once(endpoint, signed, deadline);
    if (!worthAnotherTry(first) || deadline.passed()) {
      return first;
    }
    // The assertion of private_key_jwt may be used once only, so the form is signed anew.
    Supplier<ClientAuthentication.Signed> unchanged = () -> signed;
    return once(endpoint, authentication.sign(form).orElseGet(unchanged), deadline);
  }

  private Reply once(URI endpoint, ClientAuthentication.Signed signed, Deadline deadline) {
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
}
