package dev.valetkey.envoy;

import dev.valetkey.call.Check;
import dev.valetkey.call.Check.Malformed;
import dev.valetkey.call.Decision;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.Reason;
import dev.valetkey.gate.Gate;
import dev.valetkey.token.Deadline;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code envoy.service.auth.v3.Authorization/Check}. Reads the message on the event loop, asks the
 * gate's fast lane there, and goes to a virtual thread only for what has to wait. Every check gets
 * an answer; none ends as a failed call.
 */
final class CheckService implements ServerCallHandler<Check, InputStream> {
  /** Our own 503 leaves this long before Envoy gives up. */
  private static final Duration AHEAD_OF_ENVOY = Duration.ofMillis(100);

  /** For callers that send no deadline; Envoy always does. */
  private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(10);

  /**
   * Bytes that checks in the slow lane may take together. Envoy opens 1024 calls on each of its
   * connections, of up to 64 KiB each: more than the heap.
   */
  private static final int MAX_WAITING = 8 << 20;

  /** What a check that waits takes beside its bytes, most of it for its thread. */
  private static final int WAITING_OVERHEAD = 2048;

  private static final Logger LOG = LoggerFactory.getLogger(CheckService.class);

  private final Gate gate;
  private final Executor slowLane;
  private final LongSupplier nanoTime;
  private final Answers answers = new Answers();

  /** Used by the event loop alone, while it writes an answer. */
  private final byte[] fragment = new byte[ForwardAnswer.FRAGMENT];

  private final AtomicInteger waitingBytes = new AtomicInteger();

  /**
   * @param slowLane runs what may wait, each task on a thread of its own
   */
  CheckService(Gate gate, Executor slowLane, LongSupplier nanoTime) {
    this.gate = gate;
    this.slowLane = slowLane;
    this.nanoTime = nanoTime;
  }

  /**
   * The service to be served by one event loop with a direct executor: its reader is not shared.
   */
  ServerServiceDefinition definition() {
    MethodDescriptor<Check, InputStream> check =
        MethodDescriptor.<Check, InputStream>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(
                MethodDescriptor.generateFullMethodName(
                    "envoy.service.auth.v3.Authorization", "Check"))
            .setRequestMarshaller(new RequestMarshaller())
            .setResponseMarshaller(new ResponseMarshaller())
            .build();
    return ServerServiceDefinition.builder("envoy.service.auth.v3.Authorization")
        .addMethod(check, this)
        .build();
  }

  @Override
  public ServerCall.Listener<Check> startCall(
      ServerCall<Check, InputStream> call, Metadata headers) {
    call.request(1);
    return new CheckCall(call);
  }

  /** One check. All its methods run on the event loop but {@link #decide}. */
  private final class CheckCall extends ServerCall.Listener<Check> {
    private final ServerCall<Check, InputStream> call;
    private @Nullable Decision decision;
    private @Nullable HttpCall waiting;

    CheckCall(ServerCall<Check, InputStream> call) {
      this.call = call;
    }

    @Override
    public void onMessage(Check check) {
      // The view is overwritten by the next message, so all that is needed of it is taken here.
      try {
        decision =
            switch (check) {
              case HttpCall http -> gate.answerNow(http);
              case Malformed malformed -> gate.unjudged(malformed.reason());
            };
        if (decision == null) {
          waiting = ((HttpCall) check).copy();
        }
      } catch (Throwable e) {
        decision = bug(e);
      }
    }

    @Override
    public void onHalfClose() {
      if (decision == null && waiting != null) {
        enterSlowLane(waiting, deadline());
      } else {
        // A call that ends without a message is a failed RPC in any gRPC server; here it is a
        // refusal like others.
        answer(decision == null ? gate.unjudged(Reason.MALFORMED) : decision, fragment);
      }
    }

    private void enterSlowLane(HttpCall http, Deadline deadline) {
      int bytes = http.bytes().length + WAITING_OVERHEAD;
      if (waitingBytes.addAndGet(bytes) > MAX_WAITING) {
        waitingBytes.addAndGet(-bytes);
        answer(gate.unjudged(Reason.ISSUER_BUSY), fragment);
        return;
      }
      slowLane.execute(() -> {
        try {
          answer(decide(http, deadline), new byte[ForwardAnswer.FRAGMENT]);
        } finally {
          waitingBytes.addAndGet(-bytes);
        }
      });
    }

    private Decision decide(HttpCall http, Deadline deadline) {
      try {
        return gate.decide(http, deadline);
      } catch (Throwable e) {
        return bug(e);
      }
    }

    private Decision bug(Throwable e) {
      LOG.atError().setCause(e).log("a check met a bug and was refused");
      return gate.unjudged(Reason.INTERNAL);
    }

    /** When Envoy hung up meanwhile, gRPC drops what is written here. */
    private void answer(Decision made, byte[] fragment) {
      if (call.isCancelled()) {
        return;
      }
      call.sendHeaders(new Metadata());
      call.sendMessage(answers.of(made, fragment));
      call.close(Status.OK, new Metadata());
    }

    private Deadline deadline() {
      io.grpc.Deadline ofCall = Context.current().getDeadline();
      Duration left =
          ofCall == null
              ? DEFAULT_DEADLINE
              : Duration.ofNanos(ofCall.timeRemaining(TimeUnit.NANOSECONDS));
      return Deadline.after(left.minus(AHEAD_OF_ENVOY), nanoTime);
    }
  }

  private static final class RequestMarshaller implements MethodDescriptor.Marshaller<Check> {
    private final CheckReader reader = new CheckReader();

    @Override
    public Check parse(InputStream stream) {
      try {
        return reader.read(stream);
      } catch (IOException e) {
        throw new UncheckedIOException("a message in memory cannot fail to be read", e);
      }
    }

    @Override
    public InputStream stream(Check value) {
      throw new UnsupportedOperationException("a server sends no requests");
    }
  }

  private static final class ResponseMarshaller
      implements MethodDescriptor.Marshaller<InputStream> {
    @Override
    public InputStream stream(InputStream value) {
      return value;
    }

    @Override
    public InputStream parse(InputStream stream) {
      throw new UnsupportedOperationException("a server reads no responses");
    }
  }
}
