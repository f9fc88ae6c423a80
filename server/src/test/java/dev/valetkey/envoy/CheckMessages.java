package dev.valetkey.envoy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import java.util.Arrays;

/** Messages as Envoy sends them with {@code encode_raw_headers}. */
final class CheckMessages {
  /** As long as a token of an ordinary issuer. */
  static final String USER_TOKEN =
      "CANARY-user-" + "abcdefghijklmnopqrstuvwxyz0123456789".repeat(33);

  private CheckMessages() {}

  /** A POST of an MCP library to the server {@code github}. */
  static CheckRequest.Builder typical() {
    return typical(USER_TOKEN);
  }

  static CheckRequest.Builder typical(String userToken) {
    HeaderMap.Builder headers =
        HeaderMap.newBuilder()
            .addHeaders(raw(":authority", "mcp.github.example"))
            .addHeaders(raw(":path", "/mcp"))
            .addHeaders(raw(":method", "POST"))
            .addHeaders(raw(":scheme", "http"))
            .addHeaders(raw("accept", "application/json, text/event-stream"))
            .addHeaders(raw("content-type", "application/json"))
            .addHeaders(raw("mcp-protocol-version", "2025-06-18"))
            .addHeaders(raw("user-agent", "python-httpx/0.28.1"))
            .addHeaders(HeaderValue.newBuilder().setKey("x-empty"))
            .addHeaders(raw("x-forwarded-proto", "http"))
            .addHeaders(raw("x-request-id", "2f7ad1ab-8b53-4e0e-9cf7-7b6ad0d3a1c0"))
            .addHeaders(raw("x-valetkey-user-token", "Bearer " + userToken));
    return CheckRequest.newBuilder()
        .setAttributes(
            AttributeContext.newBuilder()
                .setSource(peer("10.1.2.3", 40122))
                .setDestination(peer("127.0.0.1", 15001))
                .setRequest(
                    AttributeContext.Request.newBuilder()
                        .setTime(Timestamp.newBuilder().setSeconds(1_790_000_000).setNanos(12_345))
                        .setHttp(
                            AttributeContext.HttpRequest.newBuilder()
                                .setId("17285345345345345")
                                .setMethod("POST")
                                .setPath("/mcp")
                                .setHost("mcp.github.example")
                                .setScheme("http")
                                .setProtocol("HTTP/1.1")
                                .setSize(-1)
                                .setHeaderMap(headers)))
                .putContextExtensions("valetkey.direction", "outbound")
                .putContextExtensions("valetkey.server", "github")
                .putContextExtensions("somebody.else", "1"));
  }

  static HeaderValue.Builder raw(String name, String value) {
    return HeaderValue.newBuilder().setKey(name).setRawValue(ByteString.copyFromUtf8(value));
  }

  /** A length-delimited field of number 100 that takes {@code size} bytes as a whole. */
  static byte[] unknownField(int size) {
    byte[] field = new byte[size];
    int content = size - 2 - varint(size).length;
    byte[] length = varint(content);
    System.arraycopy(new byte[] {(byte) 0xa2, 0x06}, 0, field, 0, 2);
    System.arraycopy(length, 0, field, 2, length.length);
    return length.length == varint(size).length ? field : Arrays.copyOf(field, size - 1);
  }

  static byte[] varint(long value) {
    byte[] bytes = new byte[10];
    int at = 0;
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[at++] = (byte) ((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes[at++] = (byte) rest;
    return Arrays.copyOf(bytes, at);
  }

  static byte[] concat(byte[] first, byte[] second) {
    byte[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }

  private static AttributeContext.Peer peer(String address, int port) {
    return AttributeContext.Peer.newBuilder()
        .setAddress(
            Address.newBuilder()
                .setSocketAddress(
                    SocketAddress.newBuilder().setAddress(address).setPortValue(port)))
        .build();
  }
}
