package dev.valetkey.webhook;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;

/** Private keys in PEM, as cert-manager and Helm write them. */
final class PrivateKeys {
  /** AlgorithmIdentifier of rsaEncryption, and the version before it. RFC 5958 §2, RFC 8017 A.1. */
  private static final byte[] VERSION_AND_RSA = {
    0x02,
    0x01,
    0x00,
    0x30,
    0x0D,
    0x06,
    0x09,
    0x2A,
    (byte) 0x86,
    0x48,
    (byte) 0x86,
    (byte) 0xF7,
    0x0D,
    0x01,
    0x01,
    0x01,
    0x05,
    0x00
  };

  private static final int SEQUENCE = 0x30;
  private static final int OCTET_STRING = 0x04;

  private PrivateKeys() {}

  /** The key of a text with {@code PRIVATE KEY} (PKCS #8) or {@code RSA PRIVATE KEY} (PKCS #1). */
  static PrivateKey fromPem(String pem) throws GeneralSecurityException {
    byte[] der = der(pem, "PRIVATE KEY");
    if (der.length == 0) {
      byte[] pkcs1 = der(pem, "RSA PRIVATE KEY");
      if (pkcs1.length == 0) {
        throw new InvalidKeyException("no private key in PEM");
      }
      der = tagged(SEQUENCE, joined(VERSION_AND_RSA, tagged(OCTET_STRING, pkcs1)));
    }
    PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(der);
    for (String algorithm : List.of("RSA", "EC")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (GeneralSecurityException anotherAlgorithm) {
        // The factory of another algorithm refuses the key's identifier.
      }
    }
    throw new InvalidKeyException("neither RSA nor EC");
  }

  /** Whether what the one signs the other verifies. */
  static boolean belongsTo(PrivateKey key, PublicKey certified) {
    try {
      Signature signature =
          Signature.getInstance(
              key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA");
      byte[] probe = {1};
      signature.initSign(key);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(certified);
      signature.update(probe);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** What stands between the lines of this label; nothing when it is not there. */
  private static byte[] der(String pem, String label) throws InvalidKeyException {
    String begin = "-----BEGIN " + label + "-----";
    int from = pem.indexOf(begin);
    int to = pem.indexOf("-----END " + label + "-----");
    if (from < 0 || to < from) {
      return new byte[0];
    }
    try {
      return Base64.getMimeDecoder().decode(pem.substring(from + begin.length(), to));
    } catch (IllegalArgumentException noBase64) {
      throw new InvalidKeyException("no Base64", noBase64);
    }
  }

  private static byte[] tagged(int tag, byte[] content) {
    int length = content.length;
    byte[] head =
        length < 0x80
            ? new byte[] {(byte) tag, (byte) length}
            : length < 0x100
                ? new byte[] {(byte) tag, (byte) 0x81, (byte) length}
                : new byte[] {(byte) tag, (byte) 0x82, (byte) (length >> 8), (byte) length};
    return joined(head, content);
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] both = new byte[first.length + second.length];
    System.arraycopy(first, 0, both, 0, first.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
