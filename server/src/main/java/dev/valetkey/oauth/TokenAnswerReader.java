package dev.valetkey.oauth;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a token endpoint answered. Lenient where vendors differ without harm ({@code
 * expires_in} as text, {@code scope} as an array, the case of {@code token_type}), strict
 * everywhere else: what is no clear yes or no is no answer. Stateless.
 */
final class TokenAnswerReader {
  /** Bytes of the largest token that is taken; Google's reach 12 KiB. */
  private static final int MAX_TOKEN = 16 * 1024;

  /** Seconds of the longest life that is believed: ten years. */
  private static final long MAX_EXPIRES_IN = 10L * 365 * 24 * 3600;

  /** RFC 6750 §2.1: anything else could not be sent as a bearer token, or would end the header. */
  static final Pattern B64TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]++=*+");

  private static final Pattern ERROR_CODE = Pattern.compile("[a-z_]{1,64}");
  private static final Pattern DECIMAL = Pattern.compile("-?[0-9]{1,30}(\\.[0-9]{1,30})?");

  /**
   * Errors that mean "not now" although the issuer says them in words of its own (RFC 6749
   * §4.1.2.1).
   */
  private static final Set<String> NOT_NOW = Set.of("server_error", "temporarily_unavailable");

  private final InstantSource clock;

  TokenAnswerReader(InstantSource clock) {
    this.clock = clock;
  }

  /** What a response holds before it is known what it should hold. */
  sealed interface Body {
    /** A 200 with an object that is no error. */
    record Document(JsonObject json) implements Body {}

    /** Anything else, as a token endpoint would mean it. */
    record Failure(TokenAnswer answer) implements Body {}
  }

  TokenAnswer read(Reply reply) {
    return switch (body(reply)) {
      case Body.Failure failure -> failure.answer();
      case Body.Document document ->
          success(document.json()).orElseGet(() -> unavailable(Cause.ANSWER));
    };
  }

  /**
   * What the reply of an endpoint means that keeps tokens and was shown the user's as a bearer (RFC
   * 6750 §3.1): the user is who may be refused there.
   */
  TokenAnswer readStored(Reply reply) {
    int status = reply instanceof Reply.Answered answered ? answered.status() : 0;
    return switch (status) {
      case 400 -> new TokenAnswer.Refused("interaction_required", status);
      case 401 -> new TokenAnswer.Refused("invalid_grant", status);
      case 403 -> new TokenAnswer.Refused("access_denied", status);
      case 404 -> new TokenAnswer.Refused("invalid_target", status);
      default -> read(reply);
    };
  }

  /** Tells a document from all the ways not to be one. */
  Body body(Reply reply) {
    return switch (reply) {
      case Reply.Answered answered -> body(answered);
      case Reply.Unusable unusable -> new Body.Failure(unavailable(Cause.ANSWER));
      case Reply.Failed failed ->
          new Body.Failure(
              unavailable(
                  switch (failed.failure()) {
                    case CONNECTION, TLS -> Cause.UNREACHABLE;
                    case TIMEOUT -> Cause.DEADLINE;
                    case BUSY -> Cause.BUSY;
                  }));
    };
  }

  private Body body(Reply.Answered reply) {
    int status = reply.status();
    if (status == 429 || (status == 503 && reply.retryAfter() != null)) {
      return new Body.Failure(
          new TokenAnswer.Unavailable(
              Cause.RATE_LIMIT, RetryAfter.parse(reply.retryAfter(), clock.instant())));
    }
    if (notNow(status)) {
      return new Body.Failure(unavailable(Cause.UNREACHABLE));
    }
    if (status != 200 && status < 400) {
      return new Body.Failure(unavailable(Cause.ANSWER));
    }
    Optional<JsonObject> body = reply.json();
    if (body.isPresent() && body.get().has("error")) {
      // An error beside a token wins: whoever says both did not mean yes.
      return new Body.Failure(error(body.get().get("error"), status));
    }
    if (status == 401) {
      return new Body.Failure(new TokenAnswer.Refused("invalid_client", status));
    }
    if (status != 200 || body.isEmpty()) {
      return new Body.Failure(unavailable(Cause.ANSWER));
    }
    return new Body.Document(body.get());
  }

  /** A broker's {@code {"token": …}}; empty if it holds none that could be sent. */
  static Optional<TokenAnswer> brokered(JsonObject body) {
    return token(body.get("token"))
        .map(token ->
            new TokenAnswer.Success(
                Secret.of(token), TokenAnswer.Type.UNSAID, null, OptionalLong.empty(), null));
  }

  /** Whether the issuer does not take us for whom we say we are (RFC 6749 §5.2). */
  static boolean refusedClient(Reply reply) {
    return reply instanceof Reply.Answered answered
        && (answered.status() == 401
            || !notNow(answered.status())
                && answered.status() != 429
                && answered
                    .json()
                    .flatMap(body -> text(body.get("error")))
                    .filter("invalid_client"::equals)
                    .isPresent());
  }

  private static boolean notNow(int status) {
    return status >= 500 || status == 408;
  }

  /** Whether the endpoint asks for the same once more, with its nonce (RFC 9449 §8). */
  static boolean wantsNonce(Reply reply) {
    return reply instanceof Reply.Answered answered
        && answered.dpopNonce() != null
        && answered
            .json()
            .flatMap(body -> text(body.get("error")))
            .filter("use_dpop_nonce"::equals)
            .isPresent();
  }

  static TokenAnswer.Unavailable unavailable(TokenOutcome.Cause cause) {
    return new TokenAnswer.Unavailable(cause, RetryAfter.MIN);
  }

  private static TokenAnswer error(JsonElement error, int status) {
    String code = text(error).filter(c -> ERROR_CODE.matcher(c).matches()).orElse("other");
    return NOT_NOW.contains(code)
        ? unavailable(Cause.UNREACHABLE)
        : new TokenAnswer.Refused(code, status);
  }

  private static Optional<TokenAnswer> success(JsonObject body) {
    Optional<String> token = token(body.get("access_token"));
    Optional<TokenAnswer.Type> type = type(body.get("token_type"));
    JsonElement issuedType = body.get("issued_token_type");
    Optional<OptionalLong> expiresIn = expiresIn(body.get("expires_in"));
    JsonElement scope = body.get("scope");
    Optional<Set<String>> scopes = scopes(absent(scope) ? null : scope);
    if (token.isEmpty()
        || type.isEmpty()
        || (!absent(issuedType) && text(issuedType).isEmpty())
        || expiresIn.isEmpty()
        || scopes.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new TokenAnswer.Success(
            Secret.of(token.get()),
            type.get(),
            text(issuedType).orElse(null),
            expiresIn.get(),
            absent(scope) ? null : scopes.get()));
  }

  private static Optional<String> token(@Nullable JsonElement value) {
    return text(value).filter(t -> t.length() <= MAX_TOKEN && B64TOKEN.matcher(t).matches());
  }

  /** Empty for a type that nobody here can use, such as {@code mac}. */
  private static Optional<TokenAnswer.Type> type(@Nullable JsonElement value) {
    if (absent(value)) {
      return Optional.of(TokenAnswer.Type.UNSAID);
    }
    return switch (text(value).orElse("").toLowerCase(Locale.ROOT)) {
      case "bearer" -> Optional.of(TokenAnswer.Type.BEARER);
      case "dpop" -> Optional.of(TokenAnswer.Type.DPOP);
      case "n_a" -> Optional.of(TokenAnswer.Type.NOT_APPLICABLE);
      default -> Optional.empty();
    };
  }

  /** Seconds; empty outside: neither a number nor text that holds one. */
  private static Optional<OptionalLong> expiresIn(@Nullable JsonElement value) {
    if (absent(value)) {
      return Optional.of(OptionalLong.empty());
    }
    if (!(value instanceof JsonPrimitive primitive) || primitive.isBoolean()) {
      return Optional.empty();
    }
    if (primitive.isString() && !DECIMAL.matcher(primitive.getAsString()).matches()) {
      return Optional.empty();
    }
    // A cast from double saturates, so that no size of number wraps around.
    long seconds = (long) primitive.getAsDouble();
    return Optional.of(OptionalLong.of(Math.clamp(seconds, 0, MAX_EXPIRES_IN)));
  }

  /**
   * Scopes from text or an array of texts; none from null; empty if {@code value} is anything else.
   */
  static Optional<Set<String>> scopes(@Nullable JsonElement value) {
    Set<String> scopes = new LinkedHashSet<>();
    List<JsonElement> parts =
        value instanceof JsonArray array
            ? array.asList()
            : value == null ? List.of() : List.of(value);
    for (JsonElement part : parts) {
      Optional<String> text = text(part);
      if (text.isEmpty()) {
        return Optional.empty();
      }
      for (String scope : text.get().split(" ", -1)) {
        if (!scope.isEmpty()) {
          scopes.add(scope);
        }
      }
    }
    return Optional.of(scopes);
  }

  private static boolean absent(@Nullable JsonElement value) {
    return value == null || value.isJsonNull();
  }

  private static Optional<String> text(@Nullable JsonElement value) {
    return value instanceof JsonPrimitive primitive && primitive.isString()
        ? Optional.of(primitive.getAsString())
        : Optional.empty();
  }
}
