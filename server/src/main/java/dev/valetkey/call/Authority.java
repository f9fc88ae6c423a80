package dev.valetkey.call;

import java.net.URI;
import java.util.Arrays;
import java.util.Locale;

/**
 * The host and port of a server, compared with what a request says without decoding it. Immutable.
 */
public final class Authority {
  private final byte[] host;
  private final int port;

  private Authority(byte[] host, int port) {
    this.host = host;
    this.port = port;
  }

  /** The authority of an http or https URI; a missing port is the scheme's. */
  public static Authority of(URI uri) {
    int port =
        uri.getPort() >= 0 ? uri.getPort() : uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
    return new Authority(HttpCall.ascii(uri.getHost().toLowerCase(Locale.ROOT)), port);
  }

  /**
   * Whether {@code bytes[start, end)} names this host: in any case, with one trailing dot or none,
   * and with no port or this one in its shortest form.
   */
  public boolean matches(byte[] bytes, int start, int end) {
    int at = start + host.length;
    if (at > end || !sameHost(bytes, start)) {
      return false;
    }
    if (at < end && bytes[at] == '.') {
      at++;
    }
    return at == end || (bytes[at] == ':' && isPort(bytes, at + 1, end));
  }

  /** Whether both name the same host, whatever their ports. */
  public boolean sameHost(Authority other) {
    return Arrays.equals(host, other.host);
  }

  private boolean sameHost(byte[] bytes, int start) {
    for (int i = 0; i < host.length; i++) {
      int b = bytes[start + i];
      if (b >= 'A' && b <= 'Z') {
        b += 'a' - 'A';
      }
      if (b != host[i]) {
        return false;
      }
    }
    return true;
  }

  private boolean isPort(byte[] bytes, int start, int end) {
    if (start == end || end - start > 5 || bytes[start] == '0') {
      return false;
    }
    int value = 0;
    for (int i = start; i < end; i++) {
      int digit = bytes[i] - '0';
      if (digit < 0 || digit > 9) {
        return false;
      }
      value = 10 * value + digit;
    }
    return value == port;
  }
}
