package dev.valetkey.cli.bootstrap;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.rpc.Code;
import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.AuthorizationGrpc;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.envoyproxy.envoy.service.auth.v3.OkHttpResponse;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * An ext_authz server that allows every call, writes a token of its own into it, and keeps what it
 * was asked.
 */
final class RecordingAuthorization extends AuthorizationGrpc.AuthorizationImplBase
    implements AutoCloseable {
  static final String TOKEN = "Bearer CANARY-issued";

  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final Server server;

  /** One Check: what Envoy's route said, and the request's headers. */
  record Asked(Map<String, String> context, Map<String, String> headers) {}

  RecordingAuthorization(Path socket) throws IOException {
    HealthStatusManager health = new HealthStatusManager();
    health.setStatus("envoy.service.auth.v3.Authorization", ServingStatus.SERVING);
    server =
        NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toString()))
            .channelType(EpollServerDomainSocketChannel.class)
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop)
            .directExecutor()
            .addService(this)
            .addService(health.getHealthService())
            .build()
            .start();
  }

  @Override
  public void check(CheckRequest request, StreamObserver<CheckResponse> answer) {
    AttributeContext attributes = request.getAttributes();
    Map<String, String> headers = new TreeMap<>();
    attributes
        .getRequest()
        .getHttp()
        .getHeaderMap()
        .getHeadersList()
        .forEach(header -> headers.put(header.getKey(), header.getRawValue().toString(ISO_8859_1)));
    asked.add(new Asked(Map.copyOf(attributes.getContextExtensionsMap()), headers));
    HeaderValueOption token =
        HeaderValueOption.newBuilder()
            .setHeader(HeaderValue.newBuilder().setKey("authorization").setValue(TOKEN))
            .build();
    answer.onNext(
        CheckResponse.newBuilder()
            .setStatus(Status.newBuilder().setCode(Code.OK_VALUE))
            .setOkResponse(OkHttpResponse.newBuilder().addHeaders(token))
            .build());
    answer.onCompleted();
  }

  List<Asked> asked() {
    return List.copyOf(asked);
  }

  Asked last() {
    return asked.getLast();
  }

  @Override
  public void close() {
    server.shutdownNow();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
