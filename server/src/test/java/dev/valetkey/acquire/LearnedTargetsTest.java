package dev.valetkey.acquire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.Config;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.MovedTime;
import dev.valetkey.oauth.OutboundGuard;
import dev.valetkey.testkit.LoopbackServer;
import dev.valetkey.testkit.Reply;
import dev.valetkey.token.Target;
import dev.valetkey.token.TargetChooser.Choice;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.UpstreamRefusal;
import dev.valetkey.token.User;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What servers' words come to, with the clock in hand; through a real Envoy: NegotiationIT,
 * StepUpIT.
 */
final class LearnedTargetsTest {
  private static final String WELL_KNOWN = "/.well-known/oauth-protected-resource/mcp";

  @TempDir private Path folder;

  private final MovedTime time = new MovedTime();
  private final Map<String, Object> document = new ConcurrentHashMap<>();
  private final AtomicInteger fetches = new AtomicInteger();
  private final ServerWords words = new ServerWords(OutboundGuard.PLATFORM, time);
  private final User alice = Requests.user("https://idp.example.com", "alice", "CANARY-alice");
  private final User bob = Requests.user("https://idp.example.com", "bob", "CANARY-bob");
  private final Issuers issuers = new Issuers(time, time, new SecureRandom());
  private LoopbackServer server;
  private String issuerLine = "dpop_bound_access_tokens: false";
  private Config config;
  private Target configured;

  @BeforeEach
  void start() throws IOException {
    Files.writeString(folder.resolve("agent"), "CANARY-secret");
    server = LoopbackServer.bind(0, null);
    server.serve(request -> {
      fetches.incrementAndGet();
      return request.path().equals(WELL_KNOWN)
          ? Reply.json(new LinkedHashMap<>(document))
          : Reply.text(404, "nothing here");
    });
    document.put("resource", server.url("/mcp"));
    document.put("authorization_servers", List.of("https://b.example"));
  }

  @AfterEach
  void stop() {
    server.close();
    issuers.close();
  }

  // R-MCP-5, R-MCP-9
  @Test
  void eventLoopTakesMetadataOfTheLastMinute() {
    LearnedTargets targets = targets("discovery: {issuers: [a, b], allow_loopback_http: true}");

    assertThat(targets.known(configured, alice)).isNull();
    Target found = found(targets.find(configured, alice, time.deadline()));

    assertThat(found.issuer()).isEqualTo(config.issuers().get("b"));
    assertThat(found.expect().iss()).hasToString("https://b.example");
    assertThat(found.keyPart()).isNotEqualTo(configured.keyPart());
    assertThat(targets.known(configured, alice)).isSameAs(found);
    time.forward(Duration.ofSeconds(61));
    assertThat(targets.known(configured, alice)).isNull();
    assertThat(found(targets.find(configured, bob, time.deadline()))).isSameAs(found);
    assertThat(fetches).hasValue(1);
  }

  // R-RI-5
  @Test
  void oldMetadataServesWhileNoNewCanBeHad() {
    LearnedTargets targets = targets("discovery: {issuers: [a, b], allow_loopback_http: true}");
    Target found = found(targets.find(configured, alice, time.deadline()));
    server.close();
    time.forward(Duration.ofHours(23));

    assertThat(found(targets.find(configured, alice, time.deadline()))).isSameAs(found);
  }

  /** What asks no issuer does not depend on what the server says of issuers. */
  @Test
  void staticTokenNeedsNoMetadata() {
    LearnedTargets targets =
        targets(
            "discovery: {issuers: [a, b], allow_loopback_http: true}",
            "without_user: {type: static, token_file: agent}");
    ServerConfig github = Objects.requireNonNull(config.servers().get("github"));
    Target without = Target.of(config, github, github.withoutUser());

    assertThat(targets.known(without, null)).isSameAs(without);
    assertThat(targets.find(without, null, time.deadline())).isEqualTo(new Choice.Chosen(without));
    assertThat(fetches).hasValue(0);
  }

  // R-MCP-10
  @ParameterizedTest
  @CsvSource({
    "invalid_token, write, write",
    "invalid_token, offline_access write, write",
    "insufficient_scope, write, read",
    "invalid_token, '', read"
  })
  void scopeOfAChallengeIsForEverybodyUnlessItWasOneCallsOnly(
      String error, String challenged, String asked) {
    document.put("scopes_supported", List.of("read"));
    LearnedTargets targets =
        targets("discovery: {issuers: [a, b], allow_loopback_http: true}", "grant: {audience: x}");
    Target found = found(targets.find(configured, alice, time.deadline()));

    targets.refused(request(found, alice), challenge(error, challenged));

    assertThat(scope(found(targets.find(configured, bob, time.deadline()))))
        .isEqualTo(List.of(asked.split(" ")));
  }

  // R-MCP-10
  @Test
  void configuredScopeOutranksWhatTheServerSays() {
    document.put("scopes_supported", List.of("everything"));
    LearnedTargets targets =
        targets(
            "discovery: {issuers: [a, b], allow_loopback_http: true}",
            "grant: {audience: x, scope: read}");

    assertThat(scope(found(targets.find(configured, alice, time.deadline()))))
        .containsExactly("read");
  }

  // R-MCP-11
  @Test
  void stepIsForgottenAfterTenMinutes() {
    LearnedTargets targets = targets("grant: {issuer: a, audience: x}", "step_up_scope: write");
    targets.refused(request(configured, alice), challenge("insufficient_scope", "write"));

    assertThat(scope(targets.known(configured, alice))).containsExactly("write");
    assertThat(targets.known(configured, alice)).isSameAs(targets.known(configured, alice));
    assertThat(targets.known(configured, bob)).isSameAs(configured);
    assertThat(targets.known(configured, null)).isSameAs(configured);
    time.forward(Duration.ofMinutes(10));
    assertThat(targets.known(configured, alice)).isSameAs(configured);
  }

  // R-MCP-11
  @Test
  void fourthStepIsNotTaken() {
    LearnedTargets targets =
        targets("grant: {issuer: a, audience: x, scope: r}", "step_up_scope: a b c d");
    for (String scope : List.of("a", "a", "b", "r", "c", "d", "a b c d")) {
      targets.refused(request(configured, alice), challenge("insufficient_scope", scope));
    }

    assertThat(scope(targets.known(configured, alice)))
        .containsExactlyInAnyOrder("r", "a", "b", "c");
  }

  /** What a server may add is what the file in force says, whatever it asked for before. */
  @Test
  void stepGoesNoFurtherThanTheNextConfigurationAllows() {
    LearnedTargets before = targets("grant: {issuer: a, audience: x}", "step_up_scope: read write");
    before.refused(request(configured, alice), challenge("insufficient_scope", "read write"));

    LearnedTargets after = targets("grant: {issuer: a, audience: x}", "step_up_scope: read");

    assertThat(scope(after.known(configured, alice))).containsExactly("read");
  }

  /** The same key does not mean the same margin, certificate or way to the issuer. */
  @Test
  void targetsAreMadeOfTheConfigurationInForce() {
    String grant = "grant: {issuer: a, audience: x}";
    LearnedTargets before = targets(grant, "step_up_scope: write");
    before.refused(request(configured, alice), challenge("insufficient_scope", "write"));
    Target then = Objects.requireNonNull(before.known(configured, alice));

    LearnedTargets after = targets(grant, "step_up_scope: write", "early_expiry: 5s");
    Target now = Objects.requireNonNull(after.known(configured, alice));

    assertThat(now.keyPart()).isEqualTo(then.keyPart());
    assertThat(now.server()).isEqualTo(configured.server()).isNotEqualTo(then.server());
  }

  // R-EX-1: an assertion for one issuer is never shown to another.
  @Test
  void assertionIsForTheIssuerThatTheServerNames() {
    LearnedTargets targets =
        targets(
            "discovery: {issuers: [a, b], allow_loopback_http: true}",
            "grant: {type: id_jag, identity_issuer: a}");

    Target found = found(targets.find(configured, alice, time.deadline()));

    Target assertion = Objects.requireNonNull(found.subject());
    assertThat(((GrantConfig.Asking) found.grant()).audience())
        .containsExactly("https://b.example");
    assertThat(((GrantConfig.Asking) assertion.grant()).audience())
        .containsExactly("https://b.example");
    assertThat(assertion.expect().audience()).containsExactly("https://b.example");
    assertThat(assertion.issuer()).isEqualTo(config.issuers().get("a"));
  }

  // R-EX-6: RFC 9449 §8.2, a nonce may come with any answer.
  @ParameterizedTest
  @CsvSource({
    "dpop_bound_access_tokens: true,  use_dpop_nonce, true",
    "dpop_bound_access_tokens: true,  invalid_token,  false",
    "dpop_bound_access_tokens: false, use_dpop_nonce, false"
  })
  void tokenIsGoodAsLongAsOnlyTheProofWasWrong(String line, String error, boolean good) {
    issuerLine = line;
    LearnedTargets targets = targets("grant: {issuer: a, audience: x}");

    boolean said =
        targets.refused(
            request(configured, alice),
            new UpstreamRefusal(401, List.of("DPoP error=\"" + error + "\""), "nonce"));

    assertThat(said).isEqualTo(good);
  }

  private LearnedTargets targets(String... keys) {
    boolean grant = String.join("\n", keys).contains("grant:");
    config =
        Written.config(
            folder,
            "issuers:\n"
                + Written.issuer("a", "https://a.example")
                + "    "
                + issuerLine
                + "\n"
                + Written.issuer("b", "https://b.example")
                + "servers:\n  github:\n    url: %s\n    allow_http: true\n"
                    .formatted(server.url("/mcp"))
                + (grant ? "" : "    grant: {audience: x}\n")
                + String.join("\n", keys).indent(4));
    ServerConfig github = Objects.requireNonNull(config.servers().get("github"));
    configured = Target.of(config, github, github.grant());
    return new LearnedTargets(config, issuers, words);
  }

  private static TokenRequest request(Target target, @Nullable User user) {
    return new TokenRequest(target, user, Duration.ZERO);
  }

  private static UpstreamRefusal challenge(String error, String scope) {
    String value = "Bearer error=\"%s\", scope=\"%s\"".formatted(error, scope);
    return new UpstreamRefusal(403, List.of(value), null);
  }

  private static Target found(Choice choice) {
    return switch (choice) {
      case Choice.Chosen chosen -> chosen.target();
      case Choice.Nothing nothing -> throw new AssertionError(nothing.why());
    };
  }

  private static List<String> scope(@Nullable Target target) {
    return ((GrantConfig.Asking) Objects.requireNonNull(target).grant()).scope();
  }
}
