package dev.valetkey.keycloak;

import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Header;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** As much of a browser as Keycloak's sign-in page needs: cookies, redirects and one form. */
final class Browser {
  static final String CALLBACK = "http://127.0.0.1/callback";
  private static final Pattern FORM = Pattern.compile("id=\"kc-form-login\"[^>]*action=\"([^\"]+)");
  private static final Pattern COOKIE = Pattern.compile("([^=]+)=([^;]*);.*?Path=([^;]+)");
  private static final int MOST_STEPS = 12;

  private record Cookie(String name, String path) {}

  private final Map<Cookie, String> cookies = new LinkedHashMap<>();

  /** Signs a user in at the page that {@code start} leads to, and gives the code for the client. */
  String code(URI start, String user) {
    URI at = start;
    Http.Response answer = get(at);
    for (int step = 0; step < MOST_STEPS; step++) {
      if (answer.status() == 200) {
        Matcher form = FORM.matcher(answer.text());
        if (!form.find()) {
          throw new IllegalStateException("a page without a sign-in form: " + at.getPath());
        }
        at = at.resolve(form.group(1).replace("&amp;", "&"));
        answer = post(at, Form.of("username", user, "password", Issuer.password(user)));
      } else {
        at = at.resolve(Objects.requireNonNull(answer.header("Location"), at.getPath()));
        if (at.toString().startsWith(CALLBACK)) {
          return Objects.requireNonNull(Form.parse(at.getRawQuery()).first("code"), "code");
        }
        answer = get(at);
      }
    }
    throw new IllegalStateException("no end of redirects: " + at.getPath());
  }

  private Http.Response get(URI uri) {
    return keep(Http.get(uri, "Cookie", cookiesFor(uri)));
  }

  private Http.Response post(URI uri, Form form) {
    return keep(Http.post(uri, form, "Cookie", cookiesFor(uri)));
  }

  private Http.Response keep(Http.Response answer) {
    for (Header header : answer.headers()) {
      Matcher cookie = COOKIE.matcher(header.value());
      if (header.name().equalsIgnoreCase("Set-Cookie") && cookie.lookingAt()) {
        cookies.put(new Cookie(cookie.group(1), cookie.group(3)), cookie.group(2));
      }
    }
    return answer;
  }

  /** Each realm has cookies of its own, of the same names: their paths tell them apart. */
  private String cookiesFor(URI uri) {
    return cookies.entrySet().stream()
        .filter(cookie -> uri.getPath().startsWith(cookie.getKey().path()))
        .map(cookie -> cookie.getKey().name() + "=" + cookie.getValue())
        .collect(Collectors.joining("; "));
  }
}
