package dev.valetkey.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.envoy.SameCheck.Agreement;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The hand-written reader against generated code, on messages that no writer would make: fields
 * twice and in any order, wrong wire types, unknown fields of all kinds, groups, numbers of any
 * length; half of them damaged afterwards. The seeds are fixed, so that a failure comes back.
 */
final class CheckReaderFuzzTest {
  private static final int CASES = 40_000;

  private static final String[] TEXTS = {
    "",
    "POST",
    "TRACE",
    "/mcp",
    "/mcp/../x",
    "mcp.github.example",
    "Mcp.GitHub.example:443",
    "authorization",
    "x-valetkey-user-token",
    "Bearer CANARY-fuzz",
    "Bearer CANARY-a,Bearer CANARY-b",
    "valetkey.direction",
    "valetkey.server",
    "valetkey.unlisted",
    "outbound",
    "retry",
    "github",
    "caf\u00e9",
    "\u0000",
    "x".repeat(127),
    "x".repeat(128)
  };

  private static final byte[] REAL = CheckMessages.typical().build().toByteArray();

  private final CheckReader reader = new CheckReader();
  private Random random = new Random(0);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void readsWhatGeneratedCodeReads(long seed) throws IOException {
    random = new Random(seed);
    Map<Agreement, Integer> counts = new EnumMap<>(Agreement.class);

    for (int i = 0; i < CASES; i++) {
      byte[] message = random.nextInt(50) == 0 ? damage(REAL) : request();
      counts.merge(
          SameCheck.assertAgree(reader, random.nextInt(3) != 0 ? message : damage(message)),
          1,
          Integer::sum);
    }

    // A fuzzer that makes only garbage would prove nothing.
    assertThat(counts.get(Agreement.BOTH_READ)).isGreaterThan(CASES / 10);
    assertThat(counts.get(Agreement.REFUSED_ON_PURPOSE)).isGreaterThan(CASES / 20);
    assertThat(counts.get(Agreement.NO_MESSAGE)).isGreaterThan(CASES / 20);
  }

  private byte[] request() {
    return message(new int[] {1}, number -> attributes());
  }

  private byte[] attributes() {
    return message(
        new int[] {4, 10, 10, 10},
        number -> number == 4 ? message(new int[] {2}, n -> http()) : extension());
  }

  private byte[] http() {
    return message(
        switch (random.nextInt(8)) {
          case 0 -> new int[] {2, 4, 5, 13, 3, 1}; // headers in both places
          case 1, 2, 3 -> new int[] {2, 4, 5, 3, 3, 1};
          default -> new int[] {2, 4, 5, 13, 13, 1};
        },
        number ->
            switch (number) {
              case 13 -> message(new int[] {1, 1}, n -> header());
              case 3 -> extension();
              default -> text();
            });
  }

  private byte[] header() {
    boolean raw = random.nextInt(40) != 0;
    return message(
        raw ? new int[] {1, 3} : new int[] {1, 2, 3}, number -> number == 3 ? any() : text());
  }

  private byte[] extension() {
    return message(new int[] {1, 2}, number -> text());
  }

  private interface Content {
    byte[] of(int number);
  }

  /** The fields in turn or shuffled, some of them twice, some missing, strangers between them. */
  private byte[] message(int[] numbers, Content content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < numbers.length; i++) {
      int number = random.nextInt(6) == 0 ? numbers[random.nextInt(numbers.length)] : numbers[i];
      if (random.nextInt(50) == 0) {
        continue;
      }
      if (random.nextInt(80) == 0) {
        stranger(out, number);
      }
      if (random.nextInt(30) == 0) {
        stranger(out, 1 + random.nextInt(1 << 1 + random.nextInt(28)));
      }
      byte[] inner = content.of(number);
      number(out, (long) number << 3 | 2);
      number(out, inner.length);
      out.writeBytes(inner);
    }
    return out.toByteArray();
  }

  /**
   * A field that nobody asked for, of any wire type: unknown, or known with a type it does not
   * have.
   */
  private void stranger(ByteArrayOutputStream out, int number) {
    int type = random.nextInt(16);
    switch (type) {
      case 0, 1, 2, 3 -> {
        number(out, (long) number << 3);
        number(out, random.nextLong() >>> random.nextInt(64));
      }
      case 4, 5, 6 -> {
        number(out, (long) number << 3 | 1);
        out.writeBytes(bytes(8));
      }
      case 7, 8, 9 -> {
        number(out, (long) number << 3 | 5);
        out.writeBytes(bytes(4));
      }
      case 10 -> {
        number(out, (long) number << 3 | 3);
        number(out, (long) number << 3 | 4);
      }
      case 11 -> number(out, (long) number << 3 | 3 + random.nextInt(5));
      default -> {
        byte[] inner = any();
        number(out, (long) number << 3 | 2);
        number(out, inner.length);
        out.writeBytes(inner);
      }
    }
  }

  /** A varint, now and then longer than it needs to be. */
  private void number(ByteArrayOutputStream out, long value) {
    byte[] shortest = CheckMessages.varint(value);
    if (random.nextInt(2000) != 0) {
      out.writeBytes(shortest);
      return;
    }
    int length = shortest.length + random.nextInt(11 - Math.min(10, shortest.length));
    byte[] longer = Arrays.copyOf(shortest, length);
    for (int i = shortest.length - 1; i < length - 1; i++) {
      longer[i] |= (byte) 0x80;
    }
    if (length == 10 && shortest.length < 10 && random.nextBoolean()) {
      longer[length - 1] = 1;
    }
    out.writeBytes(longer);
  }

  private byte[] text() {
    return TEXTS[random.nextInt(TEXTS.length)].getBytes(StandardCharsets.UTF_8);
  }

  private byte[] any() {
    return random.nextBoolean() ? text() : bytes(random.nextInt(20));
  }

  private byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private byte[] damage(byte[] message) {
    if (message.length == 0) {
      return bytes(3);
    }
    int at = random.nextInt(message.length);
    byte[] damaged = message.clone();
    switch (random.nextInt(6)) {
      case 0 -> damaged[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> damaged[at] = (byte) random.nextInt(256);
      case 2 -> {
        return Arrays.copyOf(message, at);
      }
      case 3 -> {
        return CheckMessages.concat(message, request());
      }
      case 4 -> {
        byte[] tail = Arrays.copyOfRange(message, at, message.length);
        return CheckMessages.concat(Arrays.copyOf(message, random.nextInt(at + 1)), tail);
      }
      default -> {
        byte[] tail = Arrays.copyOfRange(message, at, message.length);
        return CheckMessages.concat(
            CheckMessages.concat(Arrays.copyOf(message, at), bytes(1 + random.nextInt(3))), tail);
      }
    }
    return damaged;
  }
}
