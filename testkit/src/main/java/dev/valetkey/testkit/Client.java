package dev.valetkey.testkit;

import java.security.PublicKey;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A client that the issuer knows.
 *
 * @param auth the only way in which it may prove itself
 * @param secret null unless the way needs one
 * @param key null unless the way is {@link Auth#PRIVATE_KEY_JWT}
 */
public record Client(String id, Auth auth, @Nullable String secret, @Nullable PublicKey key) {

  /** Client authentication methods, spelled as in the IANA registry by {@link #wireName}. */
  public enum Auth {
    CLIENT_SECRET_BASIC,
    CLIENT_SECRET_POST,
    PRIVATE_KEY_JWT,
    NONE;

    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public static Client basic(String id, String secret) {
    return new Client(id, Auth.CLIENT_SECRET_BASIC, secret, null);
  }

  public static Client post(String id, String secret) {
    return new Client(id, Auth.CLIENT_SECRET_POST, secret, null);
  }

  public static Client privateKeyJwt(String id, PublicKey key) {
    return new Client(id, Auth.PRIVATE_KEY_JWT, null, key);
  }

  public static Client none(String id) {
    return new Client(id, Auth.NONE, null, null);
  }

  @Override
  public String toString() {
    return "Client[" + id + " " + auth.wireName() + "]";
  }
}
