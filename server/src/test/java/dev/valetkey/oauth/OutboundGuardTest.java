package dev.valetkey.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.config.AddressBlock;
import dev.valetkey.oauth.Judgement.Why;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses a server or a document may make us dial (hardening T11). */
class OutboundGuardTest {
  private final MovedTime time = new MovedTime();
  private final FakeResolver dns = new FakeResolver();

  // R-RI-4, TM-METADATA
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.254",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::8.8.8.8",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1"
      })
  void addressThatIsNotPublicIsRefusedAsLiteralAndAsAnswer(String address) {
    InetAddress special = InetAddress.ofLiteral(address);
    String literal = address.contains(":") ? "[" + address + "]" : address;
    dns.with("mcp.example.com", address);

    assertThat(judge("https://" + literal + "/mcp"))
        .isEqualTo(new Judgement.Refused(Why.NOT_PUBLIC, special.getHostAddress()));
    assertThat(judge("https://mcp.example.com/mcp"))
        .isEqualTo(new Judgement.Refused(Why.NOT_PUBLIC, special.getHostAddress()));
  }

  // R-RI-4, TM-METADATA
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0177.0.0.1",
        "127.0.0.01",
        "0x7f.0.0.1",
        "0x7f.1",
        "0x7f000001",
        "0X7F000001",
        "017700000001",
        "2130706433",
        "127.1",
        "127.0.1",
        "0",
        "0x",
        "127.0.0.1.",
        "127.0.0.0x1",
        "mcp.example.127",
        "256.0.0.1",
        "1.2.3.4.5",
        "127.0.0.1.0x0",
        "%31%32%37.0.0.1",
        "127%2e0%2e0%2e1",
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "１２７.0.0.1",
        "mcp。example。com",
        "bücher.example",
        "mcp.example.com.",
        ".mcp.example.com",
        "mcp..example.com",
        "-mcp.example.com",
        "mcp_1.example.com",
        "mcp-.example.com",
        "",
        ":443",
        "[::1%25lo]",
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::ffff:808:808]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::ffff:0x7f.1]",
        "[v1.a]",
        "[]",
        "[::1",
        "::1",
        "localhost\\@mcp.example.com",
        "mcp.example.com\t",
        "mcp.example.com:80:80",
        "mcp.example.com:-1"
      })
  void oddSpellingOfAHostIsNeverResolved(String host) {
    OutboundGuard all = guard(false, "0.0.0.0/0", "::/0");

    Judgement judgement = all.judge("https://" + host + "/mcp", time.deadline());

    assertThat(judgement)
        .isInstanceOfSatisfying(
            Judgement.Refused.class,
            refused -> assertThat(refused.why()).isIn(Why.HOST, Why.NO_URL));
    assertThat(dns.asked()).isEmpty();
  }

  static Stream<Arguments> forms() {
    return Stream.of(
        arguments("http://mcp.example.com/mcp", Why.SCHEME),
        arguments("HTTP://mcp.example.com/mcp", Why.SCHEME),
        arguments("http://127.0.0.1/mcp", Why.SCHEME),
        arguments("ftp://mcp.example.com/mcp", Why.SCHEME),
        arguments("file:///etc/passwd", Why.SCHEME),
        arguments("gopher://mcp.example.com/", Why.SCHEME),
        arguments("jar:https://mcp.example.com/a.jar!/b", Why.SCHEME),
        arguments("//mcp.example.com/mcp", Why.SCHEME),
        arguments("/mcp", Why.SCHEME),
        arguments("https://user@mcp.example.com/mcp", Why.USER_INFO),
        arguments("https://user:word@mcp.example.com/mcp", Why.USER_INFO),
        arguments("https://@mcp.example.com/mcp", Why.USER_INFO),
        arguments("https://mcp.example.com@169.254.169.254/mcp", Why.USER_INFO),
        arguments("https://mcp.example.com#@169.254.169.254/", Why.FRAGMENT),
        arguments("https://mcp.example.com/mcp#", Why.FRAGMENT),
        arguments("https://mcp.example.com:0/mcp", Why.PORT),
        arguments("https://mcp.example.com:65536/mcp", Why.PORT),
        arguments("https://mcp.example.com:4294967739/mcp", Why.HOST),
        arguments("https:mcp.example.com/mcp", Why.HOST),
        arguments("https:/mcp.example.com/mcp", Why.HOST),
        arguments("https:///mcp.example.com/mcp", Why.HOST),
        arguments("https://mcp.example.com /mcp", Why.NO_URL),
        arguments("https://mcp.example.com/mcp\r\nX: y", Why.NO_URL),
        arguments("https://mcp.example.com/m\u00fc", Why.NO_URL),
        arguments("https://mcp.example.com/%zz", Why.NO_URL),
        arguments(" https://mcp.example.com/", Why.NO_URL),
        arguments("", Why.NO_URL));
  }

  // R-RI-4
  @ParameterizedTest
  @MethodSource("forms")
  void whatIsNoPlainHttpsAddressIsRefusedUnresolved(String address, Why why) {
    dns.with("mcp.example.com", "8.8.8.8");

    assertThat(judge(address)).isEqualTo(new Judgement.Refused(why, ""));
    assertThat(dns.asked()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "https://mcp.example.com, 8.8.8.8, mcp.example.com, https://8.8.8.8/",
    "HTTPS://MCP.Example.com:/mcp, 8.8.8.8, MCP.Example.com, HTTPS://8.8.8.8/mcp",
    "https://mcp.example.com:8443/a%20b?c=d, 11.0.0.1, mcp.example.com:8443, https://11.0.0.1:8443/a%20b?c=d",
    "https://mcp.example.com/, 2606:4700::1, mcp.example.com, https://[2606:4700:0:0:0:0:0:1]/",
    "https://mcp.example.com/, 100.63.255.255, mcp.example.com, https://100.63.255.255/",
    "https://mcp.example.com/, 100.128.0.0, mcp.example.com, https://100.128.0.0/",
    "https://mcp.example.com/, 172.32.0.1, mcp.example.com, https://172.32.0.1/",
    "https://mcp.example.com/, 192.0.1.1, mcp.example.com, https://192.0.1.1/",
    "https://mcp.example.com/, 198.20.0.1, mcp.example.com, https://198.20.0.1/",
    "https://mcp.example.com/, 223.255.255.254, mcp.example.com, https://223.255.255.254/",
    "https://xn--bcher-kva.example/, 9.9.9.9, xn--bcher-kva.example, https://9.9.9.9/",
    "https://3com.example/, 9.9.9.9, 3com.example, https://9.9.9.9/"
  })
  void publicAddressIsPinned(String address, String ip, String authority, String dialled) {
    dns.with(URI.create(address).getHost(), ip);

    assertThat(judge(address))
        .isInstanceOfSatisfying(
            Judgement.Pinned.class,
            pinned -> {
              assertThat(pinned.address()).isEqualTo(InetAddress.ofLiteral(ip));
              assertThat(pinned.authority()).isEqualTo(authority);
              assertThat(pinned.dialled()).hasToString(dialled);
            });
  }

  @ParameterizedTest
  @CsvSource({
    "https://8.8.8.8/mcp, 8.8.8.8",
    "https://[2606:4700::1]:8443/mcp, 2606:4700:0:0:0:0:0:1"
  })
  void publicLiteralNeedsNoResolver(String address, String host) {
    assertThat(judge(address))
        .isEqualTo(new Judgement.Pinned(URI.create(address), InetAddress.ofLiteral(host)));
    assertThat(dns.asked()).isEmpty();
  }

  // R-RI-4
  @ParameterizedTest
  @CsvSource({"8.8.8.8, 10.0.0.1", "10.0.0.1, 8.8.8.8", "2606:4700::1, 169.254.169.254"})
  void onePrivateAnswerSpoilsThePublicOnes(String first, String second) {
    dns.with("mcp.example.com", first, second);

    assertThat(judge("https://mcp.example.com/"))
        .isEqualTo(new Judgement.Refused(Why.NOT_PUBLIC, first.startsWith("10.") ? first : second));
  }

  @Test
  void nameIsResolvedOnce() {
    dns.with("mcp.example.com", "8.8.8.8", "9.9.9.9");

    Judgement judgement = judge("https://mcp.example.com/");

    assertThat(judgement).isInstanceOf(Judgement.Pinned.class);
    assertThat(dns.asked()).containsExactly("mcp.example.com");
  }

  // R-RI-4
  @Test
  void allowedBlockCoversEveryAnswerOrNone() {
    OutboundGuard guard = guard(false, "10.1.0.0/16", "fd00::/8");

    dns.with("mcp.example.com", "10.1.2.3", "fd00::1", "8.8.8.8");
    assertThat(guard.judge("https://mcp.example.com/", time.deadline()))
        .isInstanceOf(Judgement.Pinned.class);

    dns.with("mcp.example.com", "10.1.2.3", "10.2.0.1");
    assertThat(guard.judge("https://mcp.example.com/", time.deadline()))
        .isEqualTo(new Judgement.Refused(Why.NOT_PUBLIC, "10.2.0.1"));
  }

  // R-RI-4
  @ParameterizedTest
  @CsvSource({
    "64:ff9b::8.8.8.8, true",
    "64:ff9b::169.254.169.254, false",
    "64:ff9b::10.1.2.3, true",
    "2002:808:808::1, true",
    "2002:a9fe:a9fe::1, false"
  })
  void allowedGatewayDoesNotAllowWhatIsPrivateBehindIt(String address, boolean fine) {
    OutboundGuard guard = guard(false, "64:ff9b::/96", "2002::/16", "10.1.0.0/16");

    Judgement judgement = guard.judge("https://[" + address + "]/", time.deadline());

    assertThat(judgement instanceof Judgement.Pinned).isEqualTo(fine);
  }

  // R-RI-4
  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:8080/mcp, true",
    "http://[::1]/mcp, true",
    "http://here.example/mcp, true",
    "http://both.example/mcp, false",
    "http://8.8.8.8/mcp, false",
    "http://10.1.2.3/mcp, false",
    "https://127.0.0.1/mcp, false"
  })
  void plainHttpIsForLoopbackOnlyAndOnlyIfAllowed(String address, boolean fine) {
    dns.with("here.example", "127.0.0.1", "::1").with("both.example", "127.0.0.1", "8.8.8.8");

    Judgement allowed = guard(true, "10.0.0.0/8").judge(address, time.deadline());
    Judgement usual = guard(false, "10.0.0.0/8").judge(address, time.deadline());

    assertThat(allowed instanceof Judgement.Pinned).isEqualTo(fine);
    assertThat(usual).isInstanceOf(Judgement.Refused.class);
  }

  @Test
  void nameWithoutAnAddressIsRefused() {
    dns.with("empty.example");

    assertThat(judge("https://unknown.example/"))
        .isEqualTo(new Judgement.Refused(Why.UNRESOLVED, "unknown.example"));
    assertThat(judge("https://empty.example/"))
        .isEqualTo(new Judgement.Refused(Why.UNRESOLVED, "empty.example"));
  }

  @Test
  void resolverThatHangsDoesNotOutlastTheDeadline() {
    CountDownLatch never = new CountDownLatch(1);
    OutboundGuard guard =
        new OutboundGuard(
            List.of(),
            false,
            host -> {
              try {
                never.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return List.of();
            });

    Judgement judgement =
        guard.judge("https://mcp.example.com/", time.deadline(Duration.ofMillis(50)));

    assertThat(judgement).isEqualTo(new Judgement.Refused(Why.UNRESOLVED, "mcp.example.com"));
    never.countDown();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.0",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/08",
        "10/8",
        "10.0/16",
        "010.0.0.0/8",
        "fd00::1/8",
        "fd00::/129",
        "::ffff:10.0.0.0/104",
        "fe80::%1/64",
        "localhost/8",
        "/8",
        ""
      })
  void whatIsNoBlockIsNotReadAsOne(String text) {
    assertThat(AddressBlock.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.255.255, 11.0.0.0",
    "10.1.2.3/32, 10.1.2.3, 10.1.2.2",
    "0.0.0.0/0, 255.255.255.255, ::",
    "192.168.128.0/17, 192.168.255.1, 192.168.127.255",
    "fd00::/8, fdff::1, fc00::1",
    "::/0, ffff::, 10.0.0.1"
  })
  void blockHoldsWhatSharesItsLeadingBits(String block, String inside, String outside) {
    AddressBlock parsed = AddressBlock.parse(block).orElseThrow();

    assertThat(parsed.contains(InetAddress.ofLiteral(inside))).isTrue();
    assertThat(parsed.contains(InetAddress.ofLiteral(outside))).isFalse();
  }

  private Judgement judge(String address) {
    return guard(false).judge(address, time.deadline());
  }

  private OutboundGuard guard(boolean loopbackHttp, String... allowed) {
    return new OutboundGuard(
        Stream.of(allowed).map(block -> AddressBlock.parse(block).orElseThrow()).toList(),
        loopbackHttp,
        dns);
  }
}
