package dev.valetkey.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.valetkey.gate.Configs;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Different fields never give the same digest, however their texts are cut. */
final class FieldsTest {
  @Test
  void noTwoListsOfFieldsHaveOneDigest() {
    List<Fields> different =
        List.of(
            new Fields(),
            new Fields().add(""),
            new Fields().add(null),
            new Fields().add("").add(""),
            new Fields().add("ab").add("c"),
            new Fields().add("a").add("bc"),
            new Fields().add("abc"),
            new Fields().add("abc").add(""),
            new Fields().add("").add("abc"),
            new Fields().add("abc").add(null),
            new Fields().add("a").add("b").add("c"),
            new Fields().addAll(List.of("a", "b")).add("c"),
            new Fields().addAll(List.of("a")).add("b").add("c"),
            new Fields().addAll(List.of("b", "a")).add("c"),
            new Fields().add("a\u0000b"),
            new Fields().add("\u0000\u0000\u0000\u0001a"),
            new Fields().add("null"),
            new Fields().add("-1"));

    assertThat(different.stream().map(Fields::digest)).doesNotHaveDuplicates();
  }

  /** An encoder writes an unpaired surrogate as a question mark. */
  @Test
  void textsThatOnlyAnEncoderTakesForOneAreTwo() {
    assertThat(
            Stream.of("a?", "a\ud800", "a\udc00", "a\ufffd", "a\ud83d\ude00")
                .map(text -> new Fields().add(text).digest()))
        .doesNotHaveDuplicates();
  }

  @Test
  void orderCountsInListsAndNotInSets() {
    assertThat(new Fields().addSet(List.of("b", "a", "b")).digest())
        .isEqualTo(new Fields().addSet(Set.of("a", "b")).digest());
    assertThat(new Fields().addAll(List.of("b", "a")).digest())
        .isNotEqualTo(new Fields().addAll(List.of("a", "b")).digest());
  }

  @Test
  void recordsAreToldApartByTypeAndByEveryComponent() {
    record One(String a, List<Integer> b, Map<String, String> c) {}
    record Two(String a, List<Integer> b, Map<String, String> c) {}
    Set<TokenDigest> digests = new HashSet<>();

    for (Object value :
        new Object[] {
          new One("x", List.of(1), Map.of()),
          new Two("x", List.of(1), Map.of()),
          new One("y", List.of(1), Map.of()),
          new One("x", List.of(1, 1), Map.of()),
          new One("x", List.of(), Map.of()),
          new One("x", List.of(1), Map.of("k", "v")),
          new One("x", List.of(1), Map.of("k", "w")),
          new One("x", List.of(1), Map.of("kv", "")),
          Configs.EXCHANGE,
          Configs.CLIENT_CREDENTIALS,
          Configs.STATIC,
          Configs.NONE,
          Configs.REFUSE
        }) {
      assertThat(digests.add(new Fields().addValue(value).digest())).as("%s", value).isTrue();
    }
  }

  @Test
  void valuesWithoutSettledTextAreABug() {
    assertThatThrownBy(() -> new Fields().addValue(new Object()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Fields().addValue(List.of(new byte[1])))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
