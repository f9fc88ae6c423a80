package dev.valetkey.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.testkit.LoopbackServer;
import dev.valetkey.testkit.Reply;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a server's metadata is looked for, and how long it is kept (RFC 9728 §3, §5). */
class ServerMetadataTest {
  private static final String WELL_KNOWN = "/.well-known/oauth-protected-resource";

  private final MovedTime time = new MovedTime();
  private final Map<String, Reply> documents = new ConcurrentHashMap<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private LoopbackServer server;
  private LoopbackServer evil;

  @BeforeEach
  void start() {
    server = LoopbackServer.bind(0, null);
    server.serve(request -> {
      asked.add(request.target());
      return documents.getOrDefault(request.target(), Reply.text(404, "nothing here"));
    });
    evil = LoopbackServer.bind(0, null);
    evil.serve(request -> document("evil"));
  }

  @AfterEach
  void stop() {
    server.close();
    evil.close();
  }

  static Stream<Arguments> wellKnown() {
    return Stream.of(
        arguments("/a/mcp", List.of(WELL_KNOWN + "/a/mcp", WELL_KNOWN)),
        arguments("/mcp/", List.of(WELL_KNOWN + "/mcp", WELL_KNOWN)),
        arguments("/a%20b", List.of(WELL_KNOWN + "/a%20b", WELL_KNOWN)),
        arguments("/", List.of(WELL_KNOWN)),
        arguments("", List.of(WELL_KNOWN)));
  }

  // R-MCP-5
  @ParameterizedTest
  @MethodSource("wellKnown")
  void wellKnownPlaceOfThePathComesBeforeTheRoot(String path, List<String> places) {
    documents.put(WELL_KNOWN, document("root"));

    assertThat(issuer(metadata(path))).isEqualTo("root");
    assertThat(asked).isEqualTo(places);
  }

  // R-MCP-5
  @Test
  void rootIsNotAskedWhereThePathHasAnAnswer() {
    documents.put(WELL_KNOWN + "/mcp", document("path"));
    documents.put(WELL_KNOWN, document("root"));

    assertThat(issuer(metadata("/mcp"))).isEqualTo("path");
    assertThat(asked).containsExactly(WELL_KNOWN + "/mcp");
  }

  // R-MCP-5
  @Test
  void placeThatTheLastChallengeNamedComesFirst() {
    documents.put("/second?x", document("second"));
    documents.put(WELL_KNOWN + "/mcp", document("path"));
    ServerMetadata metadata = metadata("/mcp");
    metadata.challenged(challenge(null, server.url("/first")));
    metadata.challenged(challenge(null, server.url("/second?x")));
    metadata.challenged(challenge("invalid_token", null));

    assertThat(issuer(metadata)).isEqualTo("second");
    assertThat(asked).containsExactly("/second?x");
  }

  // R-MCP-5
  @Test
  void wellKnownPlacesServeWhereTheNamedOneHasNothing() {
    documents.put(WELL_KNOWN + "/mcp", document("path"));
    ServerMetadata metadata = metadata("/mcp");
    metadata.challenged(challenge(null, server.url("/gone")));

    assertThat(issuer(metadata)).isEqualTo("path");
    assertThat(asked).containsExactly("/gone", WELL_KNOWN + "/mcp");
  }

  // Input 119, R-RI-4
  // TM-METADATA
  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1:EVIL/meta",
        "http://127.0.0.1/meta",
        "http://localhost:PORT/meta",
        "http://[::1]:PORT/meta",
        "http://[::ffff:127.0.0.1]:PORT/meta",
        "https://127.0.0.1:PORT/meta",
        "http://user@127.0.0.1:PORT/meta",
        "http://@127.0.0.1:PORT/meta",
        "http://127.0.0.1:PORT@127.0.0.1:EVIL/meta",
        "http://127.0.0.1:PORT/meta#",
        "http://127.0.0.1:PORT/meta#part",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/meta",
        "https://mcp.example/meta",
        "file:///etc/passwd",
        "mailto:a@b"
      })
  void placeThatIsNotOnTheServersOwnOriginIsNotAsked(String place) {
    documents.put("/meta", document("meta"));
    documents.put(WELL_KNOWN + "/mcp", document("path"));
    ServerMetadata metadata = metadata("/mcp");
    String filled = place.replace("PORT", "" + server.port()).replace("EVIL", "" + evil.port());

    metadata.challenged(challenge(null, filled));

    assertThat(issuer(metadata)).isEqualTo("path");
    assertThat(asked).containsExactly(WELL_KNOWN + "/mcp");
    assertThat(evil.connections()).isZero();
  }

  // Input 119: a refused place does not displace one that was accepted.
  @Test
  void refusedPlaceDoesNotReplaceTheOneBefore() {
    documents.put("/meta", document("meta"));
    ServerMetadata metadata = metadata("/mcp");
    metadata.challenged(challenge(null, server.url("/meta")));

    metadata.challenged(challenge(null, evil.url("/meta")));

    assertThat(issuer(metadata)).isEqualTo("meta");
  }

  // R-RI-4
  @Test
  void serverOnAPrivateAddressIsNotAskedUnlessAllowed() {
    GuardedFetch strict =
        new GuardedFetch(new OutboundGuard(List.of(), false, host -> List.of()), null);
    URI url = URI.create("https://127.0.0.1:" + server.port() + "/mcp");

    ServerMetadata metadata = new ServerMetadata(url, strict, Duration.ofSeconds(8), time);

    assertThat(metadata.get(time.deadline()))
        .isEqualTo(
            new Fetched.Missed<>("resource metadata: address refused: NOT_PUBLIC (127.0.0.1)"));
    assertThat(server.connections()).isZero();
  }

  // R-MCP-6
  @Test
  void metadataAboutAnotherResourceEndsTheSearch() {
    documents.put(WELL_KNOWN + "/mcp", Reply.json(Map.of("resource", server.url("/mc"))));
    documents.put(WELL_KNOWN, document("root"));
    ServerMetadata metadata = metadata("/mcp");

    assertThat(metadata.get(time.deadline()))
        .isEqualTo(new Fetched.Missed<>("resource metadata: about another resource"));
    assertThat(metadata.state()).isEqualTo("resource metadata: about another resource");
    assertThat(asked).containsExactly(WELL_KNOWN + "/mcp");
  }

  static Stream<Arguments> nothing() {
    return Stream.of(
        arguments(Reply.text(404, ""), "status 404", 2),
        arguments(Reply.text(200, "<html>"), "not JSON", 2),
        arguments(Reply.empty(302).and("Location", "/meta"), "status 302", 2),
        arguments(Reply.text(500, ""), "status 500", 1),
        arguments(Reply.text(429, ""), "status 429", 1));
  }

  @ParameterizedTest
  @MethodSource("nothing")
  void noMetadataIsSaidSo(Reply.Full answer, String why, int places) {
    documents.put(WELL_KNOWN + "/mcp", answer);
    documents.put(WELL_KNOWN, answer);
    documents.put("/meta", document("meta"));

    assertThat(metadata("/mcp").get(time.deadline()))
        .isEqualTo(new Fetched.Missed<>("resource metadata: " + why));
    assertThat(asked).hasSize(places);
  }

  // R-RI-5
  @Test
  void metadataIsKeptForTenMinutesAndLongerWhileTheServerIsDown() {
    documents.put(WELL_KNOWN, document("root"));
    ServerMetadata metadata = metadata("");
    issuer(metadata);
    time.forward(Duration.ofMinutes(9));
    issuer(metadata);
    assertThat(asked).hasSize(1);
    documents.put(WELL_KNOWN, Reply.text(500, ""));

    time.forward(Duration.ofMinutes(30));
    assertThat(issuer(metadata)).isEqualTo("root");
    assertThat(asked).hasSize(2);
    assertThat(metadata.state()).isEqualTo("resource metadata: status 500");

    time.forward(Duration.ofHours(24));
    assertThat(issuer(metadata)).isEqualTo("resource metadata: status 500");
  }

  // R-MCP-9
  @Test
  void changedMetadataIsSeenAfterAChallengeAtMostOnceIn30Seconds() {
    documents.put(WELL_KNOWN, document("first"));
    ServerMetadata metadata = metadata("");
    issuer(metadata);
    documents.put(WELL_KNOWN, document("second"));

    assertThat(issuer(metadata)).isEqualTo("first");
    metadata.challenged(challenge("invalid_token", null));
    assertThat(issuer(metadata)).isEqualTo("second");
    documents.put(WELL_KNOWN, document("third"));
    metadata.challenged(challenge("invalid_token", null));
    assertThat(issuer(metadata)).isEqualTo("second");
    time.forward(Duration.ofSeconds(30));
    assertThat(issuer(metadata)).isEqualTo("third");
    time.forward(Duration.ofSeconds(30));
    issuer(metadata);

    assertThat(asked).hasSize(3);
  }

  @Test
  void oldMetadataServesIfNoneIsFoundAfterAChallenge() {
    documents.put(WELL_KNOWN, document("first"));
    ServerMetadata metadata = metadata("");
    issuer(metadata);
    documents.put(WELL_KNOWN, Reply.text(503, ""));

    metadata.challenged(challenge(null, null));

    assertThat(issuer(metadata)).isEqualTo("first");
    assertThat(asked).hasSize(2);
  }

  // R-MCP-10
  @Test
  void tokenThatPermitsTooLittleIsNoReasonToLookAgainUnlessThePlaceIsAnother() {
    documents.put(WELL_KNOWN, document("root"));
    documents.put("/meta", document("meta"));
    ServerMetadata metadata = metadata("");
    issuer(metadata);

    metadata.challenged(challenge("insufficient_scope", null));
    assertThat(issuer(metadata)).isEqualTo("root");
    metadata.challenged(challenge("insufficient_scope", server.url("/meta")));
    assertThat(issuer(metadata)).isEqualTo("meta");
    time.forward(Duration.ofSeconds(31));
    metadata.challenged(challenge("insufficient_scope", server.url("/meta")));
    issuer(metadata);

    assertThat(asked).containsExactly(WELL_KNOWN, "/meta");
  }

  private ServerMetadata metadata(String path) {
    OutboundGuard guard =
        new OutboundGuard(List.of(), true, host -> List.of(InetAddress.ofLiteral("127.0.0.1")));
    return new ServerMetadata(
        URI.create(server.url(path)), new GuardedFetch(guard, null), Duration.ofSeconds(8), time);
  }

  private Reply.Full document(String issuer) {
    return Reply.json(Map.of("resource", server.url(""), "authorization_servers", List.of(issuer)));
  }

  /** The only issuer that the metadata names; or why there is no metadata. */
  private String issuer(ServerMetadata metadata) {
    return switch (metadata.get(time.deadline())) {
      case Fetched.Got<ProtectedResource> got -> got.value().authorizationServers().getFirst();
      case Fetched.Missed<ProtectedResource> missed -> missed.why();
    };
  }

  private static Challenge challenge(@Nullable String error, @Nullable String metadata) {
    return new Challenge(error, List.of(), metadata == null ? null : URI.create(metadata));
  }
}
