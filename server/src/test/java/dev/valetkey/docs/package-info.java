/** Pages that say which tests show which requirement. */
@NullMarked
package dev.valetkey.docs;

import org.jspecify.annotations.NullMarked;
