package dev.valetkey.intercept;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.testkit.Child;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertPathValidatorException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The pod's authority, judged by the JDK. What other clients make of it is shown in TrustIT. */
final class PodAuthorityTest {
  private static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");
  private static final Duration DAY = Duration.ofDays(1);

  private final SecureRandom random = new SecureRandom();
  private final PodAuthority authority =
      new PodAuthority(List.of("mcp.example.com", "api.github.example"), NOW, random);

  // What it can vouch for.

  @ParameterizedTest
  @ValueSource(strings = {"mcp.example.com", "api.github.example"})
  void leafOfEachHostIsTrustedThroughTheIntermediate(String host) throws Exception {
    Leaf leaf = authority.leaf(host, NOW, DAY);

    List<X509Certificate> chain = Chains.read(leaf.chain());
    Chains.check(chain, authority.root(), NOW);
    assertThat(chain).hasSize(2);
    assertThat(chain.getFirst().getSubjectAlternativeNames()).containsExactly(List.of(2, host));
    assertThat(chain.getFirst().getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
    assertThat(chain.getFirst().getPublicKey().getAlgorithm()).isEqualTo("EC");
    assertThat(chain.getFirst().getBasicConstraints()).isEqualTo(-1);
  }

  // TM-CA
  @ParameterizedTest
  @ValueSource(
      strings = {
        "attacker.example",
        "example.com",
        "xmcp.example.com",
        "mcp.example.com.attacker.example",
        "github.example",
        "*.example.com",
        "127.0.0.1"
      })
  void leafForAnotherNameIsRefused(String name) {
    List<X509Certificate> chain = Chains.read(authority.leaf(name, NOW, DAY).chain());

    assertThatThrownBy(() -> Chains.check(chain, authority.root(), NOW))
        .isInstanceOf(CertPathValidatorException.class)
        .hasMessageContaining("name constraints check failed");
  }

  /** RFC 5280 §4.2.1.10: a permitted name permits those below it. */
  @Test
  void namesBelowAHostCannotBeKeptOut() {
    List<X509Certificate> chain =
        Chains.read(authority.leaf("below.mcp.example.com", NOW, DAY).chain());

    assertThatCode(() -> Chains.check(chain, authority.root(), NOW)).doesNotThrowAnyException();
  }

  private static Stream<byte[]> addresses() {
    byte[] ipv6 = new byte[16];
    ipv6[0] = 0x20;
    return Stream.of(new byte[] {10, 0, 0, 1}, new byte[] {127, 0, 0, 1}, ipv6);
  }

  // TM-CA
  @ParameterizedTest
  @MethodSource("addresses")
  void leafForAnAddressIsRefused(byte[] address) {
    GeneralName name = new GeneralName(GeneralName.iPAddress, new DEROctetString(address));
    X509Certificate leaf =
        draft("O=address")
            .with(Extension.subjectAlternativeName, false, new GeneralNames(name))
            .signed();

    assertThatThrownBy(() -> Chains.check(List.of(leaf, intermediate()), authority.root(), NOW))
        .hasMessageContaining("name constraints check failed");
  }

  /** Clients of the old school look for the host in the subject's common name. */
  @Test
  void leafWithTheNameInItsSubjectIsRefused() {
    X509Certificate leaf = draft("CN=attacker.example").signed();

    assertThatThrownBy(() -> Chains.check(List.of(leaf, intermediate()), authority.root(), NOW))
        .hasMessageContaining("name constraints check failed");
  }

  // TM-CA
  @Test
  void intermediateCannotMakeAuthorities() {
    Signer second =
        new Signer("CN=second", authority.signer().publicKey(), authority.signer().key());
    X509Certificate authorityBelow =
        draft(second.name())
            .with(Extension.basicConstraints, true, new BasicConstraints(true))
            .signed();
    X509Certificate leaf =
        new CertificateDraft(second, "O=leaf", second.publicKey(), NOW, NOW.plus(DAY), random)
            .signed();

    assertThatThrownBy(() ->
            Chains.check(List.of(leaf, authorityBelow, intermediate()), authority.root(), NOW))
        .hasMessageContaining("pathLenConstraint violated");
  }

  @Test
  void authorityWithoutHostsWouldPermitAllAndIsNotMade() {
    assertThatIllegalArgumentException().isThrownBy(() -> new PodAuthority(List.of(), NOW, random));
  }

  /** The rules of Python 3.13 and later: what RFC 5280 demands of authorities must be there. */
  @ParameterizedTest
  @CsvSource({
    "mcp.example.com, OK",
    "attacker.example, permitted subtree violation",
    "mcp.example.com.attacker.example, permitted subtree violation"
  })
  void opensslJudgesAlike(String name, String verdict, @TempDir Path folder) throws IOException {
    PodAuthority present = new PodAuthority(List.of("mcp.example.com"), Instant.now(), random);
    Files.write(folder.resolve("root.pem"), Pem.of(List.of(present.root())));
    Files.write(folder.resolve("chain.pem"), present.leaf(name, Instant.now(), DAY).chain());
    List<String> command =
        List.of(
            "openssl",
            "verify",
            "-x509_strict",
            "-purpose",
            "sslserver",
            "-verify_hostname",
            name,
            "-CAfile",
            "root.pem",
            "-untrusted",
            "chain.pem",
            "chain.pem");

    try (Child openssl = Child.start("openssl", folder, Map.of(), command)) {
      openssl.awaitExit(Duration.ofSeconds(30));
      assertThat(openssl.out() + openssl.err()).contains(verdict);
    } catch (UncheckedIOException missing) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw missing;
      }
      abort("there is no openssl on the PATH");
    }
  }

  // Its keys.

  // TM-CA
  @Test
  void rootsPrivateKeyIsGone() throws Exception {
    List<PrivateKey> held = new ArrayList<>();
    collectKeys(authority, held, new HashSet<>());

    assertThat(held).hasSize(1);
    assertThat(fit(held.getFirst(), authority.root())).isFalse();
    assertThat(fit(held.getFirst(), intermediate())).isTrue();
  }

  // TM-SECRETS
  @Test
  void nothingPrintsAKey() {
    Leaf leaf = authority.leaf("mcp.example.com", NOW, DAY);

    assertThat(leaf.toString())
        .isEqualTo(
            "Leaf[host=mcp.example.com, serial="
                + leaf.serial()
                + ", expires=2026-11-02T12:00:00Z]");
    assertThat(authority.signer().toString())
        .matches("Signer\\[O=valetkey pod \\w{16},CN=intermediate]");
  }

  @Test
  void everyLeafHasAKeyAndASerialOfItsOwn() {
    Leaf first = authority.leaf("mcp.example.com", NOW, DAY);
    Leaf second = authority.leaf("mcp.example.com", NOW, DAY);

    assertThat(second.serial()).isNotEqualTo(first.serial());
    assertThat(second.privateKey()).isNotEqualTo(first.privateKey());
  }

  @Test
  void everyPodHasARootOfItsOwn() {
    PodAuthority other = new PodAuthority(List.of("mcp.example.com"), NOW, random);
    List<X509Certificate> chain = Chains.read(other.leaf("mcp.example.com", NOW, DAY).chain());

    assertThat(other.root().getSubjectX500Principal())
        .isNotEqualTo(authority.root().getSubjectX500Principal());
    assertThatThrownBy(() -> Chains.check(chain, authority.root(), NOW))
        .isInstanceOf(CertPathValidatorException.class);
  }

  // Their lives.

  @Test
  void leafIsRenewedAtHalfItsLife() throws Exception {
    Leaf leaf = authority.leaf("mcp.example.com", NOW, DAY);

    assertThat(leaf.renewAt()).isEqualTo("2026-11-02T00:00:00Z");
    assertThat(leaf.expires()).isEqualTo("2026-11-02T12:00:00Z");
    Chains.check(Chains.read(leaf.chain()), authority.root(), NOW.plus(DAY));
    assertThatThrownBy(() ->
            Chains.check(Chains.read(leaf.chain()), authority.root(), NOW.plus(DAY).plusSeconds(1)))
        .hasMessageContaining("validity");
  }

  @Test
  void authorityOutlivesEveryPod() throws Exception {
    Instant late = NOW.plus(Duration.ofDays(3600));

    Chains.check(
        Chains.read(authority.leaf("mcp.example.com", late, DAY).chain()), authority.root(), late);
  }

  private X509Certificate intermediate() {
    return Chains.read(authority.leaf("mcp.example.com", NOW, DAY).chain()).getLast();
  }

  /** A certificate for the intermediate's own key, signed by the intermediate. */
  private CertificateDraft draft(String subject) {
    return new CertificateDraft(
        authority.signer(), subject, authority.signer().publicKey(), NOW, NOW.plus(DAY), random);
  }

  private static boolean fit(PrivateKey key, X509Certificate certificate)
      throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(key);
    signature.update((byte) 1);
    byte[] signed = signature.sign();
    signature.initVerify(certificate.getPublicKey());
    signature.update((byte) 1);
    return signature.verify(signed);
  }

  /** Every private key that our own objects lead to. */
  private static void collectKeys(Object from, List<PrivateKey> found, Set<Object> seen)
      throws IllegalAccessException {
    if (!seen.add(from)) {
      return;
    }
    if (from instanceof PrivateKey key) {
      found.add(key);
    } else if (from.getClass().getName().startsWith("dev.valetkey.")) {
      for (Field field : from.getClass().getDeclaredFields()) {
        field.setAccessible(true);
        Object value = field.get(from);
        if (value != null) {
          collectKeys(value, found, seen);
        }
      }
    }
  }
}
