/** valetkey and Envoy with issuers that others wrote. */
@NullMarked
package dev.valetkey.issuers;

import org.jspecify.annotations.NullMarked;
