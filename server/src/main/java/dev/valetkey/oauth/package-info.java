/**
 * Everything OAuth on the wire: the token endpoint, client authentication, discovery, keys, and the
 * verification of user tokens. The only room that knows Nimbus.
 */
@NullMarked
package dev.valetkey.oauth;

import org.jspecify.annotations.NullMarked;
