package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The real Keycloak with the realm {@code valetkey}, shared by all tests of this user and left
 * running; see {@code bin/keycloak-up.sh}. Users are alice and bob with {@link Issuer#password},
 * clients {@code chat-app} and {@code agent}.
 */
public final class Keycloak {
  /** The secret of the client {@code agent}. */
  public static final String AGENT_SECRET = "CANARY-agent-secret";

  private static final Pattern EXPORT = Pattern.compile("export (\\w+)=(.*)");

  private final String url;
  private final String httpsUrl;
  private final Path ca;

  private Keycloak(Map<String, String> exports) {
    this.url = exports.getOrDefault("KEYCLOAK_URL", "");
    this.httpsUrl = exports.getOrDefault("KEYCLOAK_HTTPS_URL", "");
    this.ca = Path.of(exports.getOrDefault("KEYCLOAK_CA", ""));
  }

  /** Starts it unless it runs: 25 s, minutes the very first time. */
  public static Keycloak start() {
    String printed =
        Child.run(
            Duration.ofMinutes(15),
            Map.of(),
            List.of(Repository.script("keycloak-up.sh").toString()));
    Map<String, String> exports = new HashMap<>();
    for (Matcher line = EXPORT.matcher(printed); line.find(); ) {
      exports.put(line.group(1), line.group(2));
    }
    return new Keycloak(exports);
  }

  /** Stops it, whoever started it. */
  public static void stop() {
    Child.run(List.of(Repository.script("keycloak-up.sh").toString(), "down"));
  }

  /** The issuer over plain http; tokens asked for here name it as {@code iss}. */
  public String issuer() {
    return url + "/realms/valetkey";
  }

  /** The issuer over https: another {@code iss}. */
  public String httpsIssuer() {
    return httpsUrl + "/realms/valetkey";
  }

  /** The CA of the https address, PEM. */
  public Path ca() {
    return ca;
  }

  /** Logs a user in over http and gives the access token. */
  public String passwordToken(String client, String user) {
    return login(issuer(), null, client, user);
  }

  /** The same over https. */
  public String httpsPasswordToken(String client, String user) {
    return login(httpsIssuer(), TestCa.trusting(ca), client, user);
  }

  /** Any request to the token endpoint over http by a client with Basic authentication. */
  public Http.Response token(String client, String secret, Form form) {
    return Http.post(tokenEndpoint(issuer()), form, "Authorization", basic(client, secret));
  }

  /**
   * A token exchange of the client {@code agent}; further parameters are alternating names and
   * values.
   */
  public Http.Response exchange(String subjectToken, String... parameters) {
    Form form =
        Form.of(
            "grant_type",
            TokenEndpoint.EXCHANGE,
            "subject_token",
            subjectToken,
            "subject_token_type",
            TokenEndpoint.TYPE + "access_token");
    for (Header more : Header.of(parameters)) {
      form = form.and(more.name(), more.value());
    }
    return token("agent", AGENT_SECRET, form);
  }

  /** Ends all sessions of a user: their access tokens can no longer be exchanged. */
  public void logout(String user) {
    String authorization = "Bearer " + adminToken();
    String users = url + "/admin/realms/valetkey/users";
    Http.Response found =
        Http.get(
            URI.create(users + "?exact=true&username=" + user), "Authorization", authorization);
    Object id = Json.object("{\"users\":" + found.text() + "}").get("users");
    Matcher first = Pattern.compile("id=([0-9a-f-]{36})").matcher(String.valueOf(id));
    if (!first.find()) {
      throw new IllegalArgumentException("no user " + user);
    }
    URI logout = URI.create(users + "/" + first.group(1) + "/logout");
    Http.Response ended = Http.post(logout, "application/json", "", "Authorization", authorization);
    if (ended.status() != 204) {
      throw new IllegalStateException("logout: " + ended.status());
    }
  }

  private String adminToken() {
    Form form =
        Form.of(
            "grant_type",
            "password",
            "client_id",
            "admin-cli",
            "username",
            "admin",
            "password",
            "admin");
    URI endpoint = tokenEndpoint(url + "/realms/master");
    return accessToken(Http.post(endpoint, form));
  }

  private static String login(String issuer, @Nullable SSLContext tls, String client, String user) {
    Form form =
        Form.of(
            "grant_type",
            "password",
            "client_id",
            client,
            "username",
            user,
            "password",
            Issuer.password(user));
    Http.Response answer =
        Http.request(
            "POST",
            tokenEndpoint(issuer),
            tls,
            form.encoded().getBytes(UTF_8),
            "Content-Type",
            "application/x-www-form-urlencoded");
    return accessToken(answer);
  }

  private static String accessToken(Http.Response answer) {
    String token = answer.status() == 200 ? Json.text(answer.json(), "access_token") : null;
    if (token == null) {
      throw new IllegalStateException("Keycloak answered " + answer.status());
    }
    return token;
  }

  private static URI tokenEndpoint(String issuer) {
    return URI.create(issuer + "/protocol/openid-connect/token");
  }

  private static String basic(String client, String secret) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString(
                (URLEncoder.encode(client, UTF_8) + ":" + URLEncoder.encode(secret, UTF_8))
                    .getBytes(UTF_8));
  }
}
