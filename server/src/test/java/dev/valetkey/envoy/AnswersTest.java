package dev.valetkey.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.rpc.Code;
import dev.valetkey.call.Decision;
import dev.valetkey.call.Decision.Forward;
import dev.valetkey.call.Decision.Refuse;
import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.Reason;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.envoyproxy.envoy.service.auth.v3.DeniedHttpResponse;
import io.envoyproxy.envoy.service.auth.v3.OkHttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class AnswersTest {
  private static final Set<String> WHAT_ENVOY_SETS_ITSELF =
      Set.of("content-length", "transfer-encoding", "connection", ":status");

  private final Answers answers = new Answers();

  @Test
  void unchangedCallsPassWithAnEmptyAnswer() throws IOException {
    assertThat(parse(new Forward(HeaderEdits.UNCHANGED, null)))
        .isEqualTo(
            CheckResponse.newBuilder().setOkResponse(OkHttpResponse.getDefaultInstance()).build());
  }

  @Test
  void callsWithoutCredentialsLoseAuthorization() throws IOException {
    assertThat(parse(new Forward(HeaderEdits.WITHOUT_AUTHORIZATION, null)))
        .isEqualTo(
            CheckResponse.newBuilder()
                .setOkResponse(OkHttpResponse.newBuilder().addHeadersToRemove("authorization"))
                .build());
  }

  @Test
  void aTokenIsSetAndNothingIsRemoved() throws IOException {
    byte[] value = HttpCall.ascii("Bearer CANARY-issued");

    CheckResponse answer = parse(new Forward(HeaderEdits.authorization(value), null));

    assertThat(answer.getOkResponse().getHeadersToRemoveList()).isEmpty();
    assertThat(answer.getOkResponse().getHeadersList()).hasSize(1);
    assertThat(answer.getOkResponse().getHeaders(0).getHeader().getValue())
        .isEqualTo("Bearer CANARY-issued");
    assertThat(answer.getOkResponse().getHeaders(0).getHeader().getRawValue().isEmpty()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void everyRefusalIsProblemJson(Reason reason) throws IOException {
    CheckResponse answer = parse(new Refuse(reason, 0, false));

    assertThat(answer.getStatus().getCode()).isEqualTo(Code.PERMISSION_DENIED_VALUE);
    DeniedHttpResponse denied = answer.getDeniedResponse();
    assertThat(denied.getStatus().getCodeValue()).isEqualTo(reason.status());
    assertThat(headers(denied)).isEqualTo(expectedHeaders(reason, "application/problem+json"));
    assertThat(JsonParser.parseString(denied.getBody())).isEqualTo(problem(reason));
  }

  @ParameterizedTest
  @EnumSource
  void everyRefusalOfAnMcpCallIsAJsonRpcError(Reason reason) throws IOException {
    CheckResponse answer = parse(new Refuse(reason, 0, true));

    DeniedHttpResponse denied = answer.getDeniedResponse();
    assertThat(denied.getStatus().getCodeValue()).isEqualTo(reason.status());
    assertThat(headers(denied)).isEqualTo(expectedHeaders(reason, "application/json"));
    JsonObject body = JsonParser.parseString(denied.getBody()).getAsJsonObject();
    JsonObject error = body.getAsJsonObject("error");
    assertThat(body.keySet()).containsExactlyInAnyOrder("jsonrpc", "id", "error");
    assertThat(body.get("jsonrpc").getAsString()).isEqualTo("2.0");
    assertThat(body.get("id").isJsonNull()).isTrue();
    assertThat(error.get("code").getAsInt()).isEqualTo(-32001);
    assertThat(error.get("message").getAsString()).contains(reason.message(), reason.code());
    assertThat(error.get("data")).isEqualTo(problem(reason));
  }

  @ParameterizedTest
  @EnumSource
  void refusalsAreToldApartByWhenToComeAgain(Reason reason) throws IOException {
    for (int seconds : new int[] {1, 0, 17, 300, 1, 0}) {
      for (boolean mcp : new boolean[] {false, true}) {
        DeniedHttpResponse denied = parse(new Refuse(reason, seconds, mcp)).getDeniedResponse();

        assertThat(headers(denied).get("retry-after"))
            .isEqualTo(seconds == 0 ? null : Integer.toString(seconds));
        assertThat(headers(denied).get("content-type"))
            .isEqualTo(mcp ? "application/json" : "application/problem+json");
      }
    }
  }

  /** RFC 9728 §5.1: a resource_metadata parameter would start the agent's own OAuth dance. */
  // R-MCP-16, TM-LOOP
  @ParameterizedTest
  @EnumSource
  void noRefusalStartsAnOAuthDanceOrAppendsAHeader(Reason reason) throws IOException {
    for (boolean mcp : new boolean[] {false, true}) {
      CheckResponse answer = parse(new Refuse(reason, 5, mcp));

      assertThat(answer.toString()).doesNotContain("resource_metadata").doesNotContain("realm");
      for (HeaderValueOption header : answer.getDeniedResponse().getHeadersList()) {
        assertThat(header.getAllFields().keySet())
            .extracting(FieldDescriptor::getName)
            .containsExactly("header");
        assertThat(header.getHeader().getRawValue().isEmpty()).isTrue();
        assertThat(header.getHeader().getKey()).isNotIn(WHAT_ENVOY_SETS_ITSELF);
        assertThat(header.getHeader().getValue()).doesNotContain("\r", "\n");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void reasonsHaveStableCodesAndAStatusOfTheDesign(Reason reason) {
    assertThat(reason.code()).matches("[a-z]+(_[a-z]+)*");
    assertThat(reason.status()).isIn(400, 401, 403, 408, 502, 503);
    assertThat(reason.message()).endsWith(".").doesNotContain("\"");
  }

  private CheckResponse parse(Decision decision) throws IOException {
    try (InputStream stream = answers.of(decision, new byte[ForwardAnswer.FRAGMENT])) {
      return CheckResponse.parseFrom(stream.readAllBytes());
    }
  }

  private static Map<String, String> headers(DeniedHttpResponse denied) {
    Map<String, String> headers = new TreeMap<>();
    denied
        .getHeadersList()
        .forEach(h ->
            assertThat(headers.put(h.getHeader().getKey(), h.getHeader().getValue())).isNull());
    return headers;
  }

  private static Map<String, String> expectedHeaders(Reason reason, String type) {
    Map<String, String> headers = new TreeMap<>(Map.of("content-type", type));
    if (reason.status() == 401) {
      headers.put("www-authenticate", challenge("invalid_token", reason));
    } else if (reason == Reason.INVALID_SCOPE) {
      headers.put("www-authenticate", challenge("insufficient_scope", reason));
    }
    return headers;
  }

  /** RFC 6750 §3. */
  private static String challenge(String error, Reason reason) {
    return "Bearer error=\"%s\", error_description=\"%s (valetkey: %s)\""
        .formatted(error, reason.message(), reason.code());
  }

  /** RFC 9457 §3.1. */
  private static JsonObject problem(Reason reason) {
    JsonObject problem = new JsonObject();
    problem.addProperty("title", reason.code().replace('_', ' '));
    problem.addProperty("status", reason.status());
    problem.addProperty("detail", reason.message());
    problem.addProperty("code", reason.code());
    return problem;
  }
}
