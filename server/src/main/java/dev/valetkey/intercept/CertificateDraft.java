package dev.valetkey.intercept;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;

/** An X.509 certificate until it is signed: who, until when, and what it is good for. RFC 5280. */
final class CertificateDraft {
  /** Below the 20 octets of RFC 5280 §4.1.2.2, above the 64 random bits that browsers want. */
  private static final int SERIAL_BITS = 127;

  private final Signer signer;
  private final SecureRandom random;
  private final X509v3CertificateBuilder builder;

  /**
   * @param subject the widest part first
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
    with(Extension.subjectKeyIdentifier, false, new SubjectKeyIdentifier(identifier(key)));
    with(
        Extension.authorityKeyIdentifier,
        false,
        authorityKeyIdentifier(identifier(signer.publicKey())));
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
      byte[] der = builder.build(new Signing(signer.key(), random)).getEncoded();
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform signs with P-256", e);
    }
  }

  /** RFC 7093 §2, method 1: the first 160 bits of a SHA-256. */
  private static byte[] identifier(PublicKey key) {
    try {
      byte[] bits =
          SubjectPublicKeyInfo.getInstance(key.getEncoded()).getPublicKeyData().getBytes();
      return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(bits), 20);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * RFC 5280 §4.2.1.1: a sequence whose field 0 is the identifier. Bouncy Castle's own type needs
   * its digests, which do not ship.
   */
  private static ASN1Encodable authorityKeyIdentifier(byte[] identifier) {
    return new DERSequence(new DERTaggedObject(false, 0, new DEROctetString(identifier)));
  }

  /**
   * One signature by the JDK. Bouncy Castle's own way to it would need its provider, which does not
   * ship.
   */
  private static final class Signing implements ContentSigner {
    private final Signature signature;
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();

    Signing(PrivateKey key, SecureRandom random) throws GeneralSecurityException {
      this.signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(key, random);
    }

    @Override
    public AlgorithmIdentifier getAlgorithmIdentifier() {
      return new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);
    }

    @Override
    public OutputStream getOutputStream() {
      return content;
    }

    @Override
    public byte[] getSignature() {
      try {
        signature.update(content.toByteArray());
        return signature.sign();
      } catch (SignatureException e) {
        throw new IllegalStateException("a key that was accepted can sign", e);
      }
    }
  }
}
