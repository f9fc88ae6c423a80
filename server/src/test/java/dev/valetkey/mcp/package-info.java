/** The official MCP SDKs as agents, through a real Envoy and valetkey. */
@NullMarked
package dev.valetkey.mcp;

import org.jspecify.annotations.NullMarked;
