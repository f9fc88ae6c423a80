package dev.valetkey.oauth;

import dev.valetkey.token.Deadline;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks a token endpoint: signs the form, sends it, sends it once more where that is safe, and reads
 * the answer. Thread-safe; for virtual threads.
 */
final class TokenEndpoint {
  private static final int MAX_BODY = 256 * 1024;

  private final IssuerConnections connections;
  private final ClientAuthentication authentication;
  private final TokenAnswerReader reader;

  private final @Nullable DpopKey dpop;

  /**
   * @param dpop what tokens shall be bound to; null: nothing
   */
  TokenEndpoint(
      IssuerConnections connections,
      ClientAuthentication authentication,
      TokenAnswerReader reader,
      @Nullable DpopKey dpop) {
    this.connections = connections;
    this.authentication = authentication;
    this.reader = reader;
    this.dpop = dpop;
  }

  /**
   * The answer to {@code form}; without readable credentials, as if the issuer had refused them.
   */
  TokenAnswer ask(URI endpoint, Form form, Deadline deadline) {
    Optional<ClientAuthentication.Signed> signed = authentication.sign(form, endpoint);
    if (signed.isEmpty()) {
      return new TokenAnswer.Refused("invalid_client", 0);
    }
    TokenAnswer answer = send(endpoint, signed.get(), form, deadline);
    if (wantsNonce(answer) && !deadline.passed()) {
      // RFC 9449 §8: the nonce came with the refusal. Nothing was used up but our assertion.
      answer =
          send(endpoint, authentication.sign(form, endpoint).orElse(signed.get()), form, deadline);
    }
    if (!refusedUs(answer)) {
      return answer;
    }
    // Somebody may have rotated the secret between our reading it and the issuer's looking at it.
    Optional<ClientAuthentication.Signed> again = authentication.sign(form, endpoint);
    boolean rotated =
        again.isPresent()
            && again.get().credential() != null
            && !again.get().credential().equals(signed.get().credential());
    return rotated && !deadline.passed() ? send(endpoint, again.get(), form, deadline) : answer;
  }

  private boolean wantsNonce(TokenAnswer answer) {
    return dpop != null
        && answer instanceof TokenAnswer.Refused refused
        && refused.code().equals("use_dpop_nonce");
  }

  private static boolean refusedUs(TokenAnswer answer) {
    return answer instanceof TokenAnswer.Refused refused
        && (refused.code().equals("invalid_client") || refused.status() == 401);
  }

  private TokenAnswer send(
      URI endpoint, ClientAuthentication.Signed signed, Form form, Deadline deadline) {
    Reply first = post(endpoint, signed, deadline);
    if (!worthAnotherTry(first) || deadline.passed()) {
      return reader.read(first);
    }
    // The assertion of private_key_jwt may be used once only, so the form is signed anew.
    Supplier<ClientAuthentication.Signed> unchanged = () -> signed;
    return reader.read(
        post(endpoint, authentication.sign(form, endpoint).orElseGet(unchanged), deadline));
  }

  private Reply post(URI endpoint, ClientAuthentication.Signed signed, Deadline deadline) {
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
