package dev.valetkey.envoy;

import static org.assertj.core.api.Assertions.assertThatCode;

import dev.valetkey.config.Config;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.ReadResult;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SelfCheckTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[authorization]",
        "[header:x-user-token]",
        "[header:x-user-token, authorization]",
        "[header:x-one, header:x-other]"
      })
  void passesWhereverTheUserTokenIsLookedFor(String from) {
    Config config = config(from);

    assertThatCode(() ->
            SelfCheck.run(config, InstantSource.system(), new SecureRandom(), System::nanoTime))
        .doesNotThrowAnyException();
  }

  private static Config config(String from) {
    String yaml =
        """
        issuers:
          corp:
            issuer: https://idp.test
            client_id: agent
            token_endpoint_auth_method: none
        user_token: {from: %s}
        servers:
          github:
            url: https://github.test/mcp
            grant: {audience: github-mcp}
        """
            .formatted(from);
    return switch (ConfigReader.readText(Path.of("/etc/valetkey/valetkey.yaml"), yaml)) {
      case ReadResult.Loaded loaded -> loaded.config();
      case ReadResult.Problems bad -> throw new AssertionError(bad.problems());
    };
  }
}
