/**
 * How a running sidecar is asked and controlled: the Admin gRPC service and the health and metrics
 * pages.
 */
@NullMarked
package dev.valetkey.admin;

import org.jspecify.annotations.NullMarked;
