/**
 * How a token is got: one class per grant, picked by one switch, and the check of what was issued.
 */
@NullMarked
package dev.valetkey.acquire;

import org.jspecify.annotations.NullMarked;
