/**
 * Real counterparts of valetkey on loopback: an OAuth issuer with fault switches, MCP servers,
 * recorders, Envoy and Keycloak as processes. Tests, the demo and the benchmark use the same ones,
 * so nothing here knows JUnit.
 */
@NullMarked
package dev.valetkey.testkit;

import org.jspecify.annotations.NullMarked;
