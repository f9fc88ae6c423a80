package dev.valetkey.intercept;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An X.509 certificate until it is signed: who, until when, and what it is good for. RFC 5280. */
final class CertificateDraft {
  /** Below the 20 octets of RFC 5280 §4.1.2.2, above the 64 random bits that browsers want. */
  private static final int SERIAL_BITS = 127;

  private final Signer signer;
  private final SecureRandom random;
  private final X509v3CertificateBuilder builder;

  /**
   * @param subject as RFC 4514 writes it
   * @param key the subject's
   */
  CertificateDraft(
      Signer signer,
      String subject,
      PublicKey key,
      Instant notBefore,
      Instant notAfter,
      SecureRandom random) {
    this.signer = signer;
    this.random = random;
    this.builder =
        new X509v3CertificateBuilder(
            new X500Name(signer.name()),
            new BigInteger(SERIAL_BITS, random).setBit(SERIAL_BITS - 1),
            Date.from(notBefore),
            Date.from(notAfter),
            new X500Name(subject),
            SubjectPublicKeyInfo.getInstance(key.getEncoded()));
    try {
      JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
      with(Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(key));
      with(
          Extension.authorityKeyIdentifier,
          false,
          identifiers.createAuthorityKeyIdentifier(signer.publicKey()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has SHA-1", e);
    }
  }

  CertificateDraft with(ASN1ObjectIdentifier extension, boolean critical, ASN1Encodable value) {
    try {
      builder.addExtension(extension, critical, value);
      return this;
    } catch (CertIOException e) {
      throw new IllegalStateException("an extension of ours can be encoded", e);
    }
  }

  X509Certificate signed() {
    try {
      byte[] der =
          builder
              .build(
                  new JcaContentSignerBuilder("SHA256withECDSA")
                      .setSecureRandom(random)
                      .build(signer.key()))
              .getEncoded();
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (OperatorCreationException | IOException | GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform signs with P-256", e);
    }
  }
}
