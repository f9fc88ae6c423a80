/** Metrics, log and audit. No token text ever reaches this room. */
@NullMarked
package dev.valetkey.telemetry;

import org.jspecify.annotations.NullMarked;
