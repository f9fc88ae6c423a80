package dev.valetkey.call;

import dev.valetkey.call.HttpCall.Part;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Writes down calls for tests: a POST to {@code https://mcp.github.example/mcp} until told
 * otherwise.
 */
public final class TestCall {
  private final Map<Part, String> parts = new EnumMap<>(Part.class);
  private final List<String[]> headers = new ArrayList<>();

  private TestCall() {
    with(Part.METHOD, "POST");
    with(Part.PATH, "/mcp");
    with(Part.AUTHORITY, "mcp.github.example");
  }

  /** A call that Envoy's route assigns to this server. */
  public static TestCall outbound(String server) {
    return new TestCall().with(Part.DIRECTION, "outbound").with(Part.SERVER, server);
  }

  /** The second attempt after a 401 of this server. */
  public static TestCall retry(String server) {
    return new TestCall().with(Part.DIRECTION, "retry").with(Part.SERVER, server);
  }

  /** A call to a host that is not a server. */
  public static TestCall unlisted() {
    return new TestCall()
        .with(Part.DIRECTION, "unlisted")
        .with(Part.AUTHORITY, "api.other.example");
  }

  /** A user's call of the agent. */
  public static TestCall inbound() {
    return new TestCall()
        .with(Part.DIRECTION, "inbound")
        .with(Part.AUTHORITY, "agent.example")
        .with(Part.PATH, "/chat");
  }

  /** Sets a part; the text has one character for each byte. */
  public TestCall with(Part part, String text) {
    parts.put(part, text);
    return this;
  }

  public TestCall without(Part part) {
    parts.remove(part);
    return this;
  }

  /** Adds a header behind those that are there. */
  public TestCall header(String name, String value) {
    headers.add(new String[] {name, value});
    return this;
  }

  /** The user token where Envoy has moved it. */
  public TestCall bearer(String token) {
    return header("x-valetkey-user-token", "Bearer " + token);
  }

  public HttpCall build() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(HttpCall.ascii("front"));
    HttpCall call = new HttpCall(new byte[0]);
    parts.forEach((part, text) -> call.set(part, bytes.size(), write(bytes, text)));
    for (String[] header : headers) {
      int start = bytes.size();
      int middle = write(bytes, header[0]);
      call.addHeader(start, middle, middle, write(bytes, header[1]));
    }
    bytes.writeBytes(HttpCall.ascii("back"));
    call.over(bytes.toByteArray());
    return call;
  }

  private static int write(ByteArrayOutputStream bytes, String text) {
    bytes.writeBytes(HttpCall.ascii(text));
    return bytes.size();
  }
}
