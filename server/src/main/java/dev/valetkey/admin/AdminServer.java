package dev.valetkey.admin;

import io.grpc.Server;
import io.grpc.ServerBuilder;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Serves the Admin service on a socket that only its owner and root reach. Calls run on virtual
 * threads, never on the event loop that answers Envoy.
 */
public final class AdminServer implements AutoCloseable {
  /** An Explain request carries one user token and a few headers. */
  private static final int MAX_MESSAGE = 256 * 1024;

  private static final int MAX_METADATA = 16 * 1024;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Server server;

  /** Where the service is reached: who may connect, under which path and mode, is settled there. */
  public interface Socket {
    /** A server on this socket, reachable by nobody yet. Replaces what a dead predecessor left. */
    ServerBuilder<?> server() throws IOException;

    /** Makes the started server reachable, in one step. */
    void publish() throws IOException;
  }

  private AdminServer(Socket socket, AdminService service) throws IOException {
    this.server =
        socket
            .server()
            .executor(threads)
            .maxInboundMessageSize(MAX_MESSAGE)
            .maxInboundMetadataSize(MAX_METADATA)
            .addService(service)
            .build();
  }

  /** Binds the socket and starts to answer. */
  public static AdminServer start(Socket socket, AdminService service) throws IOException {
    AdminServer admin = new AdminServer(socket, service);
    try {
      admin.server.start();
      socket.publish();
    } catch (IOException e) {
      admin.close();
      throw e;
    }
    return admin;
  }

  /** Stops: calls that run have a second to end. */
  @Override
  public void close() {
    server.shutdown();
    try {
      if (!server.awaitTermination(1, TimeUnit.SECONDS)) {
        server.shutdownNow();
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    threads.shutdownNow();
  }
}
