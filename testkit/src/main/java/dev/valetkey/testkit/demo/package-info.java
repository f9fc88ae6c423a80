/** The demo: a story told with real HTTP through a real Envoy, every printed line of it checked. */
@NullMarked
package dev.valetkey.testkit.demo;

import org.jspecify.annotations.NullMarked;
