package dev.valetkey.mcp.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.mcp.conformance.Suite.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * An agent that knows nothing of OAuth is a conforming OAuth client once Envoy and valetkey stand
 * before it.
 */
@Timeout(120)
final class ClientConformanceIT {
  private static final String STATEFUL = "2025-11-25";
  private static final String STATELESS = "2026-07-28";

  @TempDir private Path folder;
  private static Suite suite;

  @BeforeAll
  static void find() {
    suite = Suite.find();
  }

  /** The grants do not depend on the revision, so that one of them is enough for the newer. */
  private static Stream<Arguments> scenarios() {
    return Stream.concat(
        Stream.of(Scenario.values()).map(scenario -> Arguments.of(scenario, STATEFUL)),
        Stream.of(Arguments.of(Scenario.CLIENT_CREDENTIALS_BASIC, STATELESS)));
  }

  // R-CL-1, R-CL-2, R-EX-1, R-EX-4, R-EX-5, R-EX-6
  @ParameterizedTest
  @MethodSource("scenarios")
  void agentConformsWithValetkeyBeforeIt(Scenario scenario, String revision) throws IOException {
    Run run = suite.client(Workload.command(folder, scenario), scenario.title(), revision, folder);

    assertThat(run.faults())
        .as(run.output())
        .extracting(Verdict::check)
        .containsExactlyInAnyOrderElementsOf(scenario.faults());
    assertThat(run.status() == 0).as(run.output()).isEqualTo(scenario.faults().isEmpty());
    assertThat(run.passes()).extracting(Verdict::check).containsAll(scenario.passes());
    assertThat(run.passes())
        .as("calls to the issuer for two agents")
        .filteredOn(pass -> pass.check().equals("token-request"))
        .hasSize(1);
  }

  @Test
  void theSameAgentAloneDoesNot() throws IOException {
    Scenario scenario = Scenario.CLIENT_CREDENTIALS_BASIC;

    Run run = suite.client(Workload.command(folder, null), scenario.title(), STATEFUL, folder);

    assertThat(run.status()).isNotZero();
    assertThat(run.faults()).extracting(Verdict::check).contains("client-credentials-basic-auth");
  }
}
