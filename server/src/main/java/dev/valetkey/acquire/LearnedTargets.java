package dev.valetkey.acquire;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.valetkey.config.Config;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.oauth.Challenge;
import dev.valetkey.oauth.Fetched;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.ProtectedResource;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Target;
import dev.valetkey.token.TargetChooser;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.UpstreamRefusal;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What tokens are asked for when servers have a say in it, under one configuration: issuer and
 * scope from a server's own metadata (RFC 9728), and a wider scope after an {@code
 * insufficient_scope}, each only as far as the configuration lets it. Thread-safe.
 */
public final class LearnedTargets implements TargetChooser {
  private static final Duration METADATA_RETRY = Duration.ofSeconds(5);
  private static final int MAX_VARIANTS = 1_000;

  private final Config config;
  private final Issuers issuers;
  private final ServerWords words;

  /**
   * Targets that were derived from configured ones, so that each has its digests made once. They
   * hold what the configuration says of server and issuer, and are forgotten with it.
   */
  private final Cache<Variant, Target> variants =
      Caffeine.newBuilder().executor(Runnable::run).maximumSize(MAX_VARIANTS).build();

  private record Variant(TokenDigest target, @Nullable IssuerConfig issuer, List<String> scope) {}

  /**
   * @param words what servers said; outlives configurations
   */
  public LearnedTargets(Config config, Issuers issuers, ServerWords words) {
    this.config = config;
    this.issuers = issuers;
    this.words = words;
  }

  @Override
  public @Nullable Target known(Target configured, @Nullable User user) {
    if (!isFound(configured)) {
      return stepped(configured, user);
    }
    ProtectedResource resource = words.recent(configured.server());
    return resource != null && chosen(configured, user, resource) instanceof Choice.Chosen chosen
        ? chosen.target()
        : null;
  }

  @Override
  public Choice find(Target configured, @Nullable User user, Deadline deadline) {
    if (!isFound(configured)) {
      return new Choice.Chosen(stepped(configured, user));
    }
    return switch (words.metadata(configured.server(), deadline)) {
      case Fetched.Got<ProtectedResource> got -> chosen(configured, user, got.value());
      case Fetched.Missed<ProtectedResource> missed ->
          new Choice.Nothing(
              new TokenOutcome.Unavailable(
                  deadline.passed() ? Cause.DEADLINE : Cause.METADATA, METADATA_RETRY));
    };
  }

  @Override
  public boolean refused(TokenRequest issuedFor, UpstreamRefusal refusal) {
    Target target = issuedFor.target();
    IssuerConfig issuer = target.issuer();
    boolean bound = issuer != null && issuer.dpopBoundAccessTokens();
    if (bound && refusal.dpopNonce() != null) {
      issuers.useNonce(target.server().url(), refusal.dpopNonce());
    }
    Optional<Challenge> challenge = Challenge.read(refusal.challenges());
    challenge.ifPresent(said -> words.challenged(issuedFor, said));
    // Servers give nonces with other answers too (RFC 9449 §8.2); only this error is about a proof.
    return bound && challenge.filter(said -> "use_dpop_nonce".equals(said.error())).isPresent();
  }

  /** Whether the server's metadata says where its tokens come from. */
  private static boolean isFound(Target configured) {
    return configured.server().discovery() != null
        && configured.grant() instanceof GrantConfig.Asking;
  }

  /**
   * The first of the server's issuers that the configuration names. Client credentials and tokens
   * belong to an issuer, so each has a target of its own.
   */
  private Choice chosen(Target configured, @Nullable User user, ProtectedResource resource) {
    ServerConfig.DiscoveryConfig discovery =
        Objects.requireNonNull(configured.server().discovery());
    for (String named : resource.authorizationServers()) {
      for (String allowed : discovery.issuers()) {
        IssuerConfig issuer = Objects.requireNonNull(config.issuers().get(allowed));
        if (issuer.issuer().toString().equals(named)) {
          Target target = variant(configured, issuer, scope(configured, resource));
          return new Choice.Chosen(stepped(target, user));
        }
      }
    }
    return new Choice.Nothing(new TokenOutcome.Rejected(Rejection.ISSUER_NOT_ALLOWED));
  }

  /**
   * The configured scope, else what the last challenge said, else what the metadata says (MCP
   * authorization, scope selection strategy).
   */
  private List<String> scope(Target configured, ProtectedResource resource) {
    if (!(configured.grant() instanceof GrantConfig.Asking asking) || !asking.scope().isEmpty()) {
      return List.of();
    }
    List<String> challenged = words.challengedScope(configured.server());
    List<String> wanted = challenged.isEmpty() ? resource.scopesSupported() : challenged;
    // Nobody here could keep a refresh token.
    return wanted.stream().filter(scope -> !scope.equals("offline_access")).toList();
  }

  /** {@code target} with what the server asked this user's tokens to have besides. */
  private Target stepped(Target target, @Nullable User user) {
    Set<String> wider = words.steppedScope(target.server(), user);
    if (wider.isEmpty() || !(target.grant() instanceof GrantConfig.Asking asking)) {
      return target;
    }
    Set<String> union = new LinkedHashSet<>(asking.scope());
    union.addAll(wider);
    return variant(target, null, List.copyOf(union));
  }

  /**
   * {@code target} at another issuer and with another scope; neither null nor an empty one changes
   * anything.
   */
  private Target variant(Target target, @Nullable IssuerConfig issuer, List<String> scope) {
    if (scope.isEmpty() && (issuer == null || issuer.equals(target.issuer()))) {
      return target;
    }
    return variants.get(
        new Variant(target.keyPart(), issuer, scope),
        variant -> {
          Target at = issuer == null ? target : target.at(issuer);
          return scope.isEmpty() ? at : at.scoped(scope);
        });
  }
}
