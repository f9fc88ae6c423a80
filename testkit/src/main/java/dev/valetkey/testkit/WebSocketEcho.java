package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * Accepts a WebSocket handshake, then sends every byte back: enough to see that an upgrade passes.
 * RFC 6455 §4.2.2.
 */
final class WebSocketEcho {
  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  private WebSocketEcho() {}

  static Reply accept(SeenRequest request) {
    List<Header> headers =
        Header.of(
            "Upgrade", "websocket",
            "Connection", "Upgrade",
            "Sec-WebSocket-Accept", answer(String.valueOf(request.header("sec-websocket-key"))));
    return new Reply.Switch(101, headers, WebSocketEcho::echo);
  }

  private static void echo(Connection connection) throws IOException {
    byte[] buffer = new byte[4096];
    for (int n = connection.in().read(buffer); n >= 0; n = connection.in().read(buffer)) {
      connection.send(Arrays.copyOf(buffer, n));
    }
  }

  private static String answer(String key) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(US_ASCII));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
