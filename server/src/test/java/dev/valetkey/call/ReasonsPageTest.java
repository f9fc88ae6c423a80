package dev.valetkey.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/reasons.md} is made from {@link Reason}; {@code -Dvaletkey.docs.write=true} writes it
 * anew.
 */
class ReasonsPageTest {
  private static final String HEAD =
      """
      # Reasons

      Why valetkey refuses a call. The code stands in the agent's answer (`code` of the problem JSON, `error.data.code` of an MCP
      error), in audit lines and in metrics, and never changes its meaning; a status is the HTTP status of the answer. The message
      is what the agent's user reads. The README says what to do about those that people meet.

      <!-- Made from the enum Reason by ReasonsPageTest. -->

      | HTTP | code | message |
      |---|---|---|
      """;

  @Test
  void thePageListsEveryReason() throws IOException {
    Path page = Repository.root().resolve("docs/reasons.md");
    if (Boolean.getBoolean("valetkey.docs.write")) {
      Files.writeString(page, text());
    }

    assertThat(page).content().isEqualTo(text());
  }

  private static String text() {
    StringBuilder text = new StringBuilder(HEAD);
    for (Reason reason : Reason.values()) {
      text.append(
          "| " + reason.status() + " | `" + reason.code() + "` | " + reason.message() + " |\n");
    }
    return text.toString();
  }
}
