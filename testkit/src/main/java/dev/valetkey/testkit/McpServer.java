package dev.valetkey.testkit;

import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An upstream MCP server on loopback (Streamable HTTP) with the tools {@code whoami} and {@code
 * echo}. It keeps every request as it arrived, judges tokens if told to, and refuses on demand.
 * Threads: all.
 */
public final class McpServer implements AutoCloseable {
  private final LoopbackServer server;
  private final Options options;
  private final McpProtocol protocol;
  private final RequestLog log;
  private final Set<String> revoked = ConcurrentHashMap.newKeySet();
  private final ProofCheck proofs = new ProofCheck();
  private final Map<String, Reply.Full> documents = new ConcurrentHashMap<>();
  private final AtomicReference<@Nullable Refusal> refusal = new AtomicReference<>();

  /**
   * What is fixed at the start.
   *
   * @param name what {@code whoami} says
   * @param address where it listens
   * @param port 0: any
   * @param certificate null for plain http
   * @param audience that a token must name; null: no token is demanded
   * @param genuine whether a token was signed by the right issuer; asked only when an audience is
   *     demanded
   * @param provenAt origin under which callers know the server, when they must prove the key that
   *     their token is bound to (RFC 9449); null: tokens are bearer tokens
   */
  public record Options(
      String name,
      InetAddress address,
      int port,
      TestCa.@Nullable Certificate certificate,
      @Nullable String audience,
      Predicate<String> genuine,
      @Nullable String provenAt,
      boolean recording) {

    /** Open to everyone. */
    public static Options open(String name) {
      return new Options(name, LoopbackServer.LOOPBACK, 0, null, null, token -> true, null, true);
    }

    public Options withPort(int other) {
      return new Options(name, address, other, certificate, audience, genuine, provenAt, recording);
    }

    /** Listens there and not on loopback. */
    public Options withAddress(InetAddress other) {
      return new Options(name, other, port, certificate, audience, genuine, provenAt, recording);
    }

    public Options withTls(TestCa.Certificate other) {
      return new Options(name, address, port, other, audience, genuine, provenAt, recording);
    }

    /**
     * Demands a bearer token for this audience that has not expired; the signature is not looked
     * at.
     */
    public Options withAudience(String other) {
      return new Options(name, address, port, certificate, other, genuine, provenAt, recording);
    }

    /** Demands in addition that the token is genuine: {@code issuer::hasSigned}. */
    public Options withGenuine(Predicate<String> other) {
      return new Options(name, address, port, certificate, audience, other, provenAt, recording);
    }

    /** Demands DPoP tokens and proofs for its address under this origin. RFC 9449 §7.1. */
    public Options withProofs(String origin) {
      return new Options(name, address, port, certificate, audience, genuine, origin, recording);
    }

    public Options withRecording(boolean on) {
      return new Options(name, address, port, certificate, audience, genuine, provenAt, on);
    }
  }

  private record Refusal(Reply.Full reply, int times) {}

  private McpServer(Options options, LoopbackServer server) {
    this.options = options;
    this.server = server;
    this.protocol = new McpProtocol(options.name());
    this.log = new RequestLog(options.recording());
  }

  /** An open server of this name. */
  public static McpServer start(String name) {
    return start(Options.open(name));
  }

  public static McpServer start(Options options) {
    TestCa.Certificate certificate = options.certificate();
    LoopbackServer server =
        certificate != null && certificate.mutual()
            ? LoopbackServer.bindMutual(options.address(), options.port(), certificate.context())
            : LoopbackServer.bind(
                options.address(),
                options.port(),
                certificate == null ? null : certificate.context());
    McpServer mcp = new McpServer(options, server);
    server.serve(mcp::handle);
    return mcp;
  }

  public int port() {
    return server.port();
  }

  /** The MCP endpoint as dialled directly. */
  public URI uri() {
    return URI.create(server.url("/mcp"));
  }

  /** Everything that arrived. */
  public RequestLog requests() {
    return log;
  }

  /** The distinct bearer tokens that arrived, oldest first. */
  public List<String> seenTokens() {
    return log.all().stream()
        .map(r -> Optional.ofNullable(r.bearer()))
        .flatMap(Optional::stream)
        .distinct()
        .toList();
  }

  /** This token gets 401 from now on. */
  public void revoke(String token) {
    revoked.add(token);
  }

  /** The next {@code times} requests get this status: 401 and 403 with a challenge. */
  public void refuseNext(int times, int status) {
    refuseNext(times, challenge(status));
  }

  /** The next {@code times} requests get exactly this. */
  public void refuseNext(int times, Reply.Full reply) {
    refusal.set(times == 0 ? null : new Refusal(reply, times));
  }

  /** Every request gets this status until {@link #accept}. */
  public void alwaysRefuse(int status) {
    refuseNext(Faults.ALWAYS, status);
  }

  /** No refusals and no revoked tokens any more. */
  public void accept() {
    refusal.set(null);
    revoked.clear();
  }

  /** GETs of this path get this from now on, with or without a token: metadata. */
  public void publish(String path, Reply.Full document) {
    documents.put(path, document);
  }

  /** Proofs must hold this nonce from now on; null: any will do. RFC 9449 §9. */
  public void wantNonce(@Nullable String nonce) {
    proofs.want(nonce);
  }

  /** Sends a JSON-RPC notification to every open GET stream. */
  public void push(String method) {
    protocol.push(method);
  }

  /** Its connections. */
  public LoopbackServer server() {
    return server;
  }

  @Override
  public void close() {
    protocol.close();
    server.close();
  }

  private Reply handle(SeenRequest request) {
    log.add(request);
    Reply.Full document = documents.get(request.path());
    if (document != null && request.method().equals("GET")) {
      return document;
    }
    Refusal refused =
        refusal.getAndUpdate(
            r -> r == null || r.times() == 1 ? null : new Refusal(r.reply(), r.times() - 1));
    if (refused != null) {
      return refused.reply();
    }
    if (request.method().equals("TRACE")) {
      // RFC 9110 §9.3.8: what arrived goes back, credentials included.
      return Reply.full(200, "message/http", request.wireText());
    }
    if (!admitted(options.provenAt() == null ? request.bearer() : request.dpopToken())) {
      return challenge(401);
    }
    String origin = options.provenAt();
    String fault =
        origin == null ? null : proofs.fault(request, origin + request.path(), request.dpopToken());
    if (fault != null || (origin != null && !isBoundToItsProof(request))) {
      return unproven(fault == null ? "invalid_token" : fault);
    }
    return "websocket".equalsIgnoreCase(request.header("upgrade"))
        ? WebSocketEcho.accept(request)
        : protocol.answer(request);
  }

  private boolean admitted(@Nullable String token) {
    if (token != null && revoked.contains(token)) {
      return false;
    }
    String audience = options.audience();
    if (audience == null) {
      return true;
    }
    Jwt jwt = token == null ? null : Jwt.read(token);
    return token != null
        && jwt != null
        && jwt.audience().contains(audience)
        && jwt.claims().get("exp") instanceof Long exp
        && exp > System.currentTimeMillis() / 1000
        && options.genuine().test(token);
  }

  /** RFC 9449 §6.1: the token names the key of the proof. */
  private static boolean isBoundToItsProof(SeenRequest request) {
    Jwt token = Jwt.of(String.valueOf(request.dpopToken()));
    return token.claims().get("cnf") instanceof Map<?, ?> key
        && String.valueOf(key.get("jkt")).equals(ProofCheck.thumbprint(request));
  }

  private Reply.Full unproven(String error) {
    Reply.Full reply =
        Reply.text(401, options.name() + " refuses the proof")
            .and("WWW-Authenticate", "DPoP error=\"" + error + "\", algs=\"ES256\"");
    String nonce = proofs.nonce();
    return nonce == null ? reply : reply.and("DPoP-Nonce", nonce);
  }

  private Reply.Full challenge(int status) {
    Reply.Full reply = Reply.text(status, options.name() + " refuses with " + status);
    return switch (status) {
      case 401 ->
          reply.and(
              "WWW-Authenticate",
              "Bearer realm=\"" + options.name() + "\", error=\"invalid_token\"");
      case 403 -> reply.and("WWW-Authenticate", "Bearer error=\"insufficient_scope\"");
      default -> reply;
    };
  }
}
