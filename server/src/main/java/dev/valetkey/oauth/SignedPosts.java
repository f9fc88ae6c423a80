package dev.valetkey.oauth;

import dev.valetkey.token.Deadline;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Posts forms to an issuer in our name: signs the form, sends it, and sends it once more where that
 * is safe. Thread-safe; for virtual threads.
 */
final class SignedPosts {
  private static final int MAX_BODY = 256 * 1024;

  private final IssuerConnections connections;
  private final ClientAuthentication authentication;
  private final @Nullable DpopKey dpop;

  /**
   * @param dpop what tokens shall be bound to, of which each post carries a proof; null: nothing
   */
  SignedPosts(
      IssuerConnections connections, ClientAuthentication authentication, @Nullable DpopKey dpop) {
    this.connections = connections;
    this.authentication = authentication;
    this.dpop = dpop;
  }

  /** The reply to {@code form}; empty if our credentials cannot be read. */
  Optional<Reply> post(URI endpoint, Form form, Deadline deadline) {
    Optional<ClientAuthentication.Signed> signed = authentication.sign(form, endpoint);
    if (signed.isEmpty()) {
      return Optional.empty();
    }
    Reply reply = send(endpoint, signed.get(), form, deadline);
    if (dpop != null && TokenAnswerReader.wantsNonce(reply) && !deadline.passed()) {
      // RFC 9449 §8: the nonce came with the refusal. Nothing was used up but our assertion.
      ClientAuthentication.Signed anew = authentication.sign(form, endpoint).orElse(signed.get());
      reply = send(endpoint, anew, form, deadline);
    }
    if (!TokenAnswerReader.refusedClient(reply)) {
      return Optional.of(reply);
    }
    // Somebody may have rotated the secret between our reading it and the issuer's looking at it.
    Optional<ClientAuthentication.Signed> again = authentication.sign(form, endpoint);
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
    return once(endpoint, authentication.sign(form, endpoint).orElseGet(unchanged), deadline);
  }

  private Reply once(URI endpoint, ClientAuthentication.Signed signed, Deadline deadline) {
    Map<String, String> headers = new HashMap<>();
    if (signed.authorization() != null) {
      headers.put("Authorization", signed.authorization());
    }
    if (dpop != null) {
      headers.put("DPoP", dpop.proof("POST", endpoint));
    }
    Reply reply = connections.post(endpoint, headers, signed.form().encoded(), MAX_BODY, deadline);
    if (dpop != null && reply instanceof Reply.Answered answered && answered.dpopNonce() != null) {
      dpop.useNonce(endpoint, answered.dpopNonce());
    }
    return reply;
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
