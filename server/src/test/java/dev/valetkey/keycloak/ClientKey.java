package dev.valetkey.keycloak;

import dev.valetkey.testkit.Json;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** A P-256 key of a client that authenticates by {@code private_key_jwt}. */
final class ClientKey {
  static final String ID = "agent-key";

  private final KeyPair pair;

  private ClientKey(KeyPair pair) {
    this.pair = pair;
  }

  static ClientKey generate() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return new ClientKey(generator.generateKeyPair());
    } catch (GeneralSecurityException noSuchCurve) {
      throw new IllegalStateException(noSuchCurve);
    }
  }

  /** The private key, PKCS #8. */
  String pem() {
    String text =
        Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(pair.getPrivate().getEncoded());
    return "-----BEGIN PRIVATE KEY-----\n" + text + "\n-----END PRIVATE KEY-----\n";
  }

  /** A Keycloak client that proves itself with this key and may exchange tokens. */
  Map<String, Object> client(String id) {
    ECPublicKey key = (ECPublicKey) pair.getPublic();
    Map<String, Object> jwk =
        Map.of(
            "kty",
            "EC",
            "crv",
            "P-256",
            "use",
            "sig",
            "alg",
            "ES256",
            "kid",
            ID,
            "x",
            number(key.getW().getAffineX()),
            "y",
            number(key.getW().getAffineY()));
    return Map.of(
        "clientId",
        id,
        "publicClient",
        false,
        "clientAuthenticatorType",
        "client-jwt",
        "fullScopeAllowed",
        false,
        "defaultClientScopes",
        KeycloakAdmin.STOCK_SCOPES,
        "optionalClientScopes",
        List.of("jira"),
        "attributes",
        Map.of(
            "standard.token.exchange.enabled",
            "true",
            "token.endpoint.auth.signing.alg",
            "ES256",
            "use.jwks.string",
            "true",
            "jwks.string",
            Json.text(Map.of("keys", List.of(jwk)))));
  }

  /** RFC 7518 §6.2.1.2: as many octets as the curve's field has. */
  private static String number(BigInteger coordinate) {
    byte[] octets = coordinate.toByteArray();
    byte[] field = new byte[32];
    int length = Math.min(octets.length, field.length);
    System.arraycopy(octets, octets.length - length, field, field.length - length, length);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(field);
  }
}
