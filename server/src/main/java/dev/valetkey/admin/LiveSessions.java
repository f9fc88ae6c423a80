package dev.valetkey.admin;

import dev.valetkey.cache.TokenCache;
import dev.valetkey.subject.Sessions;
import dev.valetkey.token.Session;
import dev.valetkey.token.TokenDigest;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;

/** The sessions of this sidecar with the tokens that the cache holds for them. */
public final class LiveSessions implements SessionDirectory {
  private final Sessions sessions;
  private final TokenCache cache;

  public LiveSessions(Sessions sessions, TokenCache cache) {
    this.sessions = sessions;
    this.cache = cache;
  }

  @Override
  public List<LiveSession> sessions() {
    return sessions.list().stream().map(this::view).toList();
  }

  @Override
  public OptionalInt end(String id) {
    TokenDigest digest;
    try {
      digest = TokenDigest.fromHex(id);
    } catch (IllegalArgumentException notAnId) {
      return OptionalInt.empty();
    }
    Session session = sessions.get(digest);
    if (session == null) {
      return OptionalInt.empty();
    }
    int held = cache.entries(session).size();
    sessions.end(digest);
    return OptionalInt.of(held);
  }

  private LiveSession view(Session session) {
    return new LiveSession(
        session.id().hex(),
        session.issuer(),
        session.sub(),
        Instant.ofEpochMilli(session.expiresAt()),
        cache.entries(session).stream()
            .map(token -> new LiveSession.Entry(token.server(), token.expiresAt()))
            .toList());
  }
}
