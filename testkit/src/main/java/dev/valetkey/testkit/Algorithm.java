package dev.valetkey.testkit;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/**
 * The JWS algorithms of RFC 7518 and RFC 8037 that tokens are made with, straight on the JDK: an
 * oracle beside the product's library.
 */
public enum Algorithm {
  RS256("RSA", "SHA256withRSA"),
  RS384("RSA", "SHA384withRSA"),
  RS512("RSA", "SHA512withRSA"),
  PS256("RSA", "RSASSA-PSS"),
  ES256("EC", "SHA256withECDSAinP1363Format"),
  EdDSA("Ed25519", "Ed25519"),
  /** A shared secret; for forgeries only. */
  HS256("HmacSHA256", "HmacSHA256");

  private final String keyType;
  private final String jcaName;

  Algorithm(String keyType, String jcaName) {
    this.keyType = keyType;
    this.jcaName = jcaName;
  }

  /** A fresh key pair: RSA of 2048 bits, P-256 or Ed25519. */
  public KeyPair newKeyPair() {
    return newKeyPair(2048);
  }

  /** The same with an RSA key of another size. */
  public KeyPair newKeyPair(int rsaBits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(keyType);
      switch (keyType) {
        case "RSA" -> generator.initialize(rsaBits);
        case "EC" -> generator.initialize(new ECGenParameterSpec("secp256r1"));
        default -> {}
      }
      return generator.generateKeyPair();
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }

  byte[] sign(Key key, byte[] input) {
    try {
      if (this == HS256) {
        Mac mac = Mac.getInstance(jcaName);
        mac.init(key);
        return mac.doFinal(input);
      }
      Signature signature = signature();
      signature.initSign((PrivateKey) key);
      signature.update(input);
      return signature.sign();
    } catch (GeneralSecurityException wrongKey) {
      throw new IllegalArgumentException(wrongKey);
    }
  }

  boolean verifies(PublicKey key, byte[] input, byte[] signed) {
    try {
      Signature signature = signature();
      signature.initVerify(key);
      signature.update(input);
      return signature.verify(signed);
    } catch (GeneralSecurityException malformed) {
      return false;
    }
  }

  private Signature signature() throws GeneralSecurityException {
    Signature signature = Signature.getInstance(jcaName);
    AlgorithmParameterSpec pss = parameters();
    if (pss != null) {
      signature.setParameter(pss);
    }
    return signature;
  }

  private @Nullable AlgorithmParameterSpec parameters() {
    return this == PS256
        ? new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1)
        : null;
  }
}
