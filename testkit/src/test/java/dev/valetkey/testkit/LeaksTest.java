package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeaksTest {
  private static final String SECRET = "CANARY-a b+c/é\"";

  private final Leaks leaks = new Leaks().secret("password", SECRET);

  @Test
  void findsEveryEncodingInsideOtherText() {
    byte[] bytes = ("id:" + SECRET + "tail").getBytes(UTF_8);
    byte[] shifted = ("idx:" + SECRET + "tail").getBytes(UTF_8);

    for (String hidden :
        List.of(
            SECRET,
            HexFormat.of().formatHex(bytes),
            Base64.getEncoder().encodeToString(bytes),
            Base64.getUrlEncoder().encodeToString(shifted),
            URLEncoder.encode(SECRET, UTF_8),
            Json.text(SECRET))) {
      assertThat(leaks.in("log", "before " + hidden + " after")).as(hidden).isNotEmpty();
    }
    assertThat(leaks.in("log", "nothing here")).isEmpty();
  }

  @Test
  void aTokenWithoutItsSignatureIsALeakToo() {
    try (Issuer issuer = Issuer.start()) {
      String token = issuer.userToken("alice");
      Leaks leaks = new Leaks().secret("alice", token);

      List<Leaks.Finding> findings =
          leaks.in("log", "refused " + token.substring(0, token.lastIndexOf('.')));

      assertThat(findings).extracting(Leaks.Finding::encoding).containsExactly("payload of a JWT");
      assertThat(findings.toString()).doesNotContain(token.substring(0, 20));
    }
  }
}
