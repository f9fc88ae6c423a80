package dev.valetkey.config;

import java.nio.file.Path;

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
                "host:port of /metrics, /livez and /readyz, which show no secret and control nothing, and of /backchannel-logout, where a user rule has it",
            initial = "0.0.0.0:9464",
            form = Form.ADDRESS)
        String address) {}
