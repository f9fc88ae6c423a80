/** The launcher and the image, and what they promise: started as users start them. */
@NullMarked
package dev.valetkey.container;

import org.jspecify.annotations.NullMarked;
