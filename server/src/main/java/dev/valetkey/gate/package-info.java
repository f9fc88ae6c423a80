/** The one place that orders route, subject and token, and says yes or no. */
@NullMarked
package dev.valetkey.gate;

import org.jspecify.annotations.NullMarked;
