package dev.valetkey.admin;

import com.google.protobuf.Timestamp;
import dev.valetkey.admin.v1.AdminGrpc;
import dev.valetkey.admin.v1.EndSessionRequest;
import dev.valetkey.admin.v1.EndSessionResponse;
import dev.valetkey.admin.v1.Entry;
import dev.valetkey.admin.v1.ExplainRequest;
import dev.valetkey.admin.v1.ExplainResponse;
import dev.valetkey.admin.v1.ListSessionsRequest;
import dev.valetkey.admin.v1.ListSessionsResponse;
import dev.valetkey.admin.v1.Session;
import dev.valetkey.token.Secret;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Admin service. Its methods may block: it must be served on an executor that allows that.
 * Requests are never printed, one of them carries a user token; a failure's status has no text of
 * ours or theirs for the same reason.
 */
public final class AdminService extends AdminGrpc.AdminImplBase {
  private static final Logger LOG = LoggerFactory.getLogger(AdminService.class);
  private static final Comparator<LiveSession> ORDER =
      Comparator.comparing(LiveSession::issuer)
          .thenComparing(LiveSession::subject)
          .thenComparing(LiveSession::id);

  private final Explainer explainer;
  private final SessionDirectory directory;

  public AdminService(Explainer explainer, SessionDirectory directory) {
    this.explainer = explainer;
    this.directory = directory;
  }

  @Override
  public void explain(ExplainRequest request, StreamObserver<ExplainResponse> answer) {
    answer(
        answer,
        "explain",
        () -> {
          if (request.getUrl().isEmpty()) {
            throw Status.INVALID_ARGUMENT.withDescription("url: missing").asRuntimeException();
          }
          return toProto(explainer.explain(fromProto(request)));
        });
  }

  @Override
  public void listSessions(
      ListSessionsRequest request, StreamObserver<ListSessionsResponse> answer) {
    answer(
        answer,
        "list sessions",
        () -> {
          List<Session> sessions =
              directory.sessions().stream().sorted(ORDER).map(AdminService::toProto).toList();
          return ListSessionsResponse.newBuilder().addAllSessions(sessions).build();
        });
  }

  @Override
  public void endSession(EndSessionRequest request, StreamObserver<EndSessionResponse> answer) {
    answer(
        answer,
        "end session",
        () -> {
          OptionalInt dropped = directory.end(request.getId());
          return EndSessionResponse.newBuilder()
              .setFound(dropped.isPresent())
              .setTokensDropped(dropped.orElse(0))
              .build();
        });
  }

  // The only place where a bug behind this service is answered: with a status, and its stack trace
  // in the log.
  private static <T> void answer(StreamObserver<T> answer, String method, Supplier<T> work) {
    T value;
    try {
      value = work.get();
    } catch (StatusRuntimeException refused) {
      answer.onError(refused);
      return;
    } catch (RuntimeException bug) {
      LOG.atError().setCause(bug).addKeyValue("method", method).log("admin call failed");
      answer.onError(Status.INTERNAL.asRuntimeException());
      return;
    }
    answer.onNext(value);
    answer.onCompleted();
  }

  private static Explanation.Question fromProto(ExplainRequest request) {
    String token = request.getUserToken();
    return new Explanation.Question(
        request.getMethod().isEmpty() ? "GET" : request.getMethod(),
        request.getUrl(),
        token.isEmpty() ? null : Secret.of(token),
        request.getHeadersMap().entrySet().stream()
            .collect(
                // Two spellings of one name are joined, as Envoy does.
                Collectors.toMap(
                    header -> header.getKey().toLowerCase(Locale.ROOT),
                    header -> header.getValue(),
                    (one, other) -> one + "," + other)));
  }

  private static ExplainResponse toProto(Explanation explanation) {
    ExplainResponse.Builder response =
        ExplainResponse.newBuilder()
            .setDecision(
                explanation.forwarded()
                    ? ExplainResponse.Decision.DECISION_FORWARD
                    : ExplainResponse.Decision.DECISION_REFUSE)
            .setReason(explanation.reason())
            .setHttpStatus(explanation.httpStatus());
    for (Explanation.Line line : explanation.lines()) {
      response.addLinesBuilder().setName(line.name()).setValue(line.value());
    }
    return response.build();
  }

  private static Session toProto(LiveSession session) {
    Session.Builder proto =
        Session.newBuilder()
            .setId(session.id())
            .setIssuer(session.issuer())
            .setSubject(session.subject())
            .setExpiry(toProto(session.expiry()));
    for (LiveSession.Entry entry : session.entries()) {
      proto.addEntries(
          Entry.newBuilder().setServer(entry.server()).setExpiry(toProto(entry.expiry())));
    }
    return proto.build();
  }

  private static Timestamp toProto(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }
}
