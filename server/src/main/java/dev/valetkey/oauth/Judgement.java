package dev.valetkey.oauth;

import java.net.InetAddress;
import java.net.URI;

/** What the guard says of an address. */
sealed interface Judgement {

  /**
   * It may be dialled, at this IP address and no other.
   *
   * @param uri the address that was judged
   */
  record Pinned(URI uri, InetAddress address) implements Judgement {

    /** The host as certificates name it: without brackets. */
    String host() {
      return host(uri);
    }

    /** The same address with the IP address in place of the name. */
    URI dialled() {
      String ip = address.getHostAddress();
      String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
      String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      return URI.create(
          uri.getScheme()
              + "://"
              + (ip.contains(":") ? "[" + ip + "]" : ip)
              + port()
              + path
              + query);
    }

    /** Value of {@code Host}. */
    String authority() {
      return uri.getHost() + port();
    }

    private String port() {
      return uri.getPort() < 0 ? "" : ":" + uri.getPort();
    }

    static String host(URI uri) {
      String host = uri.getHost();
      return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }
  }

  /**
   * It may not.
   *
   * @param about the host or IP address that is the reason, for an operator; empty where the
   *     address cannot be read
   */
  record Refused(Why why, String about) implements Judgement {}

  /** Why an address may not be dialled. */
  enum Why {
    NO_URL,
    /** Neither https, nor http to loopback where that is allowed. */
    SCHEME,
    USER_INFO,
    FRAGMENT,
    PORT,
    /** No host, or one that is read differently by different readers. */
    HOST,
    /** No address in time. */
    UNRESOLVED,
    /** An address that is neither public nor allowed. */
    NOT_PUBLIC
  }
}
