package dev.valetkey.config;

import java.nio.file.Path;

/**
 * What {@code valetkey envoy} prints; not used by the running sidecar.
 *
 * @param listen host:port the agent calls. Default 127.0.0.1:15001
 * @param adminSocket path of Envoy's admin socket. Default {@code /run/valetkey/envoy-admin.sock}
 */
public record EnvoyConfig(String listen, Path adminSocket) {}
