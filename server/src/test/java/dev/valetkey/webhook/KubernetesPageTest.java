package dev.valetkey.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.deploy.Manifests;
import dev.valetkey.testkit.Repository;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/kubernetes.md says of the webhook is what it does. */
final class KubernetesPageTest {
  private static final Path PAGE = Repository.root().resolve("docs/kubernetes.md");
  private static final String TEXT = Manifests.text(PAGE);

  @Test
  void everyAnnotationIsThere() {
    assertThat(TEXT)
        .contains(
            List.of(Wish.LABEL, Wish.CONFIG, Wish.SECRET, Wish.INTERCEPT, Wish.VALETKEY_IMAGE))
        .contains(Wish.ENVOY_IMAGE.substring(Wish.PREFIX.length()))
        .contains(Wish.NFT_IMAGE.substring(Wish.PREFIX.length()));
  }

  @Test
  void theRefusedCapabilitiesAreThoseOfTheProgram() {
    String row =
        TEXT.lines().filter(line -> line.startsWith("| capabilities")).findFirst().orElseThrow();

    assertThat(Pattern.compile("`([A-Z_]+)`").matcher(row.split("\\|")[1]).results())
        .extracting(found -> found.group(1))
        .containsExactlyInAnyOrderElementsOf(AgentRules.FORBIDDEN_CAPABILITIES);
  }

  @Test
  void everyLinkLeadsSomewhere() {
    List<MatchResult> links =
        Pattern.compile("\\]\\(([^)#:]+)\\)").matcher(TEXT).results().toList();

    assertThat(links)
        .isNotEmpty()
        .allSatisfy(link -> assertThat(PAGE.resolveSibling(link.group(1)).normalize()).exists());
  }
}
