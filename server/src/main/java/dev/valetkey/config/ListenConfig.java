package dev.valetkey.config;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Envoy connects to.
 *
 * @param address null: no TCP; else {@code tls} is there too
 * @param tls null: no TCP
 */
public record ListenConfig(
    @Key(doc = "unix socket", initial = "/run/valetkey/authz.sock", form = Form.SOCKET) Path socket,
    @Key(doc = "its permissions, in octal", initial = "0660", form = Form.OCTAL) int socketMode,
    @Key(
            doc = "uids of the peers that may call, by the kernel's word",
            derived = "our own uid and root",
            min = "0",
            filled = true)
        List<Integer> allowedUids,
    @Key(
            doc =
                "host:port to listen on as well, for an Envoy that runs apart from the sidecar; only with `tls`",
            form = Form.ADDRESS)
        @Nullable String address,
    @Key(doc = "who may call at `address`, and what we show there") @Nullable ListenTlsConfig tls) {
  public ListenConfig {
    allowedUids = List.copyOf(allowedUids);
  }

  /** On a unix socket alone. */
  public ListenConfig(Path socket, int socketMode, List<Integer> allowedUids) {
    this(socket, socketMode, allowedUids, null, null);
  }
}
