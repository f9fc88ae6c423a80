/** The official MCP conformance suite, once around a server and once around a client. */
@NullMarked
package dev.valetkey.mcp.conformance;

import org.jspecify.annotations.NullMarked;
