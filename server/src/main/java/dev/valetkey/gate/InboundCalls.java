package dev.valetkey.gate;

import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall;
import dev.valetkey.config.Config;
import dev.valetkey.config.InboundConfig;
import dev.valetkey.config.InboundConfig.UserTokenToAgent;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.config.UserTokenSource.Correlator;
import dev.valetkey.subject.InboundUsers;
import dev.valetkey.subject.InboundUsers.Found;
import dev.valetkey.subject.InboundUsers.TraceId;
import dev.valetkey.subject.InboundUsers.Visit;
import dev.valetkey.token.TokenDigest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a user's call leaves behind on its way to the agent, and how the agent's own calls are tied
 * to it.
 */
final class InboundCalls {
  private static final byte[] BEARER = "Bearer ".getBytes(StandardCharsets.US_ASCII);

  private final InboundUsers users;
  private final boolean checked;
  private final boolean handles;
  private final boolean traces;
  private final boolean onlyUser;
  private final Set<String> servers;

  InboundCalls(Config config, InboundUsers users) {
    InboundConfig inbound = config.inbound();
    List<UserTokenSource> sources = config.userToken().from();
    this.users = users;
    this.checked = inbound != null;
    this.handles = inbound != null && inbound.userToken() == UserTokenToAgent.HANDLE;
    this.traces = sources.contains(new UserTokenSource.TraceId());
    this.onlyUser = sources.contains(new UserTokenSource.Workload());
    this.servers = inbound == null ? Set.of() : Set.copyOf(inbound.handleServers());
  }

  /** Whether users' calls are to be checked at all. */
  boolean areChecked() {
    return checked;
  }

  /** Whether calls to this server may be tied to users by a {@link Correlator}. */
  boolean countAt(String server) {
    return servers.contains(server);
  }

  /**
   * How the call goes on to the agent; null: the token ends now, and nothing could stand for it.
   */
  @Nullable HeaderEdits admit(HttpCall call, Visit visit) {
    HeaderEdits edits = HeaderEdits.UNCHANGED.withBaggage(Baggage.withoutOurs(call));
    if (handles) {
      byte[] handle = users.handle(visit);
      if (handle == null) {
        return null;
      }
      byte[] authorization = new byte[BEARER.length + handle.length];
      System.arraycopy(BEARER, 0, authorization, 0, BEARER.length);
      System.arraycopy(handle, 0, authorization, BEARER.length, handle.length);
      edits = HeaderEdits.authorization(authorization).withBaggage(Baggage.with(call, handle));
    }
    if (traces) {
      TraceId brought = TraceContext.find(call);
      TraceId trace = brought == null ? users.newTrace() : brought;
      users.link(trace, visit);
      edits = edits.withTraceparent(brought == null ? TraceContext.header(trace) : null);
    }
    if (onlyUser) {
      users.arrived(visit);
    }
    return edits;
  }

  Found byHandle(TokenDigest handle) {
    return users.byHandle(handle);
  }

  /** Whom the call's trace belongs to; null: it has none. */
  @Nullable Found byTrace(HttpCall call) {
    TraceId trace = TraceContext.find(call);
    return trace == null ? null : users.byTrace(trace);
  }

  Found onlyUser() {
    return users.onlyUser();
  }
}
