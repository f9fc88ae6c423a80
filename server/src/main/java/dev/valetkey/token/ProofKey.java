package dev.valetkey.token;

import java.net.URI;

/** A key of ours that tokens are bound to (RFC 9449). Thread-safe; signing costs some 100 µs. */
public interface ProofKey {

  /**
   * A fresh proof for one request, the value of its {@code DPoP} header.
   *
   * @param server whose origin the request goes to
   * @param path of the request, without query
   * @param token digest of the token that the request carries
   */
  String proof(String method, URI server, String path, TokenDigest token);
}
