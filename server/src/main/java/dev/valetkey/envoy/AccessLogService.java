package dev.valetkey.envoy;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.valetkey.gate.Gate;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.UpstreamRefusal;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.grpc.stub.StreamObserver;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * {@code envoy.service.accesslog.v3.AccessLogService}: learns of the 401 and 403 that reached the
 * agent although the call carried a token of ours (design.md §7).
 */
final class AccessLogService extends AccessLogServiceGrpc.AccessLogServiceImplBase {
  private static final String FILTER = "envoy.filters.http.ext_authz";
  private static final int HEX_DIGITS = 2 * TokenDigest.LENGTH;

  private final Gate gate;

  /** Streams that Envoy keeps open for its next entry. Whoever takes one out completes it. */
  private final Set<StreamObserver<StreamAccessLogsResponse>> open = ConcurrentHashMap.newKeySet();

  AccessLogService(Gate gate) {
    this.gate = gate;
  }

  @Override
  public StreamObserver<StreamAccessLogsMessage> streamAccessLogs(
      StreamObserver<StreamAccessLogsResponse> responses) {
    open.add(responses);
    return new StreamObserver<>() {
      @Override
      public void onNext(StreamAccessLogsMessage message) {
        message.getHttpLogs().getLogEntryList().forEach(AccessLogService.this::read);
      }

      @Override
      public void onError(Throwable t) {
        // Envoy went away; it opens another stream when it has something to say.
        open.remove(responses);
      }

      @Override
      public void onCompleted() {
        complete(responses);
      }
    };
  }

  /** Ends all streams, which Envoy never does by itself: a stop would wait for them in vain. */
  void endStreams() {
    open.forEach(this::complete);
  }

  private void complete(StreamObserver<StreamAccessLogsResponse> stream) {
    if (open.remove(stream)) {
      stream.onNext(StreamAccessLogsResponse.getDefaultInstance());
      stream.onCompleted();
    }
  }

  private void read(HTTPAccessLogEntry entry) {
    int status = entry.getResponse().getResponseCode().getValue();
    boolean ofServer = entry.getResponse().getResponseCodeDetails().equals("via_upstream");
    if (!ofServer || (status != 401 && status != 403)) {
      return;
    }
    Struct metadata =
        entry
            .getCommonProperties()
            .getMetadata()
            .getFilterMetadataOrDefault(FILTER, Struct.getDefaultInstance());
    String digest =
        metadata
            .getFieldsOrDefault(ForwardAnswer.TOKEN_KEY, Value.getDefaultInstance())
            .getStringValue();
    if (digest.length() == HEX_DIGITS && digest.chars().allMatch(HexFormat::isHexDigit)) {
      Map<String, String> headers = entry.getResponse().getResponseHeadersMap();
      String challenge = headers.get("www-authenticate");
      gate.upstreamRefused(
          TokenDigest.fromHex(digest),
          new UpstreamRefusal(
              status,
              challenge == null ? List.of() : List.of(challenge),
              headers.get("dpop-nonce")));
    }
  }
}
