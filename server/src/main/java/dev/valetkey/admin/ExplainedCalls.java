package dev.valetkey.admin;

import dev.valetkey.admin.Explanation.Line;
import dev.valetkey.admin.Explanation.Question;
import dev.valetkey.cache.Lookup;
import dev.valetkey.cache.TokenCache;
import dev.valetkey.call.Reason;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.gate.Reasons;
import dev.valetkey.gate.Trace;
import dev.valetkey.gate.Tracer;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.net.URI;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Explains calls in six lines: call, user, token, target, cache, decision. */
public final class ExplainedCalls implements Explainer {
  private final Supplier<Tracer> tracer;
  private final Function<TokenRequest, Lookup> cache;
  private final Supplier<Deadline> deadline;

  /**
   * @param tracer plans calls under the configuration in force
   * @param cache what is known of a request, without side effects
   * @param deadline how long the explanation may take to look at the user token
   */
  public ExplainedCalls(
      Supplier<Tracer> tracer, Function<TokenRequest, Lookup> cache, Supplier<Deadline> deadline) {
    this.tracer = tracer;
    this.cache = cache;
    this.deadline = deadline;
  }

  @Override
  public Explanation explain(Question question) {
    Map<String, String> headers = new HashMap<>(question.headers());
    if (question.userToken() != null) {
      headers.put("authorization", "Bearer " + question.userToken().reveal());
    }
    Trace trace =
        tracer.get().trace(question.method(), URI.create(question.url()), headers, deadline.get());
    TokenRequest request = trace.request();
    Lookup lookup = request == null ? null : cache.apply(request);
    Reason refusal =
        lookup instanceof Lookup.Remembered known ? Reasons.of(known.rejection()) : trace.refusal();
    return new Explanation(
        List.of(
            new Line("call", call(question, trace.server())),
            new Line("user", user(trace.user())),
            new Line("token", source(trace)),
            new Line(
                "target", request == null ? "no token is asked for" : target(request.target())),
            new Line(
                "cache", request == null || lookup == null ? "not used" : lookup(request, lookup)),
            new Line("decision", decision(trace, refusal))),
        refusal == null,
        refusal == null ? "" : refusal.code(),
        refusal == null ? 0 : refusal.status());
  }

  private static String call(Question question, @Nullable ServerConfig server) {
    String call = question.method() + " " + question.url();
    return server == null ? call + " is no server's" : call + " is server " + server.name();
  }

  private static String user(@Nullable User user) {
    if (user == null) {
      return "none";
    }
    return "%s, sub %s, session %s until %s"
        .formatted(
            user.issuer(),
            user.sub(),
            user.session().id().shortHex(),
            Instant.ofEpochMilli(user.expiresAt()));
  }

  private static String source(Trace trace) {
    return switch (trace.source()) {
      case null -> "none was used";
      case UserTokenSource.Authorization authorization -> "found in authorization";
      case UserTokenSource.Header header -> "found in header " + header.name();
      case UserTokenSource.Handle handle -> "told by a handle";
      case UserTokenSource.TraceId id -> "told by the trace id";
      case UserTokenSource.Workload workload -> "the only user";
    };
  }

  private static String target(Target target) {
    IssuerConfig issuer = target.issuer();
    String at = issuer == null ? "" : " at " + issuer.name() + " (" + issuer.issuer() + ")";
    return switch (target.grant()) {
      case GrantConfig.Asking asking ->
          asking.type()
              + at
              + ", audience "
              + asking.audience()
              + ", resource "
              + asking.resource()
              + ", scope "
              + asking.scope()
              + (target.subject() == null ? "" : "; subject token: " + target(target.subject()))
              + (target.actor() == null ? "" : "; actor token: " + target(target.actor()));
      case GrantConfig.TokenBroker broker -> "token_broker at " + broker.url();
      case GrantConfig.Static file -> "static, from " + file.tokenFile();
      case GrantConfig.None none -> "none";
      case GrantConfig.Refuse refuse -> "refuse";
    };
  }

  private static String lookup(TokenRequest request, Lookup lookup) {
    String key = "key " + TokenCache.keyDigest(request).shortHex() + ", ";
    return switch (lookup) {
      case Lookup.Hit hit -> key + "hit until " + hit.token().expiresAt();
      case Lookup.Miss miss -> key + "miss";
      case Lookup.Remembered remembered ->
          key + "remembered " + remembered.rejection() + " until " + remembered.until();
    };
  }

  private static String decision(Trace trace, @Nullable Reason refusal) {
    if (refusal != null) {
      return "refuse, " + refusal.status() + " " + refusal.code() + ": " + refusal.message();
    }
    ServerConfig server = trace.server();
    if (server == null) {
      return "forward without the user token; the layout gateway refuses it";
    }
    return trace.request() == null
        ? "forward without a token"
        : "forward with a token for " + server.name();
  }
}
