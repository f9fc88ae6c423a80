package dev.valetkey.config;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code valetkey envoy} and {@code valetkey nft} print; not used by the running sidecar.
 *
 * @param inboundListen only of use with an {@code inbound} section
 * @param agent only of use with an {@code inbound} section
 * @param sidecar null: Envoy is in the pod
 * @param sidecarName null: the host of {@code sidecar}
 */
public record EnvoyConfig(
    @Key(
            doc =
                "host:port that the agent calls, or to which its connections are redirected (layouts `capture` and `intercept`)",
            initial = "127.0.0.1:15001",
            form = Form.ADDRESS)
        String listen,
    @Key(
            doc = "unix socket of Envoy's admin interface",
            initial = "/run/valetkey/envoy-admin.sock",
            form = Form.SOCKET)
        Path adminSocket,
    @Key(
            doc = "host:port to which users' connections to the agent are redirected",
            initial = "[::]:15006",
            form = Form.ADDRESS)
        String inboundListen,
    @Key(
            doc = "host:port where the agent listens; its port is the one that is captured",
            initial = "127.0.0.1:8080",
            form = Form.ADDRESS)
        String agent,
    @Key(
            doc =
                "TLS of the agent to hosts that are not servers, which nobody can look into: it passes, or it is refused",
            initial = "pass")
        OtherTls otherTls,
    @Key(
            doc = "ports whose servers speak first, so that nothing is to be seen before they do",
            initial = "21 22 25 110 143 587 3306",
            min = "1",
            max = "65535")
        List<Integer> serverFirstPorts,
    @Key(
            doc = "uids whose connections are not captured: Envoy's and ours",
            initial = "1337 1338",
            min = "1",
            filled = true)
        List<Integer> exemptUids,
    @Key(
            doc =
                "host:port at which gateways find `listen.address` (layouts `istio-egress` and `envoy-gateway`)",
            form = Form.ADDRESS)
        @Nullable String sidecar,
    @Key(
            doc =
                "name that gateways expect in the certificate shown there: a DNS name, or a URI such as a SPIFFE ID",
            derived = "the host of `sidecar`")
        @Nullable String sidecarName) {

  /** What happens to TLS that we do not open. */
  public enum OtherTls {
    PASS,
    REFUSE
  }

  public EnvoyConfig {
    serverFirstPorts = List.copyOf(serverFirstPorts);
    exemptUids = List.copyOf(exemptUids);
  }
}
