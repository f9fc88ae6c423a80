package dev.valetkey.envoy;

import dev.valetkey.call.Check;
import dev.valetkey.call.Decision;
import dev.valetkey.call.HttpCall;
import dev.valetkey.config.Config;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.config.UserTokenSource.Correlator;
import dev.valetkey.gate.Gate;
import dev.valetkey.gate.Rehearsal;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends made-up checks through the reader, the gate and the answers before real ones come: what
 * must be refused is refused, and the JVM has met what every check needs. Uses the real
 * configuration, and a user and tokens that exist nowhere else.
 */
public final class SelfCheck {
  /**
   * Enough for every class to be there; what real checks need compiled, they compile themselves.
   */
  private static final int ROUNDS = 30;

  private static final String MOVED_AUTHORIZATION = "x-valetkey-user-token";

  private SelfCheck() {}

  /** Throws IllegalStateException if a call was answered as it must not be. */
  public static void run(
      Config config, InstantSource clock, SecureRandom random, LongSupplier nanoTime) {
    CheckReader reader = new CheckReader();
    Answers answers = new Answers();
    byte[] fragment = new byte[ForwardAnswer.FRAGMENT];
    Metrics metrics = new Metrics();
    try (Audit audit = new Audit(config.audit(), OutputStream.nullOutputStream(), clock, metrics)) {
      Rehearsal rehearsal =
          new Rehearsal(config, clock.instant(), random, audit, metrics, nanoTime);
      Gate gate = rehearsal.gate();
      List<Sample> samples = samples(config, rehearsal);
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

  private static List<Sample> samples(Config config, Rehearsal rehearsal) {
    List<Sample> samples = new ArrayList<>();
    UserTokenSource source = config.userToken().from().getFirst();
    Map<String, String> userToken = rehearsal.credentials(source);
    samples.add(
        new Sample(
            "a call without direction",
            false,
            message("", "", URI.create("http://unlisted/"), Map.of())));
    List<ServerConfig> servers =
        config.servers().values().stream()
            .filter(server -> !(source instanceof Correlator) || counts(config, server))
            .limit(3)
            .toList();
    for (ServerConfig server : servers) {
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
      String name, boolean forward, ServerConfig server, URI url, Map<String, String> userToken) {
    return new Sample(
        name + " to " + server.name(), forward, message("outbound", server.name(), url, userToken));
  }

  /** Whether users who called the agent count at this server. */
  private static boolean counts(Config config, ServerConfig server) {
    return config.inbound() != null && config.inbound().handleServers().contains(server.name());
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
        token == null ? Map.of() : Map.of(MOVED_AUTHORIZATION, "Bearer " + token));
  }

  private static byte[] message(
      String direction, String server, URI url, Map<String, String> credentials) {
    return CheckWriter.message(
        Map.of("valetkey.direction", direction, "valetkey.server", server),
        url.getRawAuthority(),
        url.getRawPath().isEmpty() ? "/" : url.getRawPath(),
        credentials);
  }
}
