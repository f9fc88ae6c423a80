package dev.valetkey.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SubjectTest {
  private static final TokenDigest RULE = TokenDigest.of(new byte[] {1});
  private static final Instant END = Instant.parse("2026-11-01T00:00:00Z");
  private static final Subject ALICE = subject("https://idp", "alice", "s1", "app");

  private static Subject subject(
      String issuer, String sub, @Nullable String sid, @Nullable String client) {
    return new Subject(issuer, sub, sid, client, Set.of("a", "b"), "1", "{}", "[]", END);
  }

  private static Subject says(
      Set<String> scope, @Nullable String acr, @Nullable String act, @Nullable String details) {
    return new Subject("https://idp", "alice", "s1", "app", scope, acr, act, details, END);
  }

  /** design.md §6: change exactly one of these, and another token is fetched. */
  @Test
  void everythingTheTokenSaysIsPartOfTheKey() {
    List<Subject> different =
        List.of(
            ALICE,
            subject("https://idq", "alice", "s1", "app"),
            subject("https://idp", "bob", "s1", "app"),
            subject("https://idp", "alice", "s2", "app"),
            subject("https://idp", "alice", null, "app"),
            subject("https://idp", "alice", "", "app"),
            subject("https://idp", "alice", "s1", "other"),
            subject("https://idp", "alice", "s1", null),
            subject("https://idp", "alices", "1", "app"),
            says(Set.of("a"), "1", "{}", "[]"),
            says(Set.of("a b"), "1", "{}", "[]"),
            says(Set.of(), "1", "{}", "[]"),
            says(Set.of("a", "b"), "2", "{}", "[]"),
            says(Set.of("a", "b"), null, "{}", "[]"),
            says(Set.of("a", "b"), "1", "{\"sub\":\"x\"}", "[]"),
            says(Set.of("a", "b"), "1", null, "[]"),
            says(Set.of("a", "b"), "1", "{}", "[1]"),
            says(Set.of("a", "b"), "1", "[]", "{}"));

    assertThat(different.stream().map(subject -> subject.keyPart(RULE))).doesNotHaveDuplicates();
    assertThat(ALICE.keyPart(TokenDigest.of(new byte[] {2}))).isNotEqualTo(ALICE.keyPart(RULE));
  }

  @Test
  void renewedTokenOfTheSameUserHasTheSameKeyAndSession() {
    Subject renewed =
        new Subject(
            "https://idp",
            "alice",
            "s1",
            "app",
            Set.of("b", "a"),
            "1",
            "{}",
            "[]",
            END.plusSeconds(60));

    assertThat(renewed.keyPart(RULE)).isEqualTo(ALICE.keyPart(RULE));
    assertThat(renewed.sessionId()).isEqualTo(ALICE.sessionId());
  }

  @Test
  void sessionsOfDifferentUsersAreDifferent() {
    assertThat(
            Stream.of(
                    ALICE,
                    subject("https://idq", "alice", "s1", "app"),
                    subject("https://idp", "bob", "s1", "app"),
                    subject("https://idp", "alice", "s2", "app"),
                    subject("https://idp", "alice", null, "app"),
                    subject("https://idp", "alice", null, "s1"),
                    subject("https://idp", "alice", null, null),
                    subject("https://idp", "bob", null, "app"))
                .map(Subject::sessionId))
        .doesNotHaveDuplicates();
  }

  @Test
  void nobodyIsNoSubject() {
    assertThatThrownBy(() -> subject("", "alice", null, null))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> subject("https://idp", "", null, null))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
