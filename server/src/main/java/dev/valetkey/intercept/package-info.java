/**
 * The pod's certificate authority: what the agent must trust, and the certificates by which Envoy
 * opens its TLS to the configured servers. Private keys live here and in Envoy, in memory only. The
 * only room that knows Bouncy Castle.
 */
@NullMarked
package dev.valetkey.intercept;

import org.jspecify.annotations.NullMarked;
