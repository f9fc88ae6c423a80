package dev.valetkey.intercept;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;

/**
 * The certificate authority of one pod, for as long as this process lives: a root that the agent
 * trusts, whose private key is gone once it signed the intermediate; an intermediate that can vouch
 * for the configured hosts and nothing else; and leaves. All keys are on the curve P-256 and in
 * memory only. Thread-safe.
 *
 * <p>The limits stand in an intermediate and not in the root because Java does not look at those of
 * a trust anchor.
 */
final class PodAuthority {
  /** Longer than any pod lives: with its key gone, the root cannot be renewed. */
  private static final Duration LIFE = Duration.ofDays(3650);

  /** Clocks that run a little behind ours find a new certificate valid. */
  private static final Duration BACKDATED = Duration.ofMinutes(5);

  private static final KeyUsage SIGNS_CERTIFICATES = new KeyUsage(KeyUsage.keyCertSign);
  private static final ExtendedKeyUsage FOR_SERVERS =
      new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth);
  private static final GeneralSubtree ALL_OF_IPV4 = addresses(new byte[8]);
  private static final GeneralSubtree ALL_OF_IPV6 = addresses(new byte[32]);

  private final X509Certificate root;
  private final X509Certificate intermediate;
  private final Signer signer;
  private final SecureRandom random;

  /**
   * A new authority for these hosts and, as X.509 has it, for names below them.
   *
   * @param hosts at least one: a list of none would permit every name
   */
  PodAuthority(Collection<String> hosts, Instant now, SecureRandom random) {
    if (hosts.isEmpty()) {
      throw new IllegalArgumentException("an authority for no host");
    }
    this.random = random;
    // Clients look signers up by their name: it differs from pod to pod.
    byte[] pod = new byte[8];
    random.nextBytes(pod);
    String organization = "O=valetkey pod " + HexFormat.of().formatHex(pod);
    Instant notBefore = now.minus(BACKDATED);
    Instant notAfter = now.plus(LIFE);

    Signer ofRoot = signer(organization + ",CN=root");
    this.root =
        new CertificateDraft(ofRoot, ofRoot.name(), ofRoot.publicKey(), notBefore, notAfter, random)
            .with(Extension.basicConstraints, true, new BasicConstraints(1))
            .with(Extension.keyUsage, true, SIGNS_CERTIFICATES)
            .signed();

    this.signer = signer(organization + ",CN=intermediate");
    this.intermediate =
        new CertificateDraft(ofRoot, signer.name(), signer.publicKey(), notBefore, notAfter, random)
            .with(Extension.basicConstraints, true, new BasicConstraints(0))
            .with(Extension.keyUsage, true, SIGNS_CERTIFICATES)
            .with(Extension.extendedKeyUsage, false, FOR_SERVERS)
            .with(Extension.nameConstraints, true, only(hosts))
            .signed();
    // Here the root's private key goes out of scope, and nobody else ever had it.
  }

  /** The intermediate. */
  Signer signer() {
    return signer;
  }

  /** What the agent must trust. */
  X509Certificate root() {
    return root;
  }

  /** A new key and certificate for a host; of no use for a host that this authority is not for. */
  Leaf leaf(String host, Instant now, Duration life) {
    KeyPair key = newKey();
    X509Certificate certificate =
        new CertificateDraft(
                signer, "O=valetkey", key.getPublic(), now.minus(BACKDATED), now.plus(life), random)
            .with(Extension.basicConstraints, true, new BasicConstraints(false))
            .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
            .with(Extension.extendedKeyUsage, false, FOR_SERVERS)
            .with(Extension.subjectAlternativeName, false, new GeneralNames(dns(host)))
            .signed();
    return new Leaf(
        host,
        certificate.getSerialNumber().toString(16),
        Pem.of(List.of(certificate, intermediate)),
        Pem.of(key.getPrivate()),
        now.plus(life.dividedBy(2)),
        now.plus(life));
  }

  private Signer signer(String name) {
    KeyPair key = newKey();
    return new Signer(name, key.getPublic(), key.getPrivate());
  }

  private KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has P-256", e);
    }
  }

  /** RFC 5280 §4.2.1.10. */
  private static NameConstraints only(Collection<String> hosts) {
    return new NameConstraints(
        hosts.stream()
            .map(PodAuthority::dns)
            .map(GeneralSubtree::new)
            .toArray(GeneralSubtree[]::new),
        new GeneralSubtree[] {ALL_OF_IPV4, ALL_OF_IPV6});
  }

  private static GeneralName dns(String host) {
    return new GeneralName(GeneralName.dNSName, host);
  }

  /** An address and a mask in one; both all zero: every address. */
  private static GeneralSubtree addresses(byte[] addressAndMask) {
    return new GeneralSubtree(
        new GeneralName(GeneralName.iPAddress, new DEROctetString(addressAndMask)));
  }
}
