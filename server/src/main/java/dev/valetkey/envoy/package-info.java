/**
 * The gRPC services that Envoy calls, and the unix socket they are served on. The only room beside
 * admin that knows gRPC.
 */
@NullMarked
package dev.valetkey.envoy;

import org.jspecify.annotations.NullMarked;
