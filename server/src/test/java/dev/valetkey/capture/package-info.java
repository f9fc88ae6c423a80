/** Agents whose every connection is captured: real network namespaces, nft and Envoy. */
@NullMarked
package dev.valetkey.capture;

import org.jspecify.annotations.NullMarked;
