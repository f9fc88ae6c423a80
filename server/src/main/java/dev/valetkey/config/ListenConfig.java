package dev.valetkey.config;

import java.nio.file.Path;
import java.util.List;

/**
 * What Envoy connects to.
 *
 * @param socket path of the unix socket. Default {@code /run/valetkey/authz.sock}
 * @param socketMode permissions in octal. Default 0660
 * @param allowedUids peers that may call, by the kernel's word. Default: our own uid and root
 */
public record ListenConfig(Path socket, int socketMode, List<Integer> allowedUids) {}
