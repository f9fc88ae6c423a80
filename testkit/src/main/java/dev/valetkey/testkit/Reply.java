package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a loopback server sends back, well-behaved or not. */
public sealed interface Reply {

  /**
   * A complete answer; the server adds {@code content-length} unless a header says how the body is
   * framed.
   */
  @SuppressWarnings("ArrayRecordComponent") // a body to be written, never compared
  record Full(int status, List<Header> headers, byte[] body) implements Reply {
    public Full {
      headers = List.copyOf(headers);
    }

    public String bodyText() {
      return new String(body, UTF_8);
    }

    public @Nullable String header(String name) {
      return Header.first(headers, name);
    }

    /** The same answer with one more header. */
    public Full and(String name, String value) {
      List<Header> more = new ArrayList<>(headers);
      more.add(new Header(name, value));
      return new Full(status, more, body);
    }

    /** The same answer with another body. */
    public Full withBody(byte[] other) {
      return new Full(status, headers, other);
    }
  }

  /** Another answer, later. */
  record Late(Duration delay, Reply then) implements Reply {}

  /** Interim responses before the answer. RFC 9110 §15.2. */
  record AfterInterim(int status, int times, Reply then) implements Reply {}

  /** The head at once, then the body byte by byte. */
  record Dripping(Full full, Duration perByte) implements Reply {}

  /** The head and this many bytes of the promised body, then the connection is reset. */
  record CutOff(Full full, int bytes) implements Reply {}

  /** Exactly these characters as ISO-8859-1, then the connection is closed. */
  record Raw(String text) implements Reply {}

  /** No answer while the server lives. */
  record Never() implements Reply {}

  /**
   * A body without a known end, written as chunks until the script returns or either side closes.
   */
  record Stream(int status, List<Header> headers, Script script) implements Reply {
    public Stream {
      headers = List.copyOf(headers);
    }
  }

  /**
   * An answer without a body, after which the connection belongs to the script (101 and its like).
   */
  record Switch(int status, List<Header> headers, Script script) implements Reply {
    public Switch {
      headers = List.copyOf(headers);
    }
  }

  /** Writes a stream. Runs on the connection's thread. */
  interface Script {
    void run(Connection connection) throws IOException;
  }

  /** JSON with status 200 and {@code cache-control: no-store}. */
  static Full json(Map<String, ?> body) {
    return json(200, body);
  }

  static Full json(int status, Map<String, ?> body) {
    return full(status, "application/json", Json.text(body)).and("Cache-Control", "no-store");
  }

  static Full text(int status, String body) {
    return full(status, "text/plain", body);
  }

  static Full full(int status, String contentType, String body) {
    return new Full(status, Header.of("Content-Type", contentType), body.getBytes(UTF_8));
  }

  static Full empty(int status) {
    return new Full(status, List.of(), new byte[0]);
  }

  /** The head of an answer as it goes on the wire. */
  static byte[] head(int status, List<Header> headers) {
    StringBuilder head = new StringBuilder("HTTP/1.1 ").append(status).append(" -\r\n");
    headers.forEach(h -> head.append(h.name()).append(": ").append(h.value()).append("\r\n"));
    return head.append("\r\n").toString().getBytes(ISO_8859_1);
  }
}
