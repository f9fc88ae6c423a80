package dev.valetkey.intercept;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Collection;

/** The text form of certificates and keys, RFC 7468. */
final class Pem {
  private static final byte[] LINE_END = {'\n'};

  private Pem() {}

  /** Certificates one after another. */
  static byte[] of(Collection<X509Certificate> certificates) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (X509Certificate certificate : certificates) {
      try {
        text.writeBytes(block("CERTIFICATE", certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("a certificate that was read can be written", e);
      }
    }
    return text.toByteArray();
  }

  /** A key as PKCS #8. */
  static byte[] of(PrivateKey key) {
    return block("PRIVATE KEY", key.getEncoded());
  }

  private static byte[] block(String label, byte[] der) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    text.writeBytes(("-----BEGIN " + label + "-----\n").getBytes(US_ASCII));
    text.writeBytes(Base64.getMimeEncoder(64, LINE_END).encode(der));
    text.writeBytes(("\n-----END " + label + "-----\n").getBytes(US_ASCII));
    return text.toByteArray();
  }
}
