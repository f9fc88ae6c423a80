/** The commands, and the wiring of a running sidecar. The only room that sees all others. */
@NullMarked
package dev.valetkey.cli;

import org.jspecify.annotations.NullMarked;
