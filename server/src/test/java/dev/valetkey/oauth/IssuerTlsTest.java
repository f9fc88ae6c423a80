package dev.valetkey.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.TlsConfig;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** TLS towards an issuer: who is trusted. */
class IssuerTlsTest {
  private final MovedTime time = new MovedTime();
  @TempDir private Path folder;

  @Test
  void issuerOfTheGivenCaIsTrustedUnderItsName() {
    TestCa ca = TestCa.create(folder);

    assertThat(state(ca.localhost(), ca.pem())).isEqualTo("ok");
  }

  static Stream<Function<TestCa, TestCa.Certificate>> wrong() {
    return Stream.of(
        TestCa::expired, ca -> ca.issue("dns:elsewhere.example"), ca -> ca.issue("dns:*.com"));
  }

  // R-BC-1, TM-WIRE
  @ParameterizedTest
  @MethodSource("wrong")
  void wrongCertificateIsRefused(Function<TestCa, TestCa.Certificate> making) {
    TestCa ca = TestCa.create(folder);

    assertThat(state(making.apply(ca), ca.pem())).isEqualTo("metadata: TLS");
  }

  // R-BC-1, TM-WIRE
  @Test
  void anotherCaIsNotTrusted() throws IOException {
    TestCa ours = TestCa.create(Files.createDirectory(folder.resolve("ours")));
    TestCa theirs = TestCa.create(Files.createDirectory(folder.resolve("theirs")));

    assertThat(state(theirs.localhost(), ours.pem())).isEqualTo("metadata: TLS");
    assertThat(state(theirs.localhost(), null)).isEqualTo("metadata: TLS");
  }

  @Test
  void exchangedCaFileCountsAndABrokenOneDoesNot() throws IOException {
    TestCa first = TestCa.create(Files.createDirectory(folder.resolve("first")));
    TestCa second = TestCa.create(Files.createDirectory(folder.resolve("second")));
    Path bundle = Files.copy(first.pem(), folder.resolve("bundle.pem"));
    try (dev.valetkey.testkit.Issuer server = start(second.localhost());
        Issuers issuers = new Issuers(time, time, new SecureRandom())) {
      Issuer issuer = issuers.of(config(server, bundle));
      issuer.prepare(time.deadline());
      assertThat(issuer.state()).isEqualTo("metadata: TLS");

      Files.copy(second.pem(), bundle, StandardCopyOption.REPLACE_EXISTING);
      issuer.prepare(time.deadline());
      assertThat(issuer.state()).isEqualTo("ok");

      Files.writeString(bundle, "half of a file");
      server.server().dropConnections();
      time.forward(java.time.Duration.ofMinutes(30));
      issuer.prepare(time.deadline());
      assertThat(issuer.state()).isEqualTo("ok");
    }
  }

  private String state(TestCa.Certificate certificate, @Nullable Path caFile) {
    try (dev.valetkey.testkit.Issuer server = start(certificate);
        Issuers issuers = new Issuers(time, time, new SecureRandom())) {
      Issuer issuer = issuers.of(config(server, caFile));
      issuer.prepare(time.deadline());
      return issuer.state();
    }
  }

  private static dev.valetkey.testkit.Issuer start(TestCa.Certificate certificate) {
    return dev.valetkey.testkit.Issuer.start(IssuerOptions.defaults().withTls(certificate));
  }

  private dev.valetkey.config.IssuerConfig config(
      dev.valetkey.testkit.Issuer server, @Nullable Path caFile) {
    return Configs.dialled(
        Configs.agent(server, folder), null, false, new TlsConfig(caFile, null, null, null));
  }
}
