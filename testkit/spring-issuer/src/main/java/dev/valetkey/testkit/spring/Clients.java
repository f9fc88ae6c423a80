package dev.valetkey.testkit.spring;

import java.util.List;
import java.util.Set;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClient;
import org.springframework.security.oauth2.server.authorization.settings.ClientSettings;

/** Who may ask for tokens. */
final class Clients {
  private static final Set<String> SCOPES = Set.of("read", "write");

  private Clients() {}

  static List<RegisteredClient> all() {
    return List.of(
        chatApp(),
        confidential("agent", AuthorizationGrantType.TOKEN_EXCHANGE),
        confidential("front-desk", AuthorizationGrantType.TOKEN_EXCHANGE),
        confidential("agent-without-exchange", AuthorizationGrantType.CLIENT_CREDENTIALS));
  }

  /** Signs users in. */
  private static RegisteredClient chatApp() {
    return RegisteredClient.withId("chat-app")
        .clientId("chat-app")
        .clientAuthenticationMethod(ClientAuthenticationMethod.NONE)
        .authorizationGrantType(AuthorizationGrantType.AUTHORIZATION_CODE)
        .redirectUri("http://127.0.0.1/callback")
        .scopes(scopes -> scopes.addAll(SCOPES))
        .clientSettings(ClientSettings.builder().requireAuthorizationConsent(false).build())
        .build();
  }

  private static RegisteredClient confidential(String id, AuthorizationGrantType further) {
    return RegisteredClient.withId(id)
        .clientId(id)
        .clientSecret("{noop}CANARY-" + id + "-secret")
        .clientAuthenticationMethod(ClientAuthenticationMethod.CLIENT_SECRET_BASIC)
        .authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS)
        .authorizationGrantType(further)
        .scopes(scopes -> scopes.addAll(SCOPES))
        .build();
  }
}
