package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPOutputStream;

/**
 * Another answer than the right one. A lambda is the general way; the factories are the usual
 * troubles by name.
 */
public interface Fault {

  /** The answer to this visit. Runs on the connection's thread. */
  Reply answer(Visit visit);

  /**
   * A request that meets a fault.
   *
   * @param normal makes the answer of a healthy issuer, with all its effects; each call makes a new
   *     one
   */
  record Visit(SeenRequest request, Supplier<Reply.Full> normal, Issuer issuer) {}

  /** The right answer, later. */
  static Fault delay(Duration wait) {
    return visit -> new Reply.Late(wait, visit.normal().get());
  }

  /** A status with these headers (alternating names and values) and a text body. */
  static Fault status(int status, String... headers) {
    return visit -> {
      Reply.Full reply = Reply.text(status, "CANARY-body of a " + status);
      for (Header header : Header.of(headers)) {
        reply = reply.and(header.name(), header.value());
      }
      return reply;
    };
  }

  /** A redirect of any status to somewhere else. */
  static Fault redirect(int status, String location) {
    return status(status, "Location", location);
  }

  /** An OAuth error; {@code invalid_client} with 401, the others with 400. RFC 6749 §5.2. */
  static Fault oauthError(String code) {
    return oauthError(code.equals("invalid_client") ? 401 : 400, code);
  }

  static Fault oauthError(int status, String code) {
    return visit -> TokenEndpoint.error(status, code);
  }

  /** A login page with status 200. */
  static Fault html() {
    return visit ->
        Reply.full(200, "text/html", "<html><body>CANARY-page: please log in</body></html>");
  }

  static Fault noContent() {
    return visit -> Reply.empty(204);
  }

  /** JSON that ends in its middle, with the length to match. */
  static Fault truncated() {
    return bytes(body -> Arrays.copyOf(body, body.length / 2));
  }

  /** No answer at all. */
  static Fault hang() {
    return visit -> new Reply.Never();
  }

  /** Headers at once, then one byte of the body per interval. */
  static Fault drip(Duration perByte) {
    return visit -> new Reply.Dripping(visit.normal().get(), perByte);
  }

  /** The connection closes after half of the body. */
  static Fault cutOff() {
    return visit -> {
      Reply.Full full = visit.normal().get();
      return new Reply.CutOff(full, full.body().length / 2);
    };
  }

  /** Interim responses first. */
  static Fault afterInterim(int status, int times) {
    return visit -> new Reply.AfterInterim(status, times, visit.normal().get());
  }

  /** The right answer behind a byte order mark. RFC 8259 §8.1. */
  static Fault byteOrderMark() {
    return bytes(body -> ("\uFEFF" + new String(body, UTF_8)).getBytes(UTF_8));
  }

  static Fault utf16() {
    return bytes(body -> new String(body, UTF_8).getBytes(UTF_16));
  }

  /** The right answer compressed although nobody asked. */
  static Fault gzip() {
    return visit -> {
      Reply.Full full = visit.normal().get();
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
        gzip.write(full.body());
      } catch (IOException inMemory) {
        throw new UncheckedIOException(inMemory);
      }
      return full.withBody(packed.toByteArray()).and("Content-Encoding", "gzip");
    };
  }

  /** The right JSON with spaces before it up to this size. */
  static Fault oversize(int bytes) {
    return bytes(body -> {
      byte[] padded = new byte[Math.max(bytes, body.length)];
      Arrays.fill(padded, (byte) ' ');
      System.arraycopy(body, 0, padded, padded.length - body.length, body.length);
      return padded;
    });
  }

  /** The right answer with one more header. */
  static Fault header(String name, String value) {
    return visit -> visit.normal().get().and(name, value);
  }

  /** The right answer with its JSON members changed in place; null values are written as null. */
  static Fault json(Consumer<Map<String, Object>> change) {
    return text(body -> {
      Map<String, Object> members = Json.object(body);
      change.accept(members);
      return Json.text(members);
    });
  }

  /** The right answer with its text changed: duplicate keys, odd numbers. */
  static Fault text(UnaryOperator<String> change) {
    return bytes(body -> change.apply(new String(body, UTF_8)).getBytes(UTF_8));
  }

  /** A token with other claims than were asked for, properly signed. */
  static Fault issuedClaims(Consumer<Map<String, Object>> change) {
    return visit -> {
      Reply.Full full = visit.normal().get();
      Map<String, Object> body = Json.object(full.bodyText());
      String member = body.containsKey("token") ? "token" : "access_token";
      Jwt issued = Jwt.of(String.valueOf(body.get(member)));
      Map<String, Object> claims = new LinkedHashMap<>(issued.claims());
      change.accept(claims);
      String token =
          visit.issuer().unremembered(claims).header("typ", issued.header().get("typ")).signed();
      visit.issuer().remember(token);
      body.put(member, token);
      return full.withBody(Json.text(body).getBytes(UTF_8));
    };
  }

  private static Fault bytes(UnaryOperator<byte[]> change) {
    return visit -> {
      Reply.Full full = visit.normal().get();
      return full.withBody(change.apply(full.body()));
    };
  }
}
