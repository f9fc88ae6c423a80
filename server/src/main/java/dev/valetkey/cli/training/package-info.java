/** The training run of the JVM's AOT cache: a real sidecar, and all that it would meet in a pod. */
@NullMarked
package dev.valetkey.cli.training;

import org.jspecify.annotations.NullMarked;
