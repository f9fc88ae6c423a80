package dev.valetkey.envoy;

import com.google.protobuf.ByteString;
import dev.valetkey.call.Check;
import dev.valetkey.call.Decision;
import dev.valetkey.call.HttpCall;
import dev.valetkey.config.Config;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.gate.Gate;
import dev.valetkey.gate.Rehearsal;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends made-up checks through the reader, the gate and the answers before real ones come: what
 * must be refused is refused, and the JVM has compiled what every check needs. Uses the real
 * configuration, and a user and tokens that exist nowhere else.
 */
public final class SelfCheck {
  /** Enough for the first compiler to have done its work. */
  private static final int ROUNDS = 300;

  private static final String MOVED_AUTHORIZATION = "x-valetkey-user-token";

  private SelfCheck() {}

  /** Throws IllegalStateException if a call was answered as it must not be. */
  public static void run(Config config, InstantSource clock, LongSupplier nanoTime) {
    List<Sample> samples = samples(config);
    CheckReader reader = new CheckReader();
    Answers answers = new Answers();
    byte[] fragment = new byte[ForwardAnswer.FRAGMENT];
    Metrics metrics = new Metrics();
    try (Audit audit = new Audit(config.audit(), OutputStream.nullOutputStream(), clock, metrics)) {
      Gate gate = Rehearsal.gate(config, clock.instant(), audit, metrics, nanoTime);
      for (int round = 0; round < ROUNDS; round++) {
        for (Sample sample : samples) {
          Check check = reader.read(new ByteArrayInputStream(sample.bytes()));
          Decision decision = check instanceof HttpCall call ? gate.answerNow(call) : null;
          if (decision == null || decision instanceof Decision.Forward != sample.forward()) {
            throw new IllegalStateException(
                "self-check failed: " + sample.name() + " gave " + decision);
          }
          answers.of(decision, fragment).transferTo(OutputStream.nullOutputStream());
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("nothing here does I/O", e);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Sample(String name, boolean forward, byte[] bytes) {}

  private static List<Sample> samples(Config config) {
    List<Sample> samples = new ArrayList<>();
    String userHeader = headerName(config.userToken().from().getFirst());
    HeaderValue userToken = header(userHeader, "Bearer " + Rehearsal.TOKEN);
    samples.add(
        new Sample(
            "a call without direction",
            false,
            message("", "", URI.create("http://unlisted/"), List.of())));
    for (ServerConfig server : config.servers().values().stream().limit(3).toList()) {
      boolean needsUser = server.grant().needsUser();
      if (needsUser) {
        samples.add(sample("a call of a user", true, server, server.url(), userToken));
      }
      if (needsUser && !server.url().getHost().equals("elsewhere.invalid")) {
        samples.add(
            sample(
                "another host",
                false,
                server,
                URI.create("https://elsewhere.invalid/"),
                userToken));
      }
    }
    return samples;
  }

  private static Sample sample(
      String name, boolean forward, ServerConfig server, URI url, HeaderValue userToken) {
    return new Sample(
        name + " to " + server.name(),
        forward,
        message("outbound", server.name(), url, List.of(userToken)));
  }

  /** The header that holds the user token of this source when Envoy asks. */
  private static String headerName(UserTokenSource source) {
    return switch (source) {
      case UserTokenSource.Authorization authorization -> MOVED_AUTHORIZATION;
      case UserTokenSource.Header header -> header.name();
    };
  }

  /**
   * The message by which Envoy would ask about a POST.
   *
   * @param direction empty: Envoy's route says none
   * @param token the user token; null: none
   */
  public static byte[] message(String direction, String server, URI url, @Nullable String token) {
    return message(
        direction,
        server,
        url,
        token == null ? List.of() : List.of(header(MOVED_AUTHORIZATION, "Bearer " + token)));
  }

  private static byte[] message(
      String direction, String server, URI url, List<HeaderValue> credentials) {
    HeaderMap.Builder headers =
        HeaderMap.newBuilder()
            .addHeaders(header("accept", "application/json"))
            .addAllHeaders(credentials);
    return CheckRequest.newBuilder()
        .setAttributes(
            AttributeContext.newBuilder()
                .putContextExtensions("valetkey.direction", direction)
                .putContextExtensions("valetkey.server", server)
                .setRequest(
                    AttributeContext.Request.newBuilder()
                        .setHttp(
                            AttributeContext.HttpRequest.newBuilder()
                                .setMethod("POST")
                                .setHost(url.getRawAuthority())
                                .setPath(url.getRawPath().isEmpty() ? "/" : url.getRawPath())
                                .setHeaderMap(headers))))
        .build()
        .toByteArray();
  }

  private static HeaderValue header(String name, String value) {
    return HeaderValue.newBuilder()
        .setKey(name)
        .setRawValue(ByteString.copyFromUtf8(value))
        .build();
  }
}
