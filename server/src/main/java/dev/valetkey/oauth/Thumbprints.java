package dev.valetkey.oauth;

import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenDigest;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Optional;

/** How {@code cnf} names what a token is bound to. */
public final class Thumbprints {
  private Thumbprints() {}

  /** {@code x5t#S256} of the first certificate in a PEM text (RFC 8705 §3.1); empty if none is. */
  public static Optional<String> ofCertificate(Secret pem) {
    try {
      X509Certificate[] chain = ClientCertificate.chain(pem);
      return chain.length == 0
          ? Optional.empty()
          : Optional.of(base64(TokenDigest.of(chain[0].getEncoded())));
    } catch (CertificateException e) {
      return Optional.empty();
    }
  }

  /** A digest as {@code cnf} and DPoP proofs have it. */
  static String base64(TokenDigest digest) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(digest.toBytes());
  }
}
