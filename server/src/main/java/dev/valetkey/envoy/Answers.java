package dev.valetkey.envoy;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.rpc.Code;
import com.google.rpc.Status;
import dev.valetkey.call.Decision;
import dev.valetkey.call.Decision.Forward;
import dev.valetkey.call.Decision.Refuse;
import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.Reason;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.envoyproxy.envoy.service.auth.v3.DeniedHttpResponse;
import io.envoyproxy.envoy.service.auth.v3.OkHttpResponse;
import io.envoyproxy.envoy.type.v3.HttpStatus;
import io.envoyproxy.envoy.type.v3.StatusCode;
import java.io.InputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Decisions as bytes of {@code CheckResponse}. Everything but a token and an unusual {@code
 * Retry-After} is built once. Thread-safe.
 */
final class Answers {
  /**
   * JSON-RPC's range for a server's own errors; what the MCP libraries show is the message beside
   * it.
   */
  private static final int JSON_RPC_ERROR = -32001;

  private static final byte[] UNCHANGED =
      CheckResponse.newBuilder()
          .setOkResponse(OkHttpResponse.getDefaultInstance())
          .build()
          .toByteArray();
  private static final byte[] WITHOUT_AUTHORIZATION =
      CheckResponse.newBuilder()
          .setOkResponse(OkHttpResponse.newBuilder().addHeadersToRemove("authorization"))
          .build()
          .toByteArray();

  /** All but those with an unusual {@code Retry-After}, of which there could be many. */
  private final Map<Refuse, byte[]> refusals = new ConcurrentHashMap<>();

  /**
   * The message; read once.
   *
   * @param fragment as {@link ForwardAnswer} takes it
   */
  InputStream of(Decision decision, byte[] fragment) {
    return switch (decision) {
      case Forward forward -> of(forward, fragment);
      case Refuse refuse -> new ReadyAnswer(refusal(refuse));
    };
  }

  private static InputStream of(Forward forward, byte[] fragment) {
    HeaderEdits edits = forward.edits();
    if (edits.equals(HeaderEdits.UNCHANGED)) {
      return new ReadyAnswer(UNCHANGED);
    }
    return edits.equals(HeaderEdits.WITHOUT_AUTHORIZATION)
        ? new ReadyAnswer(WITHOUT_AUTHORIZATION)
        : new ForwardAnswer(edits, forward.correlation(), fragment);
  }

  private byte[] refusal(Refuse refuse) {
    if (refuse.retryAfterSeconds() > 1) {
      return build(refuse);
    }
    return refusals.computeIfAbsent(refuse, Answers::build);
  }

  private static byte[] build(Refuse refuse) {
    Reason reason = refuse.reason();
    DeniedHttpResponse.Builder denied =
        DeniedHttpResponse.newBuilder()
            .setStatus(HttpStatus.newBuilder().setCode(StatusCode.forNumber(reason.status())))
            .addHeaders(
                header(
                    "content-type", refuse.mcp() ? "application/json" : "application/problem+json"))
            .setBody(refuse.mcp() ? jsonRpc(reason) : problem(reason).toString());
    if (reason.challenge() != null) {
      denied.addHeaders(header("www-authenticate", challenge(reason, reason.challenge())));
    }
    if (refuse.retryAfterSeconds() > 0) {
      denied.addHeaders(header("retry-after", Integer.toString(refuse.retryAfterSeconds())));
    }
    return CheckResponse.newBuilder()
        .setStatus(Status.newBuilder().setCode(Code.PERMISSION_DENIED_VALUE))
        .setDeniedResponse(denied)
        .build()
        .toByteArray();
  }

  /**
   * RFC 6750 §3. Some MCP libraries throw the body of a 401 away, so the sentence stands here too.
   * Never resource_metadata: it would start the agent's own OAuth dance.
   */
  private static String challenge(Reason reason, String error) {
    return "Bearer error=\"" + error + "\", error_description=\"" + sentence(reason) + "\"";
  }

  private static String sentence(Reason reason) {
    return reason.message() + " (valetkey: " + reason.code() + ")";
  }

  /** RFC 9457. */
  private static JsonObject problem(Reason reason) {
    JsonObject problem = new JsonObject();
    problem.addProperty("title", reason.code().replace('_', ' '));
    problem.addProperty("status", reason.status());
    problem.addProperty("detail", reason.message());
    problem.addProperty("code", reason.code());
    return problem;
  }

  private static String jsonRpc(Reason reason) {
    JsonObject error = new JsonObject();
    error.addProperty("code", JSON_RPC_ERROR);
    error.addProperty("message", sentence(reason));
    error.add("data", problem(reason));
    JsonObject answer = new JsonObject();
    answer.addProperty("jsonrpc", "2.0");
    answer.add("id", JsonNull.INSTANCE); // the body, and so the id, is never read
    answer.add("error", error);
    return answer.toString();
  }

  private static HeaderValueOption header(String name, String value) {
    return HeaderValueOption.newBuilder()
        .setHeader(HeaderValue.newBuilder().setKey(name).setValue(value))
        .build();
  }
}
