package dev.valetkey.testkit.spring;

import static java.util.Objects.requireNonNull;

import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.server.authorization.authentication.OAuth2TokenExchangeAuthenticationToken;
import org.springframework.security.oauth2.server.authorization.token.JwtEncodingContext;
import org.springframework.security.oauth2.server.authorization.token.OAuth2TokenCustomizer;

/**
 * What Spring leaves to its user: whom a token is for, which is the client unless somebody says
 * otherwise, and who may act for a user.
 */
final class Claims implements OAuth2TokenCustomizer<JwtEncodingContext> {
  /** Users who let only one client act for them (RFC 8693 §4.4). */
  private static final Map<String, String> MAY_ACT = Map.of("carol", "front-desk", "dave", "agent");

  /** As Spring itself holds {@code iss}, which it compares. */
  private final URL issuer;

  Claims(URL issuer) {
    this.issuer = issuer;
  }

  @Override
  public void customize(JwtEncodingContext context) {
    if (context.getAuthorizationGrant() instanceof OAuth2TokenExchangeAuthenticationToken asked) {
      List<String> audience = new ArrayList<>(asked.getResources());
      audience.addAll(asked.getAudiences());
      if (!audience.isEmpty()) {
        context.getClaims().audience(audience);
      }
    } else if (AuthorizationGrantType.AUTHORIZATION_CODE.equals(
        context.getAuthorizationGrantType())) {
      context.getClaims().audience(List.of("agent"));
      Authentication user = requireNonNull(context.getPrincipal());
      String actor = MAY_ACT.get(user.getName());
      if (actor != null) {
        context.getClaims().claim("may_act", Map.of("iss", issuer, "sub", actor));
      }
    }
  }
}
