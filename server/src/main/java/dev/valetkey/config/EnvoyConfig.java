package dev.valetkey.config;

import java.nio.file.Path;

/** What {@code valetkey envoy} prints; not used by the running sidecar. */
public record EnvoyConfig(
    @Key(doc = "host:port that the agent calls", initial = "127.0.0.1:15001", form = Form.ADDRESS)
        String listen,
    @Key(
            doc = "unix socket of Envoy's admin interface",
            initial = "/run/valetkey/envoy-admin.sock",
            form = Form.SOCKET)
        Path adminSocket) {}
