/**
 * The Envoy configurations that {@code valetkey envoy} prints: one class per layout, and the YAML
 * they are written in.
 */
@NullMarked
package dev.valetkey.cli.bootstrap;

import org.jspecify.annotations.NullMarked;
