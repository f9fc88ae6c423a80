package dev.valetkey.acquire;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.oauth.Form;
import java.net.URI;

/**
 * The form fields that grants share. Empty lists and an empty scope are left out, since some
 * issuers refuse empty fields.
 */
final class Forms {
  private Forms() {}

  /** {@code form} with what the grant asks for (RFC 6749 §3.3, RFC 8693 §2.1, RFC 8707 §2). */
  static Form withTarget(Form form, GrantConfig.Asking grant) {
    return withScope(
        form.withAll("audience", grant.audience())
            .withAll("resource", grant.resource().stream().map(URI::toString).toList()),
        grant);
  }

  static Form withScope(Form form, GrantConfig.Asking grant) {
    return grant.scope().isEmpty() ? form : form.with("scope", String.join(" ", grant.scope()));
  }

  static Form withExtraParameters(Form form, GrantConfig.Asking grant) {
    Form extended = form;
    for (var extra : grant.extraParameters().entrySet()) {
      extended = extended.with(extra.getKey(), extra.getValue());
    }
    return extended;
  }
}
