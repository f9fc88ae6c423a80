/**
 * Measures the sidecar as ratios within one run: cost of a check, start, memory, calls to the
 * issuer.
 */
@NullMarked
package dev.valetkey.bench;

import org.jspecify.annotations.NullMarked;
