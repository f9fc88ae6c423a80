package dev.valetkey.oauth;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.gson.JsonObject;
import dev.valetkey.config.AddressBlock;
import dev.valetkey.testkit.Header;
import dev.valetkey.testkit.LoopbackServer;
import dev.valetkey.testkit.Reply;
import dev.valetkey.testkit.SeenRequest;
import dev.valetkey.testkit.TestCa;
import java.io.IOException;
import java.net.CookieHandler;
import java.net.CookieManager;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Fetching a document through the guard (hardening T11, T13). {@code mcp.example.com} and its
 * certificate are on loopback, whose block the guard allows.
 */
class GuardedFetchTest {
  private static final Map<String, Object> BODY = Map.of("resource", "here");
  private static final Document FOUND = new Document.Found(json());

  @TempDir private static Path folder;
  private static TestCa ca;
  private static TestCa.Certificate named;

  private final MovedTime time = new MovedTime();
  private final FakeResolver dns = new FakeResolver().with("mcp.example.com", "127.0.0.1");
  private final List<SeenRequest> seen = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void makeCertificates() {
    ca = TestCa.create(folder);
    named = ca.issue("dns:mcp.example.com");
  }

  // R-RI-4
  @Test
  void pinnedAddressIsDialledUnderTheNameThatWasAskedFor() {
    try (LoopbackServer server = serving(named, Reply.json(BODY))) {
      Document document = fetch().get(url(server, "/a%20b?c=d"), time.deadline());

      assertThat(document).isEqualTo(FOUND);
      assertThat(seen).hasSize(1);
      SeenRequest request = seen.getFirst();
      assertThat(request.method() + " " + request.target()).isEqualTo("GET /a%20b?c=d");
      assertThat(request.headers("Host")).containsExactly("mcp.example.com:" + server.port());
      assertThat(request.headers().stream().map(Header::name).map(String::toLowerCase))
          .doesNotContain("authorization", "cookie", "upgrade")
          .contains("accept");
      assertThat(request.header("Accept-Encoding")).isEqualTo("identity");
    }
  }

  @Test
  void schemeInUpperCaseIsTheSameScheme() {
    try (LoopbackServer server = serving(named, Reply.json(BODY))) {
      String address = url(server, "").replace("https", "HTTPS");

      assertThat(fetch().get(address, time.deadline())).isEqualTo(FOUND);
      assertThat(seen.getFirst().target()).isEqualTo("/");
    }
  }

  // R-RI-4: the name has no address but the resolver's, and that one is asked once.
  // TM-METADATA
  @Test
  void nameThatIsReboundAfterwardsIsNotLookedUpAgain() {
    try (LoopbackServer server = serving(named, Reply.json(BODY))) {
      OutboundGuard.Resolver rebinding =
          host -> {
            List<InetAddress> now = dns.resolve(host);
            dns.with("mcp.example.com", "169.254.169.254");
            return now;
          };

      Document document = fetch(rebinding, ca.pem()).get(url(server, "/"), time.deadline());

      assertThat(document).isEqualTo(FOUND);
      assertThat(dns.asked()).containsExactly("mcp.example.com");
      assertThat(fetch().get(url(server, "/"), time.deadline()))
          .isEqualTo(new Document.Unreachable("address refused: NOT_PUBLIC (169.254.169.254)"));
      assertThat(server.connections()).isEqualTo(1);
    }
  }

  // R-RI-4
  @ParameterizedTest
  @ValueSource(
      strings = {"http://127.0.0.1:%d/", "https://user@127.0.0.1:%d/", "https://0x7f000001:%d/"})
  void refusedAddressIsNotDialled(String address) {
    try (LoopbackServer server = serving(null, Reply.json(BODY))) {
      Document document = fetch().get(address.formatted(server.port()), time.deadline());

      assertThat(document)
          .isInstanceOfSatisfying(
              Document.Unreachable.class,
              unreachable -> assertThat(unreachable.why()).startsWith("address refused: "));
      assertThat(server.connections()).isZero();
    }
  }

  // R-BC-1
  @Test
  void serverNameIsIndicated() throws Exception {
    try (SSLServerSocket listener =
        (SSLServerSocket)
            named
                .context()
                .getServerSocketFactory()
                .createServerSocket(0, 8, InetAddress.ofLiteral("127.0.0.1"))) {
      CompletableFuture<String> indicated = new CompletableFuture<>();
      Thread.ofVirtual().start(() -> indicated.completeAsync(() -> serverName(listener)));

      fetch().get("https://mcp.example.com:" + listener.getLocalPort() + "/", time.deadline());

      assertThat(indicated.get(20, TimeUnit.SECONDS)).contains("mcp.example.com");
    }
  }

  static Stream<Arguments> wrongNames() {
    return Stream.of(
        arguments((Object) new String[] {"dns:elsewhere.example"}),
        // The dialled IP address is nobody's name: the JDK alone would be content with this one.
        arguments((Object) new String[] {"dns:elsewhere.example", "ip:127.0.0.1"}),
        arguments((Object) new String[] {"ip:127.0.0.1"}),
        arguments((Object) new String[] {"dns:*.com"}),
        arguments((Object) new String[] {"dns:example.com"}));
  }

  // R-BC-1, R-RI-4
  @ParameterizedTest
  @MethodSource("wrongNames")
  void certificateOfAnotherNameIsRefusedEvenIfItIsForThePinnedIpAddress(String[] names) {
    try (LoopbackServer server = serving(ca.issue(names), Reply.json(BODY))) {
      assertThat(fetch().get(url(server, "/"), time.deadline()))
          .isEqualTo(new Document.Unreachable("TLS"));
      assertThat(seen).isEmpty();
    }
  }

  // R-BC-1
  @Test
  void addressWithoutANameNeedsACertificateForTheAddress() {
    try (LoopbackServer server = serving(ca.localhost(), Reply.json(BODY));
        LoopbackServer other = serving(named, Reply.json(BODY))) {
      assertThat(fetch().get("https://127.0.0.1:" + server.port() + "/", time.deadline()))
          .isEqualTo(FOUND);
      assertThat(fetch().get("https://127.0.0.1:" + other.port() + "/", time.deadline()))
          .isEqualTo(new Document.Unreachable("TLS"));
    }
  }

  // R-BC-1
  @Test
  void onlyTheGivenCaIsTrustedOrElseThePlatforms() throws IOException {
    TestCa other = TestCa.create(Files.createDirectory(folder.resolve("other")));
    try (LoopbackServer server = serving(named, Reply.json(BODY))) {
      assertThat(fetch(dns, other.pem()).get(url(server, "/"), time.deadline()))
          .isEqualTo(new Document.Unreachable("TLS"));
      assertThat(fetch(dns, null).get(url(server, "/"), time.deadline()))
          .isEqualTo(new Document.Unreachable("TLS"));
    }
  }

  static Stream<Arguments> answers() {
    Reply.Full good = Reply.json(BODY);
    byte[] padding = new byte[256 * 1024 + 1];
    Arrays.fill(padding, (byte) ' ');
    byte[] most = Arrays.copyOfRange(padding, 1, padding.length);
    System.arraycopy(good.body(), 0, most, most.length - good.body().length, good.body().length);
    return Stream.of(
        arguments(good.withBody(most), FOUND),
        arguments(good.withBody(padding), new Document.Absent("unusable body")),
        arguments(endless(), new Document.Absent("unusable body")),
        arguments(good.and("Content-Encoding", "gzip"), new Document.Absent("unusable body")),
        arguments(Reply.full(200, "text/html", "<html>"), new Document.Absent("not JSON")),
        arguments(Reply.full(200, "application/json", "[{}]"), new Document.Absent("not JSON")),
        arguments(Reply.json(404, BODY), new Document.Absent("status 404")),
        arguments(Reply.json(401, BODY), new Document.Absent("status 401")),
        arguments(Reply.json(429, BODY), new Document.Unreachable("status 429")),
        arguments(Reply.json(503, BODY), new Document.Unreachable("status 503")),
        arguments(new Reply.CutOff(good, 3), new Document.Unreachable("CONNECTION")));
  }

  // R-RI-4
  @ParameterizedTest
  @MethodSource("answers")
  void onlyASmallPlainJsonObjectWithStatus200IsADocument(Reply answer, Document document) {
    try (LoopbackServer server = serving(named, answer)) {
      assertThat(fetch().get(url(server, "/"), time.deadline())).isEqualTo(document);
    }
  }

  // R-RI-4
  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void redirectIsNotFollowed(int status) {
    try (LoopbackServer evil = serving(named, Reply.json(BODY));
        LoopbackServer server =
            serving(named, Reply.json(status, BODY).and("Location", url(evil, "/")))) {
      assertThat(fetch().get(url(server, "/"), time.deadline()))
          .isEqualTo(new Document.Absent("status " + status));
      assertThat(evil.connections()).isZero();
    }
  }

  static Stream<Reply> slow() {
    return Stream.of(
        new Reply.Never(), new Reply.Dripping(Reply.json(BODY), Duration.ofMillis(200)));
  }

  // R-RI-4
  @ParameterizedTest
  @MethodSource("slow")
  void deadlineCoversTheLastByte(Reply answer) {
    try (LoopbackServer server = serving(named, answer)) {
      assertThat(fetch().get(url(server, "/"), time.deadline(Duration.ofMillis(800))))
          .isEqualTo(new Document.Unreachable("TIMEOUT"));
    }
  }

  @Test
  void machineWideProxyAndCookiesAreNotUsed() {
    ProxySelector proxies = ProxySelector.getDefault();
    CookieHandler cookies = CookieHandler.getDefault();
    try (LoopbackServer proxy = serving(null, Reply.json(BODY));
        LoopbackServer server = serving(named, Reply.json(BODY).and("Set-Cookie", "a=b"))) {
      ProxySelector.setDefault(
          ProxySelector.of(InetSocketAddress.createUnresolved("127.0.0.1", proxy.port())));
      CookieHandler.setDefault(new CookieManager());
      GuardedFetch fetch = fetch();

      fetch.get(url(server, "/"), time.deadline());
      fetch.get(url(server, "/"), time.deadline());

      assertThat(proxy.connections()).isZero();
      assertThat(seen).hasSize(2).allSatisfy(r -> assertThat(r.header("Cookie")).isNull());
    } finally {
      ProxySelector.setDefault(proxies);
      CookieHandler.setDefault(cookies);
    }
  }

  private GuardedFetch fetch() {
    return fetch(dns, ca.pem());
  }

  private static GuardedFetch fetch(OutboundGuard.Resolver resolver, @Nullable Path caFile) {
    List<AddressBlock> loopback = List.of(AddressBlock.parse("127.0.0.0/8").orElseThrow());
    return new GuardedFetch(new OutboundGuard(loopback, false, resolver), caFile);
  }

  private LoopbackServer serving(TestCa.@Nullable Certificate certificate, Reply answer) {
    LoopbackServer server =
        LoopbackServer.bind(0, certificate == null ? null : certificate.context());
    server.serve(request -> {
      seen.add(request);
      return answer;
    });
    return server;
  }

  private static String url(LoopbackServer server, String path) {
    return "https://mcp.example.com:" + server.port() + path;
  }

  private static Reply endless() {
    String spaces = " ".repeat(64 * 1024);
    return new Reply.Stream(
        200,
        List.of(),
        connection -> {
          while (true) {
            connection.chunk(spaces);
          }
        });
  }

  private static String serverName(SSLServerSocket listener) {
    try (SSLSocket socket = (SSLSocket) listener.accept()) {
      socket.startHandshake();
      String names =
          ((ExtendedSSLSession) socket.getSession()).getRequestedServerNames().toString();
      socket.getOutputStream().write("HTTP/1.1 404 -\r\n\r\n".getBytes(ISO_8859_1));
      return names;
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("resource", "here");
    return json;
  }
}
