/** What is in {@code deploy/}, rendered and held against Kubernetes' own schemas. */
@NullMarked
package dev.valetkey.deploy;

import org.jspecify.annotations.NullMarked;
