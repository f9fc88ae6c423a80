package dev.valetkey.intercept;

import java.security.PrivateKey;
import java.security.PublicKey;

/**
 * Who signs certificates.
 *
 * @param name the widest part first, as it is encoded
 * @param publicKey that others check its signatures with
 * @param key in memory only
 */
record Signer(String name, PublicKey publicKey, PrivateKey key) {

  /** Without the key. */
  @Override
  public String toString() {
    return "Signer[" + name + "]";
  }
}
