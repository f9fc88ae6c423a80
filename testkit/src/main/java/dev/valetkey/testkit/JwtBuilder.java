package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Makes one JWT, good or forged. It begins as a valid token; each method spoils or changes one
 * thing; {@link #signed} and its siblings end it and may be called more than once.
 */
public final class JwtBuilder {
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Map<String, @Nullable Object> header = new LinkedHashMap<>();
  private final Map<String, @Nullable Object> claims = new LinkedHashMap<>();
  private final Instant now;
  private final Consumer<String> made;
  private Algorithm algorithm;
  private Key key;
  private final SigningKey publishedKey;
  private @Nullable String rawHeader;
  private @Nullable String rawClaims;

  /**
   * A builder whose token is signed with this key; {@code made} learns every token text that leaves
   * here.
   */
  public JwtBuilder(SigningKey signer, Map<String, ?> claims, Instant now, Consumer<String> made) {
    this.publishedKey = signer;
    this.algorithm = signer.algorithm();
    this.key = signer.pair().getPrivate();
    this.now = now;
    this.made = made;
    header.put("alg", algorithm.name());
    header.put("typ", "JWT");
    header.put("kid", signer.kid());
    this.claims.putAll(claims);
  }

  /** Sets a claim to anything JSON can say; null writes {@code null}. */
  public JwtBuilder claim(String name, @Nullable Object value) {
    claims.put(name, value);
    return this;
  }

  public JwtBuilder withoutClaim(String name) {
    claims.remove(name);
    return this;
  }

  /** Sets a header parameter; null writes {@code null}. */
  public JwtBuilder header(String name, @Nullable Object value) {
    header.put(name, value);
    return this;
  }

  public JwtBuilder withoutHeader(String name) {
    header.remove(name);
    return this;
  }

  /** One audience is written as text, several as an array, none as an empty array. */
  public JwtBuilder audience(String... audience) {
    return claim("aud", audience.length == 1 ? audience[0] : List.of(audience));
  }

  /** Life from now; negative for a token that is expired by that much. */
  public JwtBuilder expiresIn(Duration life) {
    return claim("exp", now.plus(life).getEpochSecond());
  }

  public JwtBuilder notBeforeIn(Duration wait) {
    return claim("nbf", now.plus(wait).getEpochSecond());
  }

  public JwtBuilder issuedIn(Duration wait) {
    return claim("iat", now.plus(wait).getEpochSecond());
  }

  /** The payload as this text, valid JSON or not; claims set elsewhere do not count. */
  public JwtBuilder rawClaims(String json) {
    rawClaims = json;
    return this;
  }

  /** The header as this text, valid JSON or not. */
  public JwtBuilder rawHeader(String json) {
    rawHeader = json;
    return this;
  }

  /**
   * Another signer than the published one, under the published {@code kid} unless that is set as
   * well.
   */
  public JwtBuilder signer(Algorithm other, Key privateOrSecret) {
    algorithm = other;
    key = privateOrSecret;
    return header("alg", other.name());
  }

  /** The claims as they are now. */
  public Map<String, @Nullable Object> claims() {
    return new LinkedHashMap<>(claims);
  }

  /** The token, signed. */
  public String signed() {
    return done(signingInput(), algorithm.sign(key, signingInput().getBytes(UTF_8)));
  }

  /** The token with one bit of its signature turned. */
  public String brokenSignature() {
    byte[] signature = algorithm.sign(key, signingInput().getBytes(UTF_8));
    signature[signature.length / 2] ^= 1;
    return done(signingInput(), signature);
  }

  /** The token with this signature, for example 64 zero bytes for ES256 (CVE-2022-21449). */
  public String withSignature(byte[] signature) {
    return done(signingInput(), signature);
  }

  /** {@code alg: none} and an empty signature. RFC 7519 §6. */
  public String unsigned() {
    header("alg", "none");
    return done(signingInput(), new byte[0]);
  }

  /** HS256 with the published key, as PEM, as the secret: algorithm confusion. RFC 8725 §2.1. */
  public String signedWithPublicKeyAsSecret() {
    byte[] pem =
        ("-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'})
                    .encodeToString(publishedKey.pair().getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n")
            .getBytes(UTF_8);
    return signer(Algorithm.HS256, new SecretKeySpec(pem, "HmacSHA256")).signed();
  }

  /**
   * A JWE for the published key, which must be RSA, around an unsigned token: five parts, encrypted
   * by anyone.
   */
  public String encrypted() {
    String inner = unsigned();
    header.clear();
    header("alg", "RSA-OAEP").header("enc", "A256GCM").header("cty", "JWT");
    header("kid", publishedKey.kid());
    try {
      KeyGenerator generator = KeyGenerator.getInstance("AES");
      generator.init(256);
      Key content = generator.generateKey();
      Cipher wrap = Cipher.getInstance("RSA/ECB/OAEPWithSHA-1AndMGF1Padding");
      wrap.init(Cipher.WRAP_MODE, publishedKey.pair().getPublic());
      byte[] iv = new byte[12];
      RANDOM.nextBytes(iv);
      Cipher gcm = Cipher.getInstance("AES/GCM/NoPadding");
      gcm.init(Cipher.ENCRYPT_MODE, content, new GCMParameterSpec(128, iv));
      String head = part(Json.text(header));
      gcm.updateAAD(head.getBytes(UTF_8));
      byte[] sealed = gcm.doFinal(inner.getBytes(UTF_8));
      int end = sealed.length - 16;
      return remember(
          String.join(
              ".",
              head,
              BASE64.encodeToString(wrap.wrap(content)),
              BASE64.encodeToString(iv),
              BASE64.encodeToString(Arrays.copyOf(sealed, end)),
              BASE64.encodeToString(Arrays.copyOfRange(sealed, end, sealed.length))));
    } catch (GeneralSecurityException notRsa) {
      throw new IllegalStateException(notRsa);
    }
  }

  private String signingInput() {
    return part(rawHeader != null ? rawHeader : Json.text(header))
        + "."
        + part(rawClaims != null ? rawClaims : Json.text(claims));
  }

  private String done(String input, byte[] signature) {
    return remember(input + "." + BASE64.encodeToString(signature));
  }

  private String remember(String token) {
    made.accept(token);
    return token;
  }

  private static String part(String json) {
    return BASE64.encodeToString(json.getBytes(UTF_8));
  }
}
