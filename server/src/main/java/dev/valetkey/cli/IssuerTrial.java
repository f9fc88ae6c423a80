package dev.valetkey.cli;

import dev.valetkey.config.ClientAuthMethod;
import dev.valetkey.config.Config;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.oauth.Form;
import dev.valetkey.oauth.Issuer;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.TokenAnswer;
import dev.valetkey.token.Deadline;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * {@code valetkey check --online}: tries metadata, keys and client authentication of every issuer.
 */
final class IssuerTrial implements OnlineCheck {
  /** Errors that only a client who was recognised gets to see. */
  private static final Set<String> RECOGNISED =
      Set.of(
          "unauthorized_client",
          "invalid_scope",
          "invalid_request",
          "invalid_target",
          "unsupported_grant_type",
          "access_denied");

  /** A token exchange (RFC 8693 §2.1) that nobody can grant. */
  private static final Form EXCHANGE_OF_NOTHING =
      Form.EMPTY
          .with("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
          .with("subject_token", "none")
          .with("subject_token_type", "urn:ietf:params:oauth:token-type:access_token");

  private final Issuers issuers;
  private final LongSupplier nanoTime;

  IssuerTrial(Issuers issuers, LongSupplier nanoTime) {
    this.issuers = issuers;
    this.nanoTime = nanoTime;
  }

  @Override
  public List<Finding> check(Config config) {
    List<Finding> findings = new ArrayList<>();
    for (IssuerConfig issuer : config.issuers().values()) {
      Issuer tried = issuers.of(issuer);
      tried.prepare(Deadline.after(issuer.timeout(), nanoTime));
      boolean found = tried.state().equals("ok");
      findings.add(new Finding(issuer.name(), "discovery and keys", found, tried.state()));
      if (found) {
        findings.add(clientAuthentication(issuer, tried));
      }
    }
    return findings;
  }

  /**
   * A client credentials request shows whether we are recognised; whether it is granted does not
   * matter.
   */
  private Finding clientAuthentication(IssuerConfig issuer, Issuer tried) {
    TokenAnswer answer = ask(issuer, tried, Form.EMPTY.with("grant_type", "client_credentials"));
    if (isAmbiguous(issuer, answer)) {
      answer = ask(issuer, tried, EXCHANGE_OF_NOTHING);
    }
    boolean good =
        switch (answer) {
          case TokenAnswer.Success success -> true;
          case TokenAnswer.Refused refused ->
              RECOGNISED.contains(refused.code()) && !isAmbiguous(issuer, answer);
          case TokenAnswer.Unavailable unavailable -> false;
        };
    String detail =
        switch (answer) {
          case TokenAnswer.Success success -> "recognised";
          case TokenAnswer.Refused refused ->
              (good ? "recognised, answered " : "answered ") + refused.code();
          case TokenAnswer.Unavailable unavailable -> "no answer: " + unavailable.cause();
        };
    return new Finding(issuer.name(), "client authentication", good, detail);
  }

  /**
   * RFC 6749 §5.2 keeps 401 for clients that failed to authenticate. Keycloak says 401 {@code
   * unauthorized_client} for a wrong secret, and the same to a client it knows and that has no
   * service account: another grant tells them apart. Who does not authenticate cannot fail to.
   */
  private static boolean isAmbiguous(IssuerConfig issuer, TokenAnswer answer) {
    return answer instanceof TokenAnswer.Refused refused
        && refused.status() == 401
        && issuer.tokenEndpointAuthMethod() != ClientAuthMethod.NONE;
  }

  private TokenAnswer ask(IssuerConfig issuer, Issuer tried, Form form) {
    return tried.token(form, Deadline.after(issuer.timeout(), nanoTime));
  }
}
