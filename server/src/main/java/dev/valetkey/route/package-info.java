/**
 * Which server a call belongs to, by what Envoy's route says and the request agrees with. Pure and
 * immutable.
 */
@NullMarked
package dev.valetkey.route;

import org.jspecify.annotations.NullMarked;
