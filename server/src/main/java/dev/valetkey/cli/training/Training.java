package dev.valetkey.cli.training;

import dev.valetkey.cli.Cli;
import dev.valetkey.cli.Program;
import dev.valetkey.envoy.SelfCheck;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the JVM watches to make its AOT cache (JEP 514): {@code serve} as in a pod, with an issuer,
 * a user and servers that are made up, called as Envoy and a kubelet call it. Not a command of the
 * program; the launcher and the image's build run this class with the flags of {@code jvm.options}:
 *
 * <pre>
 * java @jvm.options -XX:AOTCacheOutput=valetkey.aot -cp valetkey.jar dev.valetkey.cli.training.Training
 * </pre>
 *
 * <p>Needs a loopback interface and a temporary folder, takes some seconds, and ends with status 0
 * only if every call was answered as it must be.
 */
public final class Training {
  /** Each with a token of its own: verified and exchanged once, and then known. */
  private static final int SESSIONS = 20;

  private static final int CALLS = 100;

  private static final String SERVICE = "envoy.service.auth.v3.Authorization";
  private static final URI LISTED = URI.create("https://mcp.training.invalid/mcp");
  private static final URI UNLISTED = URI.create("http://training.invalid/");

  private static final MethodDescriptor<byte[], byte[]> CHECK =
      method(MethodDescriptor.MethodType.UNARY, SERVICE, "Check");
  private static final MethodDescriptor<byte[], byte[]> WATCH_HEALTH =
      method(MethodDescriptor.MethodType.SERVER_STREAMING, "grpc.health.v1.Health", "Watch");

  /** {@code HealthCheckResponse}: field 1, the status, is 1. */
  private static final byte[] SERVING = {0x08, 1};

  private final Path folder;
  private final MadeUpCertificate certificate;
  private final MadeUpIssuer issuer;
  private final DeafPort deaf;
  private final URI admin;

  private Training(
      Path folder,
      MadeUpCertificate certificate,
      MadeUpIssuer issuer,
      DeafPort deaf,
      int adminPort) {
    this.folder = folder;
    this.certificate = certificate;
    this.issuer = issuer;
    this.deaf = deaf;
    this.admin = URI.create("http://127.0.0.1:" + adminPort);
  }

  public static void main(String[] args)
      throws IOException, InterruptedException, GeneralSecurityException {
    // The sidecar that runs here as well would end the process with its own status, which is fine.
    Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
      failure.printStackTrace();
      Runtime.getRuntime().halt(1);
    });
    Path folder = Files.createTempDirectory("valetkey-training");
    MadeUpCertificate certificate = MadeUpCertificate.in(folder);
    try (MadeUpIssuer issuer = MadeUpIssuer.start(certificate.context());
        DeafPort deaf = DeafPort.open()) {
      new Training(folder, certificate, issuer, deaf, freePort()).run();
    } finally {
      delete(folder);
    }
    // Ends the sidecar as SIGTERM does; its socket was in the folder, and nobody calls any more.
    System.exit(0);
  }

  private void run() throws IOException, InterruptedException, GeneralSecurityException {
    Path file = folder.resolve("valetkey.yaml");
    Files.writeString(folder.resolve("secret"), "made-up");
    Files.writeString(file, config());
    Thread.ofPlatform()
        .daemon()
        .start(() -> new Cli(Program.wiring()).run("serve", file.toString()));

    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    ManagedChannel envoy =
        NettyChannelBuilder.forAddress(
                new DomainSocketAddress(folder.resolve("authz.sock").toFile()))
            .eventLoopGroup(loop)
            .channelType(EpollDomainSocketChannel.class)
            .directExecutor()
            .usePlaintext()
            .build();
    awaitServing(envoy);
    call(envoy);
    get("/metrics");
    get("/readyz");
    get("/livez");
    envoy.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private void call(ManagedChannel envoy) throws GeneralSecurityException {
    for (int session = 0; session < SESSIONS; session++) {
      String token = issuer.userToken("session-" + session);
      for (int call = 0; call < CALLS; call++) {
        check(envoy, "exchanged", LISTED, token, MadeUpIssuer.MARK);
      }
    }
    String broken = issuer.userToken("broken") + "x";
    check(envoy, "exchanged", LISTED, broken, "user_token_signature");
    check(envoy, "exchanged", LISTED, null, "no_user_token");
    check(envoy, "", UNLISTED, null, "direction_unknown");
  }

  /** One check; its answer must contain a text, or the training would be of the wrong path. */
  private static void check(
      ManagedChannel envoy, String server, URI url, @Nullable String token, String expected) {
    byte[] request = SelfCheck.message(server.isEmpty() ? "" : "outbound", server, url, token);
    byte[] answer =
        ClientCalls.blockingUnaryCall(
            envoy, CHECK, CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS), request);
    if (!new String(answer, StandardCharsets.ISO_8859_1).contains(expected)) {
      throw new IllegalStateException("training: no " + expected + " in an answer");
    }
  }

  /** Follows the sidecar's health, as Envoy does, from before its socket is there. */
  private static void awaitServing(ManagedChannel envoy) {
    CallOptions patient =
        CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(30, TimeUnit.SECONDS);
    Iterator<byte[]> states =
        ClientCalls.blockingServerStreamingCall(envoy, WATCH_HEALTH, patient, new byte[0]);
    while (!Arrays.equals(states.next(), SERVING)) {}
  }

  private void get(String path) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest page = HttpRequest.newBuilder(admin.resolve(path)).build();
      int status = client.send(page, BodyHandlers.discarding()).statusCode();
      if (status != 200) {
        throw new IllegalStateException("training: " + path + " gave " + status);
      }
    }
  }

  private String config() {
    return """
    listen: {socket: authz.sock}
    admin: {socket: admin.sock, address: "127.0.0.1:%d"}
    issuers:
      made_up:
        issuer: %s
        tls: {ca_file: %s}
        client_id: training
        client_secret_file: secret
      unreachable:
        issuer: %s
        client_id: training
        client_secret_file: secret
    servers:
      exchanged:
        url: %s
        grant: {issuer: made_up, audience: training, scope: training}
      refused_by_issuer:
        url: https://other.training.invalid/mcp
        grant: {issuer: unreachable, audience: training, scope: training}
      fixed:
        url: https://fixed.training.invalid/mcp
        grant: {type: static, token_file: secret}
      open:
        url: https://open.training.invalid/mcp
        grant: none
    """
        .formatted(admin.getPort(), issuer.uri(), certificate.ca(), deaf.uri(), LISTED);
  }

  private static MethodDescriptor<byte[], byte[]> method(
      MethodDescriptor.MethodType type, String service, String name) {
    return MethodDescriptor.<byte[], byte[]>newBuilder()
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(service, name))
        .setRequestMarshaller(new Bytes())
        .setResponseMarshaller(new Bytes())
        .build();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Hangs up on whoever says something: the client's half of a TLS handshake is worth training. */
  private record DeafPort(ServerSocket listener) implements AutoCloseable {
    static DeafPort open() throws IOException {
      DeafPort port = new DeafPort(new ServerSocket(0, 8, InetAddress.getLoopbackAddress()));
      Thread.ofVirtual().start(port::hangUp);
      return port;
    }

    String uri() {
      return "https://127.0.0.1:" + listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }

    private void hangUp() {
      while (!listener.isClosed()) {
        try (Socket caller = listener.accept()) {
          caller.getInputStream().read();
        } catch (IOException closed) {
          // By the caller, or at the end of the training.
        }
      }
    }
  }

  /** Messages as they are on the wire: the vendor's classes are no business of this room. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] message) {
      return new ByteArrayInputStream(message);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException broken) {
        throw new UncheckedIOException(broken);
      }
    }
  }
}
