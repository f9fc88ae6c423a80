/** The configuration file as validated records: what users write, checked once, never changed. */
@NullMarked
package dev.valetkey.config;

import org.jspecify.annotations.NullMarked;
