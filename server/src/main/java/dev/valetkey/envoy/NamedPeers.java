package dev.valetkey.envoy;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts clients whose certificate comes from one of our authorities and carries one of the chosen
 * names. Thread-safe.
 *
 * <p>A name with a colon is a URI and is looked for among the certificate's URIs, any other among
 * its DNS names; they are compared letter by letter, and a wildcard stands for itself.
 */
final class NamedPeers extends X509ExtendedTrustManager {
  private static final int DNS_NAME = 2; // RFC 5280 §4.2.1.6, GeneralName
  private static final int URI = 6;
  private static final int SHOWN_NAMES = 4;
  private static final int SHOWN_LENGTH = 256;

  private final X509ExtendedTrustManager authorities;
  private final Set<String> names;

  NamedPeers(X509ExtendedTrustManager authorities, Collection<String> names) {
    this.authorities = authorities;
    this.names = Set.copyOf(names);
  }

  /** Why a client is not let in, and which names it showed. */
  static final class Refused extends CertificateException {
    private static final long serialVersionUID = 1;

    private final String peer;

    private Refused(String message, X509Certificate leaf) {
      super(message);
      this.peer = shown(leaf);
    }

    private Refused(CertificateException cause, X509Certificate leaf) {
      super(root(cause).getMessage(), cause);
      this.peer = shown(leaf);
    }

    /** Names that the peer claims, fit to be logged; nobody has vouched for them. */
    String peer() {
      return peer;
    }

    private static Throwable root(Throwable thrown) {
      Throwable root = thrown;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      return root;
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    X509Certificate leaf = chain[0];
    try {
      authorities.checkClientTrusted(chain, authType, engine);
    } catch (CertificateException e) {
      throw new Refused(e, leaf);
    }
    if (namesOf(leaf).noneMatch(names::contains)) {
      throw new Refused("its name is not one of client_names", leaf);
    }
  }

  /** All that is served here is an engine. */
  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new CertificateException("a client is only trusted on its connection");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("a client is only trusted on its connection");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw noServers();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw noServers();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw noServers();
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authorities.getAcceptedIssuers();
  }

  private static CertificateException noServers() {
    return new CertificateException("peers are clients");
  }

  private static Stream<String> namesOf(X509Certificate leaf) {
    try {
      Collection<List<?>> alternatives = leaf.getSubjectAlternativeNames();
      return alternatives == null
          ? Stream.empty()
          : alternatives.stream().flatMap(NamedPeers::name);
    } catch (CertificateParsingException unreadable) {
      return Stream.empty();
    }
  }

  private static Stream<String> name(List<?> alternative) {
    return switch (alternative.get(1)) {
      case String uri when Integer.valueOf(URI).equals(alternative.get(0)) && uri.contains(":") ->
          Stream.of(uri);
      case String dns
          when Integer.valueOf(DNS_NAME).equals(alternative.get(0)) && !dns.contains(":") ->
          Stream.of(dns);
      case null, default -> Stream.empty();
    };
  }

  private static String shown(X509Certificate leaf) {
    StringBuilder text = new StringBuilder();
    namesOf(leaf)
        .limit(SHOWN_NAMES)
        .forEach(name ->
            text.append(text.isEmpty() ? "" : " ")
                .append(name, 0, Math.min(name.length(), SHOWN_LENGTH)));
    return text.isEmpty() ? "no name" : text.toString().replaceAll("[^!-~ ]", "?");
  }
}
