package dev.valetkey.config;

import java.nio.file.Path;

/**
 * Where operators ask this sidecar how it is.
 *
 * @param socket path of the unix socket for explain and sessions, mode 0600. Default {@code /run/valetkey/admin.sock}
 * @param address host:port of /metrics, /livez and /readyz. Default 0.0.0.0:9464
 */
public record AdminConfig(Path socket, String address) {}
