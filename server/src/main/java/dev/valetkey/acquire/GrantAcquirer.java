package dev.valetkey.acquire;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import java.time.InstantSource;

/** Gets each token in the way its server's grant says. Thread-safe; for virtual threads. */
public final class GrantAcquirer implements Acquirer {
  private final TokenExchangeGrant tokenExchange;
  private final ClientCredentialsGrant clientCredentials;
  private final JwtBearerGrant jwtBearer;
  private final IdJagGrant idJag;
  private final BrokeredTokenGrant brokeredToken;
  private final TokenBrokerGrant tokenBroker;
  private final StaticGrant fromFile;

  /**
   * @param clock for the life of tokens
   */
  public GrantAcquirer(Issuers issuers, InstantSource clock, Metrics metrics, Audit audit) {
    CredentialFiles files = new CredentialFiles();
    // A grant may begin with the token of another one, which is acquired like any other.
    SubjectTokens tokens = new SubjectTokens(this, files);
    IssuerCall call =
        new IssuerCall(issuers, new IssuedTokenCheck(clock, files), new CallRecord(metrics, audit));
    this.tokenExchange = new TokenExchangeGrant(call, tokens);
    this.clientCredentials = new ClientCredentialsGrant(call);
    this.jwtBearer = new JwtBearerGrant(call, tokens);
    this.idJag = new IdJagGrant(call, tokens);
    this.brokeredToken = new BrokeredTokenGrant(call, tokens);
    this.tokenBroker = new TokenBrokerGrant(call, tokens);
    this.fromFile = new StaticGrant(files, clock);
  }

  @Override
  public TokenOutcome acquire(TokenRequest request, Deadline deadline) {
    return switch (request.target().grant()) {
      case GrantConfig.TokenExchange grant -> tokenExchange.acquire(grant, request, deadline);
      case GrantConfig.ClientCredentials grant ->
          clientCredentials.acquire(grant, request, deadline);
      case GrantConfig.JwtBearer grant -> jwtBearer.acquire(grant, request, deadline);
      case GrantConfig.IdJag grant -> idJag.acquire(grant, request, deadline);
      case GrantConfig.BrokeredToken grant -> brokeredToken.acquire(grant, request, deadline);
      case GrantConfig.TokenBroker grant -> tokenBroker.acquire(grant, request, deadline);
      case GrantConfig.Static grant -> fromFile.acquire(grant);
      // These two give no token; the gate answers such calls itself.
      case GrantConfig.None none -> new TokenOutcome.Rejected(Rejection.ACCESS_DENIED);
      case GrantConfig.Refuse refuse -> new TokenOutcome.Rejected(Rejection.ACCESS_DENIED);
    };
  }
}
