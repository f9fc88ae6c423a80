/**
 * What {@code valetkey envoy} and {@code valetkey nft} print: one class per layout over parts that
 * all share, the YAML they are written in, and the ruleset.
 */
@NullMarked
package dev.valetkey.cli.bootstrap;

import org.jspecify.annotations.NullMarked;
