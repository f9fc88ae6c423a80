package dev.valetkey.cli.bootstrap;

import java.net.InetAddress;
import java.util.regex.Pattern;

/**
 * A host and a port that Envoy listens on or dials.
 *
 * @param host a name, or an IP address without brackets in its shortest form (RFC 5952 §4)
 * @param ip whether {@code host} is an IP address
 */
record UpstreamAddress(String host, boolean ip, int port) {
  private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

  /** Reads {@code host:port} or {@code [address]:port}. */
  static UpstreamAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException("not host:port: " + text);
    }
    int port = Integer.parseInt(text.substring(colon + 1));
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.contains(":")) {
      return new UpstreamAddress(shortest(InetAddress.ofLiteral(host).getAddress()), true, port);
    }
    return new UpstreamAddress(host, IPV4.matcher(host).matches(), port);
  }

  /** Whether the host of a URI is an IP address. */
  static boolean isIp(String host) {
    return host.startsWith("[") || IPV4.matcher(host).matches();
  }

  boolean isIpv6() {
    return host.contains(":");
  }

  Yaml.Mapping socketAddress() {
    return Yaml.map()
        .put("socket_address", Yaml.map().put("address", host).put("port_value", port));
  }

  /**
   * Envoy compares the addresses in a certificate with ours as text, and writes them in this form.
   */
  private static String shortest(byte[] address) {
    if (address.length == 4) {
      return (address[0] & 0xff)
          + "."
          + (address[1] & 0xff)
          + "."
          + (address[2] & 0xff)
          + "."
          + (address[3] & 0xff);
    }
    int[] groups = new int[8];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = (address[2 * i] & 0xff) << 8 | (address[2 * i + 1] & 0xff);
    }
    int gap = longestGap(groups, 0);
    int gapEnd = gap + zeros(groups, gap);
    boolean shortened = gapEnd - gap > 1;
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < groups.length; i++) {
      if (shortened && i == gap) {
        text.append("::");
        i = gapEnd - 1;
      } else {
        if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
          text.append(':');
        }
        text.append(Integer.toHexString(groups[i]));
      }
    }
    return text.toString();
  }

  private static int longestGap(int[] groups, int from) {
    int longest = from;
    for (int i = from; i < groups.length; i++) {
      if (zeros(groups, i) > zeros(groups, longest)) {
        longest = i;
      }
    }
    return longest;
  }

  private static int zeros(int[] groups, int from) {
    int count = 0;
    while (from + count < groups.length && groups[from + count] == 0) {
      count++;
    }
    return count;
  }
}
