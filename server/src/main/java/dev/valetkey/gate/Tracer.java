package dev.valetkey.gate;

import dev.valetkey.call.HttpCall;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.Reason;
import dev.valetkey.config.Config;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.route.Route;
import dev.valetkey.subject.InboundUsers;
import dev.valetkey.subject.SubjectResolver;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Target;
import dev.valetkey.token.TargetChooser;
import dev.valetkey.token.TokenRequest;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Plans a call that was never made, by the steps that judge real ones. Leaves no trace itself: it
 * needs a resolver that remembers nothing.
 */
public final class Tracer {
  private final List<UserTokenSource> sources;
  private final Snapshot snapshot;

  /**
   * @param targets what is asked for where servers have a say; what it would have to find out
   *     counts as configured
   */
  public Tracer(
      Config config,
      SubjectResolver users,
      InboundUsers inboundUsers,
      TargetChooser targets,
      Audit audit,
      Metrics metrics) {
    this.sources = config.userToken().from();
    this.snapshot =
        Snapshot.of(config, users, inboundUsers, targets, audit, metrics)
            .with(new UserTokenFinder(sources.stream().map(Tracer::asToken).toList()));
  }

  /** A handle or a trace leads to a user token, which is here already. */
  private static UserTokenSource asToken(UserTokenSource source) {
    return source instanceof UserTokenSource.Correlator
        ? new UserTokenSource.Authorization()
        : source;
  }

  /**
   * @param url absolute URL that the agent would call; Envoy's choice of the server is derived from
   *     it
   * @param headers by lower-case name, the user token included
   */
  public Trace trace(String method, URI url, Map<String, String> headers, Deadline deadline) {
    Optional<Route> route = snapshot.routes().find(url);
    HttpCall call = call(method, url, route.orElse(null), headers);
    Plan plan = new Planner().plan(call, snapshot, deadline);
    return switch (plan) {
      case null -> throw new IllegalStateException("a step gave up although it had a deadline");
      case Plan.Refuse refuse ->
          new Trace(
              refuse.lane() == null ? null : refuse.lane().server(),
              refuse.reason(),
              null,
              refuse.user(),
              null);
      case Plan.Pass pass ->
          new Trace(pass.lane() == null ? null : pass.lane().server(), null, null, null, null);
      case Plan.Admit admit -> new Trace(null, null, null, admit.user(), null);
      case Plan.Ask ask ->
          new Trace(
              ask.lane().server(),
              null,
              ask.source() < 0 ? null : sources.get(ask.source()),
              ask.request().user(),
              chosen(ask));
      case Plan.Renew renew ->
          new Trace(renew.lane().server(), Reason.UNKNOWN_RETRY, null, null, null);
    };
  }

  private TokenRequest chosen(Plan.Ask ask) {
    TokenRequest request = ask.request();
    Target known =
        ask.lane().isNegotiable()
            ? snapshot.targets().known(request.target(), request.user())
            : null;
    return known == null ? request : request.of(known);
  }

  private static HttpCall call(
      String method, URI url, @Nullable Route route, Map<String, String> headers) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    HttpCall call = new HttpCall(new byte[0]);
    String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
    set(call, Part.METHOD, method, text);
    set(call, Part.AUTHORITY, url.getRawAuthority() == null ? "" : url.getRawAuthority(), text);
    set(call, Part.PATH, url.getRawQuery() == null ? path : path + "?" + url.getRawQuery(), text);
    set(call, Part.DIRECTION, route == null ? "unlisted" : "outbound", text);
    if (route != null) {
      set(call, Part.SERVER, route.server().name(), text);
    }
    headers.forEach((name, value) -> {
      int start = text.size();
      text.writeBytes(HttpCall.ascii(name));
      int middle = text.size();
      text.writeBytes(HttpCall.ascii(value));
      call.addHeader(start, middle, middle, text.size());
    });
    call.over(text.toByteArray());
    return call;
  }

  private static void set(HttpCall call, Part part, String value, ByteArrayOutputStream text) {
    int start = text.size();
    text.writeBytes(HttpCall.ascii(value));
    call.set(part, start, text.size());
  }
}
