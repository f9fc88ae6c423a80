package dev.valetkey.cli;

import static java.util.Objects.requireNonNull;

import dev.valetkey.admin.ExplainedCalls;
import dev.valetkey.admin.Explanation;
import dev.valetkey.cache.Lookup;
import dev.valetkey.config.Config;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.ConfigSchema;
import dev.valetkey.gate.Tracer;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.UserTokenVerifier.Rule;
import dev.valetkey.subject.InboundUsers;
import dev.valetkey.subject.VerifiedSubjects;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.TargetChooser;
import java.io.OutputStream;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/**
 * The rest of the program as the commands see it. Everything is made when a command asks for it.
 */
public final class Program {
  private Program() {}

  public static Wiring wiring() {
    return new Wiring(
        ConfigReader::read,
        ConfigSchema::json,
        Serve::run,
        Program::tryIssuers,
        Program::explainOffline);
  }

  /** The rules of {@code config}, over the issuers that judge by them. */
  static List<Rule> rules(Config config, Issuers issuers) {
    return config.users().stream()
        .map(
            rule -> new Rule(rule, issuers.of(requireNonNull(config.issuers().get(rule.issuer())))))
        .toList();
  }

  private static List<OnlineCheck.Finding> tryIssuers(Config config) {
    try (Issuers issuers = issuers()) {
      return new IssuerTrial(issuers, System::nanoTime).check(config);
    }
  }

  private static Explanation explainOffline(Config config, Explanation.Question question) {
    InstantSource clock = InstantSource.system();
    Metrics metrics = new Metrics();
    try (Issuers issuers = issuers();
        Audit audit = new Audit(config.audit(), OutputStream.nullOutputStream(), clock, metrics)) {
      VerifiedSubjects users = VerifiedSubjects.unverified(rules(config, issuers), clock);
      InboundUsers inbound = new InboundUsers(clock, new SecureRandom());
      return new ExplainedCalls(
              () -> new Tracer(config, users, inbound, TargetChooser.AS_CONFIGURED, audit, metrics),
              request -> new Lookup.Miss(),
              () -> Deadline.after(Duration.ofSeconds(5), System::nanoTime))
          .explain(question);
    }
  }

  private static Issuers issuers() {
    return new Issuers(InstantSource.system(), System::nanoTime, new SecureRandom());
  }
}
