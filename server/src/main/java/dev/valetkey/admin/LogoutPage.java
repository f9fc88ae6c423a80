package dev.valetkey.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import dev.valetkey.subject.BackChannelLogout;
import dev.valetkey.subject.BackChannelLogout.Outcome;
import java.io.IOException;
import java.net.URLDecoder;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /backchannel-logout} (OpenID Connect Back-Channel Logout 1.0 §2.5): one form field,
 * judged by its signature. Whoever can reach the address can send anything, so bodies are small and
 * few are looked at at a time; the others wait their turn. Thread-safe.
 */
final class LogoutPage {
  private static final String FORM = "application/x-www-form-urlencoded";
  private static final String FIELD = "logout_token=";

  /** A token has 16 KiB at most. */
  private static final int MAX_BODY = 24 * 1024;

  private static final int AT_ONCE = 4;
  private static final int PATIENCE_SECONDS = 3;

  private final Supplier<BackChannelLogout> logout;
  private final Semaphore places = new Semaphore(AT_ONCE, true);

  LogoutPage(Supplier<BackChannelLogout> logout) {
    this.logout = logout;
  }

  boolean isOn() {
    return logout.get().isOn();
  }

  Outcome receive(HttpExchange exchange) throws IOException {
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    if (type == null || !type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals(FORM)) {
      return Outcome.INVALID;
    }
    byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
    String token = body.length > MAX_BODY ? null : token(new String(body, UTF_8));
    return token == null ? Outcome.INVALID : receive(token);
  }

  private Outcome receive(String token) {
    try {
      if (!places.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        return Outcome.UNAVAILABLE;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Outcome.UNAVAILABLE;
    }
    try {
      return logout.get().receive(token.getBytes(UTF_8));
    } finally {
      places.release();
    }
  }

  /** The field; null if it is not there exactly once. */
  private static @Nullable String token(String form) {
    List<String> found =
        Arrays.stream(form.split("&", -1)).filter(field -> field.startsWith(FIELD)).toList();
    if (found.size() != 1) {
      return null;
    }
    try {
      return URLDecoder.decode(found.getFirst().substring(FIELD.length()), UTF_8);
    } catch (IllegalArgumentException badEscape) {
      return null;
    }
  }
}
