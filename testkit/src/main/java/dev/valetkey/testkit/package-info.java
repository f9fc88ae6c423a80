/** The parts around the sidecar that tests, demo and bench share: issuer, MCP servers, Envoy. */
@NullMarked
package dev.valetkey.testkit;

import org.jspecify.annotations.NullMarked;
