/** Who the user is: user tokens become subjects, subjects share sessions. */
@NullMarked
package dev.valetkey.subject;

import org.jspecify.annotations.NullMarked;
