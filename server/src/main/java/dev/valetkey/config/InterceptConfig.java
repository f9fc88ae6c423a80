package dev.valetkey.config;

import java.nio.file.Path;
import java.time.Duration;

/** TLS of the agent to the configured servers, opened in the pod by certificates of its own. */
public record InterceptConfig(
    @Key(
            doc = "folder for the certificates that the agent is to trust",
            initial = "/run/valetkey-trust")
        Path trustDir,
    @Key(
            doc = "PEM bundle of the certificate authorities that the agent trusts otherwise",
            initial = "/etc/ssl/certs/ca-certificates.crt")
        Path systemBundle,
    @Key(
            doc =
                "life of the certificates that the agent is shown; they are renewed at half of it",
            initial = "24h",
            min = "10s",
            max = "720h")
        Duration leafLifetime) {}
