/** Spring Authorization Server on loopback: an issuer that is not ours. */
@NullMarked
package dev.valetkey.testkit.spring;

import org.jspecify.annotations.NullMarked;
