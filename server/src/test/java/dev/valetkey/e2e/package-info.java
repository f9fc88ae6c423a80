/**
 * The whole of valetkey as its users run it: the jar as a process, a real Envoy with the printed
 * bootstrap, an issuer and MCP servers on loopback, and an agent that sends whatever it likes.
 */
@NullMarked
package dev.valetkey.e2e;

import org.jspecify.annotations.NullMarked;
