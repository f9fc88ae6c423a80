package dev.valetkey.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.AuthorizationGrpc;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.envoyproxy.envoy.service.auth.v3.OkHttpResponse;
import io.grpc.stub.StreamObserver;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The same decision written as most would write it: generated messages, a map from the digest of
 * the user token and the server to the token, gRPC's own thread pool.
 */
final class Generated extends AuthorizationGrpc.AuthorizationImplBase {
  private final ConcurrentHashMap<String, String> tokens = new ConcurrentHashMap<>();
  private final String token;

  /**
   * @param token what every user gets for every server
   */
  Generated(String token) {
    this.token = token;
  }

  @Override
  public void check(CheckRequest request, StreamObserver<CheckResponse> answer) {
    AttributeContext.HttpRequest http = request.getAttributes().getRequest().getHttp();
    String server = request.getAttributes().getContextExtensionsMap().get("valetkey.server");
    String userToken =
        http.getHeaderMap().getHeadersList().stream()
            .filter(header -> header.getKey().equals("x-valetkey-user-token"))
            .map(header -> header.getRawValue().toString(UTF_8))
            .findFirst()
            .orElse("");
    String key = server + " " + digest(userToken);
    answer.onNext(forward(tokens.computeIfAbsent(key, k -> token)));
    answer.onCompleted();
  }

  /** The answer that sets {@code Authorization}. */
  static CheckResponse forward(String token) {
    return CheckResponse.newBuilder()
        .setOkResponse(
            OkHttpResponse.newBuilder()
                .addHeaders(
                    HeaderValueOption.newBuilder()
                        .setHeader(
                            HeaderValue.newBuilder()
                                .setKey("authorization")
                                .setValue("Bearer " + token))
                        .setAppendAction(
                            HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)))
        .setDynamicMetadata(
            Struct.newBuilder()
                .putFields(
                    "valetkey.token", Value.newBuilder().setStringValue("0123456789ab").build()))
        .build();
  }

  private static String digest(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
