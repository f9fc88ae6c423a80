/**
 * Remembers issued tokens: which one belongs to which user and server, for how long, and when to
 * get another.
 */
@NullMarked
package dev.valetkey.cache;

import org.jspecify.annotations.NullMarked;
