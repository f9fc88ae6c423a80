/** The vocabulary of one check: what Envoy asked, and what we decided. No I/O. */
@NullMarked
package dev.valetkey.call;

import org.jspecify.annotations.NullMarked;
