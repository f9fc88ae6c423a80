/** The vocabulary of tokens: who the user is, what is asked for, what came of it. No I/O. */
@NullMarked
package dev.valetkey.token;

import org.jspecify.annotations.NullMarked;
