package dev.valetkey.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;

/** Checks as Envoy sends them with {@code encode_raw_headers}: a POST of an MCP library. */
final class Messages {
  private Messages() {}

  /** A call to a listed server with a user token. */
  static byte[] call(String server, String userToken) {
    return message("outbound", server, "mcp.test", "x-valetkey-user-token", "Bearer " + userToken);
  }

  /** A call to a listed server by nobody. */
  static byte[] callOfNobody(String server) {
    return message("outbound", server, "mcp.test", "x-something", "else");
  }

  /** A call to a host that is not a server, with a credential that is not ours. */
  static byte[] unlisted(String credential) {
    return message("unlisted", "", "api.llm.test", "authorization", "Bearer " + credential);
  }

  private static byte[] message(
      String direction, String server, String host, String header, String value) {
    String authority = server.isEmpty() ? host : server + "." + host;
    HeaderMap.Builder headers =
        HeaderMap.newBuilder()
            .addHeaders(header(":authority", authority))
            .addHeaders(header(":path", "/mcp"))
            .addHeaders(header(":method", "POST"))
            .addHeaders(header(":scheme", "http"))
            .addHeaders(header("accept", "application/json, text/event-stream"))
            .addHeaders(header("accept-encoding", "gzip, deflate"))
            .addHeaders(header("content-length", "212"))
            .addHeaders(header("content-type", "application/json"))
            .addHeaders(header("mcp-protocol-version", "2025-06-18"))
            .addHeaders(header("mcp-session-id", "2d1d1f0f1a1e4c0c9f6c2d1d1f0f1a1e"))
            .addHeaders(header("user-agent", "python-httpx/0.28.1"))
            .addHeaders(header("x-forwarded-proto", "http"))
            .addHeaders(header("x-request-id", "2f7ad1ab-8b53-4e0e-9cf7-7b6ad0d3a1c0"))
            .addHeaders(header(header, value));
    return CheckRequest.newBuilder()
        .setAttributes(
            AttributeContext.newBuilder()
                .setSource(peer("127.0.0.1", 40122))
                .setDestination(peer("127.0.0.1", 15001))
                .setRequest(
                    AttributeContext.Request.newBuilder()
                        .setTime(Timestamp.newBuilder().setSeconds(1_790_000_000).setNanos(12_345))
                        .setHttp(
                            AttributeContext.HttpRequest.newBuilder()
                                .setId("17285345345345345")
                                .setMethod("POST")
                                .setPath("/mcp")
                                .setHost(authority)
                                .setScheme("http")
                                .setProtocol("HTTP/1.1")
                                .setSize(212)
                                .setHeaderMap(headers)))
                .putContextExtensions("valetkey.direction", direction)
                .putContextExtensions("valetkey.server", server))
        .build()
        .toByteArray();
  }

  private static HeaderValue header(String name, String value) {
    return HeaderValue.newBuilder()
        .setKey(name)
        .setRawValue(ByteString.copyFromUtf8(value))
        .build();
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
