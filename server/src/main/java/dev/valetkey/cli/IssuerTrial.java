package dev.valetkey.cli;

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
    Form form = Form.EMPTY.with("grant_type", "client_credentials");
    String detail;
    boolean good;
    switch (tried.token(form, Deadline.after(issuer.timeout(), nanoTime))) {
      case TokenAnswer.Success success -> {
        good = true;
        detail = "recognised";
      }
      case TokenAnswer.Refused refused -> {
        good = RECOGNISED.contains(refused.code());
        detail = (good ? "recognised, answered " : "answered ") + refused.code();
      }
      case TokenAnswer.Unavailable unavailable -> {
        good = false;
        detail = "no answer: " + unavailable.cause();
      }
    }
    return new Finding(issuer.name(), "client authentication", good, detail);
  }
}
