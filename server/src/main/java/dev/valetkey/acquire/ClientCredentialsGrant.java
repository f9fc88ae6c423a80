package dev.valetkey.acquire;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.oauth.Form;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;

/**
 * {@code client_credentials}: a token for the workload itself, without a user (RFC 6749 §4.4, RFC
 * 8707). Thread-safe.
 */
final class ClientCredentialsGrant {
  private final IssuerCall call;

  ClientCredentialsGrant(IssuerCall call) {
    this.call = call;
  }

  TokenOutcome acquire(
      GrantConfig.ClientCredentials grant, TokenRequest request, Deadline deadline) {
    Form form = Forms.withTarget(Form.EMPTY.with("grant_type", "client_credentials"), grant);
    return call.ask(request, Forms.withExtraParameters(form, grant), deadline);
  }
}
