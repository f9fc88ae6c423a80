package dev.valetkey.envoy;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Certificates and private keys as text (RFC 7468). What is cut short is refused. */
final class Pem {
  private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
  private static final String END = "-----END PRIVATE KEY-----";

  private Pem() {}

  /** All certificates of a text, one at least, in its order. */
  static List<X509Certificate> certificates(String pem) throws CertificateException {
    List<X509Certificate> certificates =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(
                new ByteArrayInputStream(pem.getBytes(StandardCharsets.ISO_8859_1)))
            .stream()
            .map(X509Certificate.class::cast)
            .toList();
    if (certificates.isEmpty()) {
      throw new CertificateException("no certificate in it");
    }
    return certificates;
  }

  /** The private key of a text, PKCS #8 without encryption. */
  static PrivateKey privateKey(String pem) throws GeneralSecurityException {
    int begin = pem.indexOf(BEGIN);
    int end = pem.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new InvalidKeySpecException("no complete \"PRIVATE KEY\" (PKCS #8) in it");
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(pem.substring(begin + BEGIN.length(), end));
      // The factory of another type refuses the key's algorithm identifier.
      for (String type : List.of("EC", "RSA", "EdDSA")) {
        Optional<PrivateKey> key = privateKey(type, new PKCS8EncodedKeySpec(der));
        if (key.isPresent()) {
          return key.get();
        }
      }
    } catch (IllegalArgumentException notBase64) {
      throw unreadable();
    }
    throw unreadable();
  }

  private static Optional<PrivateKey> privateKey(String type, PKCS8EncodedKeySpec spec)
      throws GeneralSecurityException {
    try {
      return Optional.of(KeyFactory.getInstance(type).generatePrivate(spec));
    } catch (InvalidKeySpecException anotherType) {
      return Optional.empty();
    }
  }

  /** Whether the key is the certificate's: a rotation may replace one file after the other. */
  static boolean belongTogether(X509Certificate certificate, PrivateKey key)
      throws GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "EC" -> "SHA256withECDSA";
          case "RSA" -> "SHA256withRSA";
          default -> "EdDSA";
        };
    if (!certificate.getPublicKey().getAlgorithm().equals(key.getAlgorithm())) {
      return false;
    }
    byte[] probe = {1};
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(probe);
    byte[] signed = signature.sign();
    signature.initVerify(certificate.getPublicKey());
    signature.update(probe);
    return signature.verify(signed);
  }

  /** Says nothing of what was read: it is a secret. */
  private static InvalidKeySpecException unreadable() {
    return new InvalidKeySpecException("the private key in it cannot be read");
  }
}
