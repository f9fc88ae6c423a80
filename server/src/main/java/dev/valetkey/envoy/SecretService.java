package dev.valetkey.envoy;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.valetkey.intercept.Leaf;
import dev.valetkey.intercept.Leaves;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets}: gives Envoy the leaf of each
 * host by the host's name, and each new one as it is made. A name that is no host of ours is
 * answered as removed. Everything here runs on the event loop.
 */
final class SecretService extends SecretDiscoveryServiceGrpc.SecretDiscoveryServiceImplBase {
  private static final String TYPE =
      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

  /** Envoy opens one stream for each secret of its bootstrap; so many for each of ours. */
  private static final int STREAMS_PER_HOST = 16;

  private static final int LONGEST_ERROR = 500;
  private static final Logger LOG = LoggerFactory.getLogger(SecretService.class);

  private final Leaves leaves;
  private final Executor loop;
  private final Set<Subscription> open = new LinkedHashSet<>();

  /**
   * @param loop the event loop that serves this, of one thread
   */
  SecretService(Leaves leaves, Executor loop) {
    this.leaves = leaves;
    this.loop = loop;
    leaves.onRenewal(() -> loop.execute(() -> open.forEach(Subscription::send)));
  }

  @Override
  public StreamObserver<DeltaDiscoveryRequest> deltaSecrets(
      StreamObserver<DeltaDiscoveryResponse> responses) {
    Subscription subscription =
        new Subscription((ServerCallStreamObserver<DeltaDiscoveryResponse>) responses);
    if (open.size() < STREAMS_PER_HOST * leaves.count()) {
      open.add(subscription);
      subscription.begin();
    } else {
      responses.onError(
          Status.RESOURCE_EXHAUSTED.withDescription("too many streams").asRuntimeException());
    }
    return subscription;
  }

  /** Ends all streams, which Envoy never does by itself: a stop would wait for them in vain. */
  void endStreams() {
    loop.execute(() -> List.copyOf(open).forEach(Subscription::onCompleted));
  }

  /** One stream: the names that Envoy asked for on it, and what it has of them. */
  private final class Subscription implements StreamObserver<DeltaDiscoveryRequest> {
    private final ServerCallStreamObserver<DeltaDiscoveryResponse> envoy;

    /** The serial that Envoy has of each host; empty: none, or it wants it again. */
    private final Map<String, String> serials = new LinkedHashMap<>();

    /** Names still to be answered as removed. */
    private final Set<String> unknown = new LinkedHashSet<>();

    private boolean begun;
    private boolean nextWanted;
    private int nonce;

    Subscription(ServerCallStreamObserver<DeltaDiscoveryResponse> envoy) {
      this.envoy = envoy;
    }

    /** Takes one request after another, none while Envoy does not read the answers. */
    void begin() {
      envoy.disableAutoRequest();
      envoy.setOnCancelHandler(() -> open.remove(this));
      envoy.setOnReadyHandler(this::go);
      nextWanted = true;
    }

    @Override
    public void onNext(DeltaDiscoveryRequest request) {
      if (!request.getTypeUrl().isEmpty() && !request.getTypeUrl().equals(TYPE)) {
        end(Status.INVALID_ARGUMENT.withDescription("only secrets are served here"));
        return;
      }
      logAnswer(request);
      Map<String, String> held = begun ? Map.of() : request.getInitialResourceVersionsMap();
      begun = true;
      for (String name : request.getResourceNamesSubscribeList()) {
        if (leaves.of(name) == null) {
          unknown.add(name);
        } else {
          serials.put(name, held.getOrDefault(name, ""));
        }
      }
      request.getResourceNamesUnsubscribeList().forEach(serials::remove);
      nextWanted = true;
      go();
    }

    @Override
    public void onError(Throwable gone) {
      open.remove(this);
    }

    @Override
    public void onCompleted() {
      if (open.remove(this)) {
        envoy.onCompleted();
      }
    }

    private void end(Status why) {
      open.remove(this);
      envoy.onError(why.asRuntimeException());
    }

    private void go() {
      send();
      if (nextWanted && envoy.isReady()) {
        nextWanted = false;
        envoy.request(1);
      }
    }

    /** Sends what Envoy does not have, unless it is not reading; then later. */
    void send() {
      List<Leaf> fresh =
          serials.entrySet().stream()
              .map(held -> newerThan(held.getValue(), held.getKey()))
              .filter(Objects::nonNull)
              .toList();
      if (!envoy.isReady() || (fresh.isEmpty() && unknown.isEmpty())) {
        return;
      }
      DeltaDiscoveryResponse.Builder response =
          DeltaDiscoveryResponse.newBuilder()
              .setTypeUrl(TYPE)
              .setNonce(Integer.toString(++nonce))
              .addAllRemovedResources(unknown);
      for (Leaf leaf : fresh) {
        response.addResources(resource(leaf));
        serials.put(leaf.host(), leaf.serial());
      }
      unknown.clear();
      envoy.onNext(response.build());
    }

    private @Nullable Leaf newerThan(String serial, String host) {
      Leaf leaf = leaves.of(host);
      return leaf == null || leaf.serial().equals(serial) ? null : leaf;
    }

    /** What Envoy says of our last response. */
    private void logAnswer(DeltaDiscoveryRequest request) {
      if (request.hasErrorDetail()) {
        String error = request.getErrorDetail().getMessage();
        LOG.atWarn()
            .addKeyValue("hosts", String.join(" ", serials.keySet()))
            .addKeyValue("error", error.substring(0, Math.min(LONGEST_ERROR, error.length())))
            .log("Envoy refused certificates and goes on with those it had");
      } else if (!request.getResponseNonce().isEmpty()) {
        LOG.atDebug()
            .addKeyValue("hosts", String.join(" ", serials.keySet()))
            .log("Envoy took certificates");
      }
    }
  }

  private static Resource resource(Leaf leaf) {
    TlsCertificate certificate =
        TlsCertificate.newBuilder()
            .setCertificateChain(inline(leaf.chain()))
            .setPrivateKey(inline(leaf.privateKey()))
            .build();
    Secret secret = Secret.newBuilder().setName(leaf.host()).setTlsCertificate(certificate).build();
    return Resource.newBuilder()
        .setName(leaf.host())
        .setVersion(leaf.serial())
        .setResource(Any.newBuilder().setTypeUrl(TYPE).setValue(secret.toByteString()))
        .build();
  }

  private static DataSource inline(byte[] content) {
    return DataSource.newBuilder().setInlineBytes(ByteString.copyFrom(content)).build();
  }
}
