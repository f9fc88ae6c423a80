package dev.valetkey.token;

/** A key of ours that tokens are bound to (RFC 9449). Thread-safe; signing costs some 100 µs. */
public interface ProofKey {

  /**
   * A fresh proof for one request, the value of its {@code DPoP} header.
   *
   * @param uri of the request, without query and fragment
   * @param token digest of the token that the request carries
   */
  String proof(String method, String uri, TokenDigest token);

  /**
   * Remembers the nonce that a server wants to see in proofs from now on (RFC 9449 §9).
   *
   * @param uri of the request that it answered
   */
  void useNonce(String uri, String nonce);
}
