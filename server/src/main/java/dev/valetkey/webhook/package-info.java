/**
 * The mutating admission webhook: gives a pod of Kubernetes its sidecars, and refuses the pods in
 * which they would guard nothing. It asks no API server and keeps nothing; what a pod gets depends
 * on the pod alone.
 */
@NullMarked
package dev.valetkey.webhook;

import org.jspecify.annotations.NullMarked;
