/** valetkey and Envoy with a real Keycloak. */
@NullMarked
package dev.valetkey.keycloak;

import org.jspecify.annotations.NullMarked;
