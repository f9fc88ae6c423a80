package dev.valetkey.acquire;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.oauth.Challenge;
import dev.valetkey.oauth.Fetched;
import dev.valetkey.oauth.GuardedFetch;
import dev.valetkey.oauth.OutboundGuard;
import dev.valetkey.oauth.ProtectedResource;
import dev.valetkey.oauth.ServerMetadata;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What servers said: their metadata, the scope of their last challenge, and for which users a scope
 * was too narrow. Bounded; lives longer than any configuration; thread-safe.
 */
public final class ServerWords {
  private static final Duration FETCH_TIME = Duration.ofSeconds(5);

  /** How long the event loop takes metadata for the server's without looking again. */
  private static final Duration RECENT = Duration.ofSeconds(60);

  /**
   * How long a wider scope is asked for: long enough for the agent's next call, not so long that an
   * issuer which never grants it locks the user out.
   */
  private static final Duration STEPPED = Duration.ofMinutes(10);

  /** MCP authorization: a client must not step up without end. */
  private static final int MAX_STEPS = 3;

  private static final int MAX_SERVERS = 1_000;
  private static final int MAX_STEPPED = 10_000;

  private record Recent(ProtectedResource resource, long at) {}

  /** A user at a server; null: nobody's token. */
  private record Who(@Nullable TokenDigest user, String server) {}

  private record Steps(Set<String> scope, int count) {}

  private final LongSupplier nanoTime;
  private final OutboundGuard.Resolver resolver;
  private final Cache<ServerConfig, ServerMetadata> metadata = sized(MAX_SERVERS);
  private final Cache<ServerConfig, Recent> recent = sized(MAX_SERVERS);
  private final Cache<ServerConfig, List<String>> challenged = sized(MAX_SERVERS);
  private final Cache<Who, Steps> steps;

  /**
   * @param nanoTime for ages, as {@link System#nanoTime}
   */
  public ServerWords(OutboundGuard.Resolver resolver, LongSupplier nanoTime) {
    this.resolver = resolver;
    this.nanoTime = nanoTime;
    this.steps =
        Caffeine.newBuilder()
            .executor(Runnable::run)
            .ticker(nanoTime::getAsLong)
            .maximumSize(MAX_STEPPED)
            .expireAfterWrite(STEPPED)
            .build();
  }

  /** Metadata that was looked at a moment ago; null: {@link #metadata} must be asked. */
  @Nullable ProtectedResource recent(ServerConfig server) {
    Recent last = recent.getIfPresent(server);
    return last != null && nanoTime.getAsLong() - last.at() < RECENT.toNanos()
        ? last.resource()
        : null;
  }

  /** The server's metadata; fetches it where needed, until the deadline. */
  Fetched<ProtectedResource> metadata(ServerConfig server, Deadline deadline) {
    Fetched<ProtectedResource> fetched = of(server).get(deadline);
    if (fetched instanceof Fetched.Got<ProtectedResource> got) {
      recent.put(server, new Recent(got.value(), nanoTime.getAsLong()));
    }
    return fetched;
  }

  /** The scope of the server's last challenge that named one; empty: none did. */
  List<String> challengedScope(ServerConfig server) {
    List<String> scope = challenged.getIfPresent(server);
    return scope == null ? List.of() : scope;
  }

  /**
   * What the server asked this user's tokens to have besides, as far as it may now; empty: nothing.
   */
  Set<String> steppedScope(ServerConfig server, @Nullable User user) {
    Steps asked = server.stepUpScope().isEmpty() ? null : steps.getIfPresent(who(user, server));
    if (asked == null) {
      return Set.of();
    }
    // What it might have asked for under an earlier configuration counts no more.
    return server.stepUpScope().containsAll(asked.scope())
        ? asked.scope()
        : asked.scope().stream()
            .filter(server.stepUpScope()::contains)
            .collect(Collectors.toUnmodifiableSet());
  }

  /** Learns from the challenge to a call with this token. */
  void challenged(TokenRequest issuedFor, Challenge challenge) {
    ServerConfig server = issuedFor.target().server();
    if (server.discovery() != null) {
      of(server).challenged(challenge);
      recent.invalidate(server);
    }
    if ("insufficient_scope".equals(challenge.error())) {
      // One user's call wanted more; what everybody's tokens are for has not changed.
      stepUp(issuedFor, challenge.scope());
    } else if (server.discovery() != null && !challenge.scope().isEmpty()) {
      challenged.put(server, challenge.scope());
    }
  }

  /** The union of what was asked for and what the server wants, capped by the configuration. */
  private void stepUp(TokenRequest issuedFor, List<String> wanted) {
    ServerConfig server = issuedFor.target().server();
    List<String> allowed = wanted.stream().filter(server.stepUpScope()::contains).toList();
    if (allowed.isEmpty()) {
      return;
    }
    steps
        .asMap()
        .compute(
            who(issuedFor.user(), server),
            (who, present) -> {
              Steps before = present == null ? new Steps(Set.of(), 0) : present;
              Set<String> union = new LinkedHashSet<>(before.scope());
              boolean wider = union.addAll(allowed);
              return wider && before.count() < MAX_STEPS
                  ? new Steps(Set.copyOf(union), before.count() + 1)
                  : present;
            });
  }

  private ServerMetadata of(ServerConfig server) {
    return metadata.get(
        server,
        asked -> {
          ServerConfig.DiscoveryConfig discovery = Objects.requireNonNull(asked.discovery());
          OutboundGuard guard =
              new OutboundGuard(
                  discovery.allowedAddresses(), discovery.allowLoopbackHttp(), resolver);
          return new ServerMetadata(
              asked.url(), new GuardedFetch(guard, discovery.caFile()), FETCH_TIME, nanoTime);
        });
  }

  private static Who who(@Nullable User user, ServerConfig server) {
    return new Who(user == null ? null : user.keyPart(), server.name());
  }

  private static <K, V> Cache<K, V> sized(int most) {
    return Caffeine.newBuilder().executor(Runnable::run).maximumSize(most).build();
  }
}
