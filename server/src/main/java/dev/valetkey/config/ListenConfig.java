package dev.valetkey.config;

import java.nio.file.Path;
import java.util.List;

/** What Envoy connects to. */
public record ListenConfig(
    @Key(doc = "unix socket", initial = "/run/valetkey/authz.sock", form = Form.SOCKET) Path socket,
    @Key(doc = "its permissions, in octal", initial = "0660", form = Form.OCTAL) int socketMode,
    @Key(
            doc = "uids of the peers that may call, by the kernel's word",
            derived = "our own uid and root",
            min = "0",
            filled = true)
        List<Integer> allowedUids) {
  public ListenConfig {
    allowedUids = List.copyOf(allowedUids);
  }
}
