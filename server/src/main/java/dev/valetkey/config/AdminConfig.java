package dev.valetkey.config;

import java.nio.file.Path;

<<<<<<< HEAD
/**
 * Where operators ask this sidecar how it is.
 *
 * @param socket path of the unix socket for explain and sessions, mode 0600. Default {@code
 *     /run/valetkey/admin.sock}
 * @param address host:port of /metrics, /livez and /readyz. Default 0.0.0.0:9464
 */
public record AdminConfig(Path socket, String address) {}
=======
/** Where operators ask this sidecar how it is. */
public record AdminConfig(
    @Key(
            doc =
                "unix socket for explain and sessions (gRPC); mode 0600, for our own uid and root",
            initial = "/run/valetkey/admin.sock",
            form = Form.SOCKET)
        Path socket,
    @Key(
            doc =
                "host:port of /metrics, /livez and /readyz, which show no secret and control nothing",
            initial = "0.0.0.0:9464",
            form = Form.ADDRESS)
        String address) {}
>>>>>>> config
