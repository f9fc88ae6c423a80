package dev.valetkey.intercept;

import java.time.Instant;

/**
 * What Envoy shows to an agent that calls {@code host}: a certificate and its private key.
 *
 * @param serial of the certificate, in hex; no two leaves share one
 * @param chain PEM: the leaf and the intermediate that signed it
 * @param privateKey PEM; for Envoy only
 * @param renewAt when half its life is over
 * @param expires when clients take it no more
 */
@SuppressWarnings("ArrayRecordComponent") // told apart by their serials, never compared
public record Leaf(
    String host, String serial, byte[] chain, byte[] privateKey, Instant renewAt, Instant expires) {

  /** Without the key. */
  @Override
  public String toString() {
    return "Leaf[host=" + host + ", serial=" + serial + ", expires=" + expires + "]";
  }
}
