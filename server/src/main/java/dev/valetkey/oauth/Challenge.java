package dev.valetkey.oauth;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a server's {@code WWW-Authenticate} says about the token that it wants: its Bearer challenge
 * (RFC 6750 §3) or its DPoP challenge (RFC 9449 §7.1). The server's word, believed by nobody yet.
 *
 * @param error for example {@code insufficient_scope}; null: none
 * @param scope what the token should permit; empty: not said
 * @param resourceMetadata where the server says its metadata is (RFC 9728 §5.1); null: not said
 */
public record Challenge(
    @Nullable String error, List<String> scope, @Nullable URI resourceMetadata) {
  /** Longer headers are not read at all. */
  static final int MAX_LENGTH = 10 * 1024;

  /** RFC 6749 appendix A.7. */
  private static final Pattern ERROR = Pattern.compile("[\\x20\\x21\\x23-\\x5B\\x5D-\\x7E]+");

  /** RFC 6749 §3.3. */
  private static final Pattern SCOPE_TOKEN = Pattern.compile("[\\x21\\x23-\\x5B\\x5D-\\x7E]+");

  public Challenge {
    scope = List.copyOf(scope);
  }

  /**
   * Reads the values of all {@code WWW-Authenticate} headers of one answer. Of several challenges
   * the first that says anything counts; a parameter that is broken, or there twice, counts as
   * absent. Empty if there is no Bearer or DPoP challenge, or more than {@value #MAX_LENGTH}
   * characters. Never throws.
   */
  public static Optional<Challenge> read(List<String> headerValues) {
    if (headerValues.stream().mapToLong(String::length).sum() > MAX_LENGTH) {
      return Optional.empty();
    }
    List<Challenge> challenges =
        headerValues.stream()
            .flatMap(value -> ChallengeReader.read(value).stream())
            .filter(scheme ->
                scheme.name().equalsIgnoreCase("Bearer") || scheme.name().equalsIgnoreCase("DPoP"))
            .map(Challenge::from)
            .toList();
    return challenges.stream()
        .filter(Challenge::saysAnything)
        .findFirst()
        .or(() -> challenges.stream().findFirst());
  }

  private static Challenge from(ChallengeReader.Scheme scheme) {
    return new Challenge(
        scheme.only("error").filter(error -> ERROR.matcher(error).matches()).orElse(null),
        scheme.only("scope").map(Challenge::scopes).orElse(List.of()),
        scheme.only("resource_metadata").map(Challenge::uri).orElse(null));
  }

  private boolean saysAnything() {
    return error != null || !scope.isEmpty() || resourceMetadata != null;
  }

  private static List<String> scopes(String text) {
    List<String> scopes = Stream.of(text.strip().split(" +", -1)).distinct().toList();
    return scopes.stream().allMatch(s -> SCOPE_TOKEN.matcher(s).matches()) ? scopes : List.of();
  }

  private static @Nullable URI uri(String text) {
    try {
      URI uri = new URI(text);
      return uri.isAbsolute() ? uri : null;
    } catch (URISyntaxException e) {
      return null;
    }
  }
}
