package dev.valetkey.issuers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/** Spring Authorization Server as a process; users and clients as in its module say. */
final class SpringProcess implements AutoCloseable {
  private static final Path BUILT = Repository.root().resolve("testkit/spring-issuer/target");
  private static final String CALLBACK = "http://127.0.0.1/callback";

  /** RFC 7636, appendix B: a verifier and its challenge. */
  private static final String VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

  private static final String CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

  private final Child process;
  private final String issuer;

  private SpringProcess(Child process, String issuer) {
    this.process = process;
    this.issuer = issuer;
  }

  /**
   * Fails under {@code -Dvaletkey.test.strict=true}, else skips, where its module was not built.
   */
  static SpringProcess start(Path folder) {
    Path classpath = BUILT.resolve("classpath");
    if (!Files.exists(classpath)) {
      String why = "no " + classpath + ": mvn -pl testkit/spring-issuer package makes it";
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw new IllegalStateException(why);
      }
      return abort(why);
    }
    int port = Ports.free();
    Child process =
        Child.start(
            "spring",
            folder,
            Map.of(),
            List.of(
                Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx160m",
                "-cp",
                BUILT.resolve("classes") + ":" + read(classpath).strip(),
                "dev.valetkey.testkit.spring.SpringIssuer",
                String.valueOf(port)));
    process.awaitOut("ready\n", Duration.ofSeconds(60));
    return new SpringProcess(process, "http://127.0.0.1:" + port);
  }

  String issuer() {
    return issuer;
  }

  static String secret(String client) {
    return "CANARY-" + client + "-secret";
  }

  /** The grants that its token endpoint was asked for until now, oldest first. */
  List<String> asked() {
    // Its output comes through a pipe: when this request has come, all before it have.
    String last = "until-" + UUID.randomUUID();
    Http.post(URI.create(issuer + "/oauth2/token"), Form.of("grant_type", last));
    process.awaitOut("asked " + last + "\n", Duration.ofSeconds(20));
    return process
        .out()
        .lines()
        .filter(line -> line.startsWith("asked ") && !line.startsWith("asked until-"))
        .map(line -> line.substring(6))
        .toList();
  }

  /** Everything that it wrote. */
  String writings() {
    return process.out() + process.err();
  }

  /** A user's token of the chat application: authorization code with PKCE. */
  String userToken(String user) {
    Http.Response signedIn =
        Http.get(
            URI.create(issuer + "/sign-in"),
            "Authorization",
            basic(user, "CANARY-" + user + "-password"));
    String cookie = Objects.requireNonNull(signedIn.header("Set-Cookie")).split(";", 2)[0];
    Form asked =
        Form.of(
            "response_type",
            "code",
            "client_id",
            "chat-app",
            "redirect_uri",
            CALLBACK,
            "scope",
            "read",
            "code_challenge",
            CHALLENGE,
            "code_challenge_method",
            "S256");
    Http.Response agreed =
        Http.get(URI.create(issuer + "/oauth2/authorize?" + asked.encoded()), "Cookie", cookie);
    String answer = URI.create(Objects.requireNonNull(agreed.header("Location"))).getRawQuery();
    String code = Objects.requireNonNull(Form.parse(answer).first("code"));
    return token(
        Form.of(
            "grant_type",
            "authorization_code",
            "client_id",
            "chat-app",
            "redirect_uri",
            CALLBACK,
            "code",
            code,
            "code_verifier",
            VERIFIER));
  }

  /** A confidential client's own token. */
  String ownToken(String client) {
    return token(
        Form.of("grant_type", "client_credentials"),
        "Authorization",
        basic(client, secret(client)));
  }

  /** A user's token that the client {@code front-desk} got as actor, for this audience. */
  String delegatedToken(String userToken, String audience) {
    String type = "urn:ietf:params:oauth:token-type:access_token";
    return token(
        Form.of(
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token",
            userToken,
            "subject_token_type",
            type,
            "actor_token",
            ownToken("front-desk"),
            "actor_token_type",
            type,
            "audience",
            audience),
        "Authorization",
        basic("front-desk", secret("front-desk")));
  }

  @Override
  public void close() {
    process.close();
  }

  private String token(Form form, String... headers) {
    Http.Response answer = Http.post(URI.create(issuer + "/oauth2/token"), form, headers);
    String token = answer.status() == 200 ? Json.text(answer.json(), "access_token") : null;
    if (token == null) {
      throw new IllegalStateException("Spring answered " + answer.status());
    }
    return token;
  }

  private static String basic(String name, String password) {
    String both = URLEncoder.encode(name, UTF_8) + ":" + URLEncoder.encode(password, UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(both.getBytes(UTF_8));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
