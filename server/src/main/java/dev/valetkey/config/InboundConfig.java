package dev.valetkey.config;

import java.util.List;

/**
 * Users' calls of the agent.
 *
 * @param exemptPaths an exact path, or a folder and {@code /*}; never everything
 */
public record InboundConfig(
    @Key(
            doc =
                "what the agent gets instead of nothing: the user token as it came, or an opaque handle that is worthless outside the pod",
            initial = "leave")
        UserTokenToAgent userToken,
    @Key(
            doc =
                "paths that need no user: an exact one, or a folder and `/*`; whatever could name a user is removed there",
            initial = "/.well-known/* /healthz /readyz /livez",
            form = Form.EXEMPT_PATH)
        List<String> exemptPaths,
    @Key(
            doc = "servers at which a handle, a trace or the only user counts",
            derived = "all of them")
        List<String> handleServers) {

  /** What the agent sees of the user token. */
  public enum UserTokenToAgent {
    LEAVE,
    HANDLE
  }

  public InboundConfig {
    exemptPaths = List.copyOf(exemptPaths);
    handleServers = List.copyOf(handleServers);
  }
}
