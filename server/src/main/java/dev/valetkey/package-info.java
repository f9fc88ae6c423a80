/** The program's entry; every other room is reached through the command line. */
@NullMarked
package dev.valetkey;

import org.jspecify.annotations.NullMarked;
