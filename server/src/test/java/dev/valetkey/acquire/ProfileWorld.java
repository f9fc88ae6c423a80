package dev.valetkey.acquire;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.valetkey.config.AuditConfig;
import dev.valetkey.config.Config;
import dev.valetkey.config.Copies;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.oauth.Configs;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.MovedTime;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.testkit.Algorithm;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.JwtBuilder;
import dev.valetkey.testkit.LoopbackServer;
import dev.valetkey.testkit.Reply;
import dev.valetkey.testkit.SeenRequest;
import dev.valetkey.testkit.SigningKey;
import dev.valetkey.testkit.TestCa;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.User;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One example of a page at work: every issuer of its configuration is dialled at one loopback
 * server, which publishes the token endpoint that the page shows.
 */
final class ProfileWorld implements AutoCloseable {
  /** Of a user with {@code "oid": "CANARY-oid"}. */
  private static final String USER_TOKEN =
      "eyJhbGciOiJFUzI1NiJ9.eyJvaWQiOiJDQU5BUlktb2lkIn0.Q0FOQVJZLXNpZ25hdHVyZQ";

  private static final String SECRET = "CANARY-client-secret";
  private static final String ASSERTION = "urn:ietf:params:oauth:token-type:id-jag";
  private static final Pattern FILE = Pattern.compile("(\\w+_file): (\\S+)");
  private static final SigningKey KEY = SigningKey.generate("k1", Algorithm.ES256);

  private final ProfilePage.Example example;
  private final Path folder;
  private final Config config;
  private final MovedTime time = new MovedTime();
  private final LoopbackServer server = LoopbackServer.bind(0, null);
  private final Issuers issuers = new Issuers(time, time, new SecureRandom());
  private final ByteArrayOutputStream auditLines = new ByteArrayOutputStream();
  private final Metrics metrics = new Metrics();
  private final Audit audit;
  private final List<SeenRequest> calls = new ArrayList<>();
  private volatile Reply lastAnswer;

  ProfileWorld(ProfilePage.Example example, Path folder) {
    this.example = example;
    this.folder = folder;
    this.audit =
        new Audit(
            new AuditConfig(AuditConfig.Hits.SUMMARY, AuditConfig.SubjectForm.PLAIN),
            auditLines,
            time,
            metrics);
    writeFiles();
    this.config = dialled(Written.config(folder, example.yaml()));
    this.lastAnswer = answer();
    server.serve(this::handle);
  }

  Config config() {
    return config;
  }

  /** The last question is answered so. */
  void answer(int status, String error) {
    lastAnswer = Reply.json(status, Map.of("error", error, "error_description", "CANARY-text"));
  }

  /** The token has these claims instead of the page's. */
  void issue(Map<String, Object> changed) {
    lastAnswer = answer(changed);
  }

  TokenOutcome acquire() {
    IssuerConfig ofUsers =
        Objects.requireNonNull(config.issuers().get(config.users().getFirst().issuer()));
    User alice = Requests.user(ofUsers.issuer().toString(), "alice", USER_TOKEN);
    return new GrantAcquirer(issuers, time, metrics, audit)
        .acquire(Written.request(config, alice), time.deadline());
  }

  /** The requests as the page writes them. */
  String wire() {
    synchronized (calls) {
      return calls.stream().map(this::shown).collect(Collectors.joining("\n"));
    }
  }

  /** {@code reason} of the last audit line; empty if it has none. */
  String reason() {
    audit.close();
    Map<String, Object> line = Json.object(auditLines.toString(UTF_8).lines().toList().getLast());
    return Objects.requireNonNullElse(Json.text(line, "reason"), "");
  }

  @Override
  public void close() {
    issuers.close();
    server.close();
    audit.close();
  }

  private void writeFiles() {
    Matcher files = FILE.matcher(example.yaml());
    while (files.find()) {
      Path file = folder.resolve(files.group(2));
      try {
        Files.createDirectories(file.getParent());
        Files.writeString(
            file,
            files.group(1).equals("private_key_file")
                ? TestCa.pem("PRIVATE KEY", KEY.pair().getPrivate().getEncoded())
                : SECRET + "\n");
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private Config dialled(Config read) {
    Map<String, IssuerConfig> issuers = new LinkedHashMap<>();
    read.issuers()
        .forEach((name, issuer) ->
            issuers.put(
                name, Configs.dialled(issuer, URI.create(server.url("")), false, issuer.tls())));
    return Copies.of(read, "issuers", issuers);
  }

  private Reply handle(SeenRequest request) {
    if (request.path().contains("/.well-known/")) {
      return metadata(request);
    }
    synchronized (calls) {
      calls.add(request);
    }
    Form form = request.form();
    boolean first = ASSERTION.equals(form.first("requested_token_type"));
    return first ? identityAssertion(form) : lastAnswer;
  }

  /** Of the issuer that is meant: its token endpoint is the one that the page shows. */
  private Reply metadata(SeenRequest request) {
    String origin = "https://" + request.header("host");
    return config.issuers().values().stream()
        .map(issuer -> issuer.issuer().toString())
        .filter(issuer -> issuer.startsWith(origin))
        .findFirst()
        .<Reply>map(issuer ->
            Reply.json(
                Map.of(
                    "issuer",
                    issuer,
                    "token_endpoint",
                    example
                        .wire()
                        .lines()
                        .filter(line -> line.startsWith("POST " + origin))
                        .map(line -> line.substring(5))
                        .findFirst()
                        .orElse(origin + "/nowhere"))))
        .orElseGet(() -> Reply.empty(404));
  }

  private Reply identityAssertion(Form form) {
    Map<String, Object> claims =
        Map.of(
            "iss", "https://example.okta.com",
            "sub", "alice",
            "aud", String.valueOf(form.first("audience")),
            "client_id", "travel-agent-at-github",
            "exp", time.instant().plusSeconds(300).getEpochSecond());
    String token =
        new JwtBuilder(KEY, claims, time.instant(), made -> {})
            .header("typ", "oauth-id-jag+jwt")
            .signed();
    return Reply.json(
        Map.of("access_token", token, "issued_token_type", ASSERTION, "token_type", "N_A"));
  }

  private Reply answer() {
    return answer(example.claims() == null ? Map.of() : Json.object(example.claims()));
  }

  private Reply answer(Map<String, Object> claims) {
    String token =
        example.claims() == null
            ? "CANARY-opaque"
            : new JwtBuilder(KEY, claims, time.instant(), made -> {})
                .expiresIn(Duration.ofMinutes(5))
                .signed();
    return Reply.json(Json.object(example.answer().replace("<token>", token)));
  }

  private String shown(SeenRequest request) {
    StringBuilder text = new StringBuilder(request.method());
    text.append(" https://").append(request.header("host")).append(request.target()).append('\n');
    String authorization = request.header("authorization");
    if (authorization != null) {
      String value =
          authorization.startsWith("Basic ")
              ? "Basic "
                  + URLDecoder.decode(
                      new String(Base64.getDecoder().decode(authorization.substring(6)), UTF_8),
                      UTF_8)
              : authorization;
      text.append("Authorization: ").append(hidden("", value)).append('\n');
    }
    for (Form.Field field : request.form().fields()) {
      text.append(field.name())
          .append('=')
          .append(hidden(field.name(), field.value()))
          .append('\n');
    }
    return text.toString();
  }

  private static String hidden(String name, String value) {
    if (name.equals("client_assertion")) {
      return "<client assertion>";
    }
    if (name.equals("assertion") && !value.equals(USER_TOKEN)) {
      return "<identity assertion>";
    }
    return value.replace(USER_TOKEN, "<user token>").replace(SECRET, "<client secret>");
  }
}
