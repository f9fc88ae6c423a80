package dev.valetkey.oauth;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The JWS algorithms we know (RFC 7518 §3, RFC 8037): all of them asymmetric. {@code none} and HMAC
 * are not among them, so no configuration can let them in.
 */
enum SignatureAlgorithm {
  RS256("RSA", "SHA256withRSA", 0, null),
  RS384("RSA", "SHA384withRSA", 0, null),
  RS512("RSA", "SHA512withRSA", 0, null),
  PS256("RSA", "RSASSA-PSS", 0, "SHA-256"),
  PS384("RSA", "RSASSA-PSS", 0, "SHA-384"),
  PS512("RSA", "RSASSA-PSS", 0, "SHA-512"),
  ES256("P-256", "SHA256withECDSAinP1363Format", 64, null),
  ES384("P-384", "SHA384withECDSAinP1363Format", 96, null),
  ES512("P-521", "SHA512withECDSAinP1363Format", 132, null),
  EdDSA("Ed25519", "Ed25519", 64, null);

  private final String keyType;
  private final String jcaName;
  private final int signatureLength;

  /** Hash of RSASSA-PSS; null for other algorithms. */
  private final @Nullable String pssHash;

  SignatureAlgorithm(
      String keyType, String jcaName, int signatureLength, @Nullable String pssHash) {
    this.keyType = keyType;
    this.jcaName = jcaName;
    this.signatureLength = signatureLength;
    this.pssHash = pssHash;
  }

  /** The algorithm of this name, in exactly this spelling. */
  static Optional<SignatureAlgorithm> of(String name) {
    for (SignatureAlgorithm algorithm : values()) {
      if (algorithm.name().equals(name)) {
        return Optional.of(algorithm);
      }
    }
    return Optional.empty();
  }

  /** {@code RSA}, or the curve: a key of another type or curve never verifies (RFC 8725 §3.1). */
  String keyType() {
    return keyType;
  }

  /**
   * Whether {@code signature} is this key's over {@code input}. False for whatever the key cannot
   * even try.
   */
  boolean verify(PublicKey key, byte[] input, byte[] signature) {
    if (signatureLength > 0 && signature.length != signatureLength) {
      return false;
    }
    try {
      Signature verifier = signature();
      verifier.initVerify(key);
      verifier.update(input);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** The signature of {@code input}, as it stands in a JWS. */
  byte[] sign(PrivateKey key, byte[] input) throws GeneralSecurityException {
    Signature signer = signature();
    signer.initSign(key);
    signer.update(input);
    return signer.sign();
  }

  private Signature signature() throws GeneralSecurityException {
    Signature signature = Signature.getInstance(jcaName);
    if (pssHash != null) {
      signature.setParameter(pss(pssHash));
    }
    return signature;
  }

  private static PSSParameterSpec pss(String hash) throws GeneralSecurityException {
    // RFC 7518 §3.5: the mask uses the same hash, the salt has its length.
    int salt = MessageDigest.getInstance(hash).getDigestLength();
    return new PSSParameterSpec(
        hash, "MGF1", new MGF1ParameterSpec(hash), salt, PSSParameterSpec.TRAILER_FIELD_BC);
  }
}
