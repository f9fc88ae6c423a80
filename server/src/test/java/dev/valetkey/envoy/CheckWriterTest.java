package dev.valetkey.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CheckWriterTest {
  @Test
  void writesWhatTheGeneratedMessagesRead() throws InvalidProtocolBufferException {
    byte[] written =
        CheckWriter.message(
            Map.of("valetkey.direction", "outbound"),
            "mcp.test:8443",
            "/mcp",
            Map.of("x-valetkey-user-token", "Bearer " + CheckMessages.USER_TOKEN));

    assertThat(CheckRequest.parseFrom(written))
        .isEqualTo(
            CheckRequest.newBuilder()
                .setAttributes(
                    AttributeContext.newBuilder()
                        .putContextExtensions("valetkey.direction", "outbound")
                        .setRequest(
                            AttributeContext.Request.newBuilder()
                                .setHttp(
                                    AttributeContext.HttpRequest.newBuilder()
                                        .setMethod("POST")
                                        .setHost("mcp.test:8443")
                                        .setPath("/mcp")
                                        .setHeaderMap(
                                            HeaderMap.newBuilder()
                                                .addHeaders(header("accept", "application/json"))
                                                .addHeaders(
                                                    header(
                                                        "x-valetkey-user-token",
                                                        "Bearer " + CheckMessages.USER_TOKEN))))))
                .build());
  }

  private static HeaderValue header(String name, String value) {
    return HeaderValue.newBuilder()
        .setKey(name)
        .setRawValue(ByteString.copyFromUtf8(value))
        .build();
  }
}
