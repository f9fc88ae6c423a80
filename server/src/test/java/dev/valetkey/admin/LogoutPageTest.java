package dev.valetkey.admin;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.AuditConfig;
import dev.valetkey.config.OpaqueTokens;
import dev.valetkey.config.UserRule;
import dev.valetkey.oauth.Configs;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.MovedTime;
import dev.valetkey.oauth.UserTokenVerifier.Rule;
import dev.valetkey.subject.BackChannelLogout;
import dev.valetkey.subject.Logouts;
import dev.valetkey.subject.Sessions;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** R-CA-4: OpenID Connect Back-Channel Logout 1.0 §2.5 and §2.8, on the wire. */
@Timeout(30)
final class LogoutPageTest {
  private static final String FORM = "application/x-www-form-urlencoded";

  private final Issuer corp = Issuer.start();
  private final MovedTime time = new MovedTime();
  private final Issuers issuers = new Issuers(time, time, new SecureRandom());
  private final Audit audit =
      new Audit(
          new AuditConfig(AuditConfig.Hits.SUMMARY, AuditConfig.SubjectForm.PLAIN),
          OutputStream.nullOutputStream(),
          time,
          new Metrics());
  private AdminHttp http;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    UserRule rule =
        new UserRule(
            "corp",
            List.of("agent"),
            List.of("RS256"),
            "sid",
            false,
            OpaqueTokens.REFUSE,
            true,
            List.of("agent"));
    BackChannelLogout logout =
        new BackChannelLogout(
            List.of(new Rule(rule, issuers.of(Configs.agent(corp, folder)))),
            time,
            new Logouts(time),
            new Sessions(time, audit, session -> {}),
            time::deadline);
    http = AdminHttp.start("127.0.0.1:0", new Metrics(), new Pending(), () -> logout);
  }

  @AfterEach
  void close() {
    http.close();
    audit.close();
    issuers.close();
    corp.close();
  }

  @Test
  void logoutTokenIsAnsweredWith200AndNotKept() {
    Http.Response answer = Http.post(page(), Form.of("logout_token", token()));

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("cache-control")).isEqualTo("no-store");
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void otherFieldsDoNotMatter() {
    String body = "a=b&logout_token=" + token() + "&state";

    assertThat(Http.post(page(), FORM + "; charset=UTF-8", body).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "logout_token=",
        "logout_token",
        "logout_token=CANARY-garbage",
        "logout_token=%zz",
        "token=TOKEN",
        "Logout_token=TOKEN",
        "logout_token=TOKEN&logout_token=TOKEN",
        "logout_token=TOKEN&logout_token=CANARY-x",
        "logout_token=TOKEN,TOKEN",
        "{\"logout_token\":\"TOKEN\"}"
      })
  void anythingElseIsABadRequest(String body) {
    assertBad(Http.post(page(), FORM, body.replace("TOKEN", token())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "text/plain", "multipart/form-data"})
  void onlyAFormIsRead(String type) {
    assertBad(Http.post(page(), type, "logout_token=" + token()));
  }

  @Test
  void aBodyIsSmall() {
    String body = "logout_token=" + token() + "&pad=";

    assertThat(Http.post(page(), FORM, body + "x".repeat(10_000)).status()).isEqualTo(200);
    assertBad(Http.post(page(), FORM, "logout_token=" + token() + "&pad=" + "x".repeat(30_000)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
  void onlyPostIsAllowed(String method) {
    Http.Response answer = Http.request(method, page(), null, new byte[0]);

    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.header("allow")).isEqualTo("POST");
  }

  @Test
  void tokenInTheQueryIsNotRead() {
    assertBad(Http.post(URI.create(page() + "?logout_token=" + token()), FORM, ""));
  }

  @Test
  void keysThatCannotBeFetchedAreNotTheIssuersFault() {
    corp.faults().jwks(Fault.status(500), Faults.ALWAYS);

    assertThat(Http.post(page(), Form.of("logout_token", token())).status()).isEqualTo(503);
  }

  @Test
  void aBodyThatNeverEndsIsCutOff() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
      socket.setSoTimeout(25_000);
      socket
          .getOutputStream()
          .write(
              ("POST /backchannel-logout HTTP/1.1\r\nHost: x\r\nContent-Type: "
                      + FORM
                      + "\r\nContent-Length: 1000\r\n\r\nlogout_")
                  .getBytes(US_ASCII));

      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  private static void assertBad(Http.Response answer) {
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.header("content-type")).isEqualTo("application/json");
    assertThat(answer.header("cache-control")).isEqualTo("no-store");
    assertThat(answer.text()).isEqualTo("{\"error\":\"invalid_request\"}\n");
  }

  private String token() {
    return corp.logout().claim("sub", "alice").signed();
  }

  private URI page() {
    return URI.create("http://127.0.0.1:" + http.port() + "/backchannel-logout");
  }

  /** Not what is tested here. */
  private static final class Pending implements Readiness {
    @Override
    public boolean ready() {
      return false;
    }

    @Override
    public List<IssuerState> issuers() {
      return List.of();
    }
  }
}
