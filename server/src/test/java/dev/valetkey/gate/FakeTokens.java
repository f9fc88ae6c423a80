package dev.valetkey.gate;

import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenProvider;
import dev.valetkey.token.TokenRequest;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Answers what it was told to, and writes down what it was asked. */
public final class FakeTokens implements TokenProvider {
  public static final AccessToken TOKEN = token("CANARY-issued");

  private final List<TokenRequest> asked = new CopyOnWriteArrayList<>();
  private final List<String> renewals = new CopyOnWriteArrayList<>();
  private final List<TokenDigest> forgotten = new CopyOnWriteArrayList<>();
  private volatile @Nullable TokenOutcome known;
  private volatile BiFunction<TokenRequest, Deadline, TokenOutcome> get =
      (request, deadline) -> new Granted(TOKEN);
  private volatile @Nullable TokenOutcome renewed;

  public static AccessToken token(String text) {
    return new AccessToken(
        "Bearer",
        text,
        Instant.parse("2026-01-01T00:00:00Z"),
        Instant.parse("2099-01-01T00:00:00Z"));
  }

  /** Already in the cache. */
  public FakeTokens knows(@Nullable TokenOutcome outcome) {
    known = outcome;
    return this;
  }

  /** What comes of asking the issuer. */
  public FakeTokens gives(TokenOutcome outcome) {
    return gives((request, deadline) -> outcome);
  }

  public FakeTokens gives(BiFunction<TokenRequest, Deadline, TokenOutcome> answer) {
    get = answer;
    return this;
  }

  /** What comes of renewing; null: the token is not one of ours. */
  public FakeTokens renews(@Nullable TokenOutcome outcome) {
    renewed = outcome;
    return this;
  }

  /** Every request that was asked for, in either way. */
  public List<TokenRequest> asked() {
    return asked;
  }

  /** Digest and server of every renewal. */
  public List<String> renewals() {
    return renewals;
  }

  public List<TokenDigest> forgotten() {
    return forgotten;
  }

  @Override
  public @Nullable TokenOutcome known(TokenRequest request) {
    asked.add(request);
    return known;
  }

  @Override
  public TokenOutcome get(TokenRequest request, Deadline deadline) {
    asked.add(request);
    return get.apply(request, deadline);
  }

  @Override
  public @Nullable TokenOutcome renew(TokenDigest refused, String server, Deadline deadline) {
    renewals.add(refused.hex() + " " + server);
    return renewed;
  }

  @Override
  public @Nullable TokenRequest issuedFor(TokenDigest token) {
    return null;
  }

  @Override
  public void forget(TokenDigest refused) {
    forgotten.add(refused);
  }
}
