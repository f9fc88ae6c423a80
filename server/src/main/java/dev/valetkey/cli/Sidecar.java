package dev.valetkey.cli;

import dev.valetkey.acquire.GrantAcquirer;
import dev.valetkey.acquire.LearnedTargets;
import dev.valetkey.acquire.ServerWords;
import dev.valetkey.admin.AdminHttp;
import dev.valetkey.admin.AdminServer;
import dev.valetkey.admin.AdminService;
import dev.valetkey.admin.ExplainedCalls;
import dev.valetkey.admin.LiveSessions;
import dev.valetkey.admin.Readiness;
import dev.valetkey.cache.TokenCache;
import dev.valetkey.config.Config;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.Problem;
import dev.valetkey.envoy.EnvoyServer;
import dev.valetkey.envoy.SelfCheck;
import dev.valetkey.envoy.UnixSocket;
import dev.valetkey.gate.Gate;
import dev.valetkey.gate.Tracer;
import dev.valetkey.intercept.InterceptedHosts;
import dev.valetkey.intercept.Interception;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.OutboundGuard;
import dev.valetkey.subject.BackChannelLogout;
import dev.valetkey.subject.InboundUsers;
import dev.valetkey.subject.KnownUsers;
import dev.valetkey.subject.Logouts;
import dev.valetkey.subject.Sessions;
import dev.valetkey.subject.VerifiedSubjects;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.TargetChooser;
import io.grpc.ServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running sidecar: every part made, wired and started. What lives longer than one configuration
 * lives here.
 */
final class Sidecar implements AutoCloseable, Readiness {
  /**
   * How long readiness waits for issuers; a broken one costs its servers a 503, not the pod
   * (design.md §10).
   */
  private static final Duration FIRST_TRY = Duration.ofSeconds(10);

  /**
   * The largest {@code max_wait} that a broker may have; issuers and brokers keep their own limits,
   * which a reload may change.
   */
  private static final Duration LONGEST_ACQUISITION = Duration.ofMinutes(10);

  /** How long running calls may take to end when the sidecar stops. */
  private static final Duration GRACE = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(Sidecar.class);

  private final InstantSource clock = InstantSource.system();
  private final LongSupplier nanoTime = System::nanoTime;
  private final SecureRandom random = new SecureRandom();
  private final Metrics metrics = new Metrics();
  private final Audit audit;
  private final Issuers issuers = new Issuers(clock, nanoTime, random);
  private final ServerWords words = new ServerWords(OutboundGuard.PLATFORM, nanoTime);
  private final TokenCache cache;
  private final Sessions sessions;
  private final KnownUsers knownUsers = new KnownUsers(clock);
  private final Logouts logouts = new Logouts(clock);
  private final InboundUsers inboundUsers = new InboundUsers(clock, random);
  private final Gate gate;
  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final @Nullable Interception interception;
  private final EnvoyServer envoyServer;
  private final AdminServer adminServer;
  private final AdminHttp adminHttp;
  private volatile Config config;
  private volatile BackChannelLogout logout;
  private volatile boolean ready;

  /**
   * Binds all sockets and begins to answer; readiness follows when every issuer was tried.
   *
   * @param auditSink where audit lines go
   */
  Sidecar(Config config, OutputStream auditSink) throws IOException {
    this.config = config;
    this.audit = new Audit(config.audit(), auditSink, clock, metrics);
    this.cache =
        new TokenCache(
            config.cache(),
            new GrantAcquirer(issuers, clock, metrics, audit),
            LONGEST_ACQUISITION,
            metrics,
            clock,
            nanoTime,
            random);
    this.sessions = new Sessions(clock, audit, cache::drop);
    this.logout = logout(config);
    this.gate =
        new Gate(
            config,
            subjects(config),
            inboundUsers,
            targets(config),
            cache,
            audit,
            metrics,
            nanoTime);
    metrics.observe(cache::size, cache::bytes, sessions::count);
    // An address that cannot be bound must fail before the paths of a predecessor are taken over.
    this.adminHttp = AdminHttp.start(config.admin().address(), metrics, this, () -> logout);
    this.adminServer = AdminServer.start(new AdminSocket(), adminService());
    this.interception = intercepting(config);
    this.envoyServer =
        new EnvoyServer(
            config.listen(),
            loop,
            gate,
            metrics,
            nanoTime,
            interception == null ? null : interception.leaves());
  }

  /** Tries every issuer, checks itself, and then reports ready. Waits 10 s for issuers at most. */
  void prepare() throws InterruptedException {
    List<Thread> tries = config.issuers().values().stream().map(this::prepare).toList();
    long end = nanoTime.getAsLong() + FIRST_TRY.toNanos();
    SelfCheck.run(config, clock, random, nanoTime);
    for (Thread attempt : tries) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - nanoTime.getAsLong());
      if (left > 0) {
        attempt.join(left);
      }
    }
    ready = true;
    envoyServer.serving();
    LOG.atInfo().addKeyValue("servers", config.servers().size()).log("serving");
  }

  /**
   * Judges by another configuration from now on; cached tokens, sessions and unchanged issuers
   * stay.
   */
  void use(Config changed) {
    if (!changed.listen().equals(config.listen()) || !changed.admin().equals(config.admin())) {
      LOG.atWarn().log("changes of listen and admin need a restart");
    }
    if (!Objects.equals(changed.intercept(), config.intercept())) {
      LOG.atWarn().log("changes of intercept need a restart");
    }
    if (interception != null) {
      interception.compare(InterceptedHosts.of(changed));
    }
    audit.reconfigure(changed.audit());
    cache.resize(changed.cache());
    gate.use(changed, subjects(changed), targets(changed));
    logout = logout(changed);
    config = changed;
    issuers.retain(changed.issuers().values(), changed.brokers());
    changed.issuers().values().forEach(this::prepare);
    metrics.reload(true);
    LOG.atInfo().addKeyValue("servers", changed.servers().size()).log("configuration loaded");
  }

  /** A file that the configuration names changed. */
  void filesChanged() {
    cache.secretsChanged();
    envoyServer.filesChanged();
  }

  /** A changed file is not in order: the configuration in force stays. */
  void keep(List<Problem> problems) {
    metrics.reload(false);
    problems.forEach(problem ->
        LOG.atError().addKeyValue("problem", problem.toString()).log("configuration not loaded"));
  }

  @Override
  public boolean ready() {
    return ready;
  }

  @Override
  public List<IssuerState> issuers() {
    return config.issuers().values().stream().map(this::state).toList();
  }

  private IssuerState state(IssuerConfig issuer) {
    String found = issuers.of(issuer).state();
    return switch (found) {
      case "ok" -> new IssuerState(issuer.name(), State.OK, null);
      case "not tried yet" -> new IssuerState(issuer.name(), State.PENDING, null);
      default -> new IssuerState(issuer.name(), State.FAILED, found);
    };
  }

  /** Running checks end, new ones are refused by Envoy; then everything is closed. */
  @Override
  public void close() {
    ready = false;
    try {
      envoyServer.stop(GRACE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    envoyServer.close();
    if (interception != null) {
      interception.close();
    }
    adminServer.close();
    adminHttp.close();
    cache.close();
    issuers.close();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(1, TimeUnit.SECONDS);
    audit.close();
  }

  /** Null: no TLS is opened. */
  private @Nullable Interception intercepting(Config of) throws IOException {
    if (of.intercept() == null) {
      return null;
    }
    Set<String> hosts = InterceptedHosts.of(of);
    if (hosts.isEmpty()) {
      LOG.atWarn().log("no server has a name and https: there is no TLS to open");
      return null;
    }
    return Interception.start(of.intercept(), hosts, clock, random);
  }

  private Thread prepare(IssuerConfig issuer) {
    return Thread.ofVirtual()
        .name("issuer-" + issuer.name())
        .start(() -> issuers.of(issuer).prepare(Deadline.after(FIRST_TRY, nanoTime)));
  }

  private TargetChooser targets(Config of) {
    return new LearnedTargets(of, issuers, words);
  }

  private VerifiedSubjects subjects(Config of) {
    return VerifiedSubjects.remembering(
        Program.rules(of, issuers), clock, knownUsers, sessions, logouts);
  }

  private BackChannelLogout logout(Config of) {
    return new BackChannelLogout(
        Program.rules(of, issuers),
        clock,
        logouts,
        sessions,
        () -> Deadline.after(Duration.ofSeconds(5), nanoTime));
  }

  private AdminService adminService() {
    return new AdminService(
        new ExplainedCalls(
            () ->
                new Tracer(
                    config,
                    VerifiedSubjects.looking(Program.rules(config, issuers), clock, logouts),
                    inboundUsers,
                    targets(config),
                    audit,
                    metrics),
            cache::peek,
            () -> Deadline.after(Duration.ofSeconds(5), nanoTime)),
        new LiveSessions(sessions, cache));
  }

  /** The socket for people: our own uid and root. */
  private final class AdminSocket implements AdminServer.Socket {
    private final UnixSocket socket = new UnixSocket(config.admin().socket(), 0600);

    @Override
    public ServerBuilder<?> server() throws IOException {
      int own = UnixSocket.ownUid();
      IntPredicate mayCall = uid -> uid == 0 || uid == own;
      return socket.server(loop, mayCall, metrics::peerRefused);
    }

    @Override
    public void publish() throws IOException {
      socket.publish();
    }
  }
}
