package dev.valetkey.testkit;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong next at an issuer, and how often. Armed faults of one place take effect one after
 * another. Threads: all.
 */
public final class Faults {
  /** For a fault that lasts until {@link #clear}. */
  public static final int ALWAYS = Integer.MAX_VALUE;

  private enum Place {
    TOKEN,
    INTROSPECTION,
    JWKS,
    METADATA,
    BROKER
  }

  private static final class Armed {
    private final Fault fault;
    private int left;

    private Armed(Fault fault, int times) {
      this.fault = fault;
      this.left = times;
    }
  }

  private final Map<Place, Deque<Armed>> armed = new EnumMap<>(Place.class);

  Faults() {}

  /** The next {@code times} requests to the token endpoint meet this fault. */
  public Faults token(Fault fault, int times) {
    return arm(Place.TOKEN, fault, times);
  }

  /** The next {@code times} requests to the introspection endpoint meet this fault. */
  public Faults introspection(Fault fault, int times) {
    return arm(Place.INTROSPECTION, fault, times);
  }

  /** The next {@code times} requests for the keys meet this fault. */
  public Faults jwks(Fault fault, int times) {
    return arm(Place.JWKS, fault, times);
  }

  /** The next {@code times} requests for either kind of metadata meet this fault. */
  public Faults metadata(Fault fault, int times) {
    return arm(Place.METADATA, fault, times);
  }

  /** The next {@code times} requests for a token that is kept for a user meet this fault. */
  public Faults broker(Fault fault, int times) {
    return arm(Place.BROKER, fault, times);
  }

  /** All is well again for requests that arrive from now on. */
  public void clear() {
    synchronized (armed) {
      armed.clear();
    }
  }

  Reply onToken(Issuer issuer, SeenRequest request, Supplier<Reply.Full> normal) {
    return apply(Place.TOKEN, issuer, request, normal);
  }

  Reply onIntrospection(Issuer issuer, SeenRequest request, Supplier<Reply.Full> normal) {
    return apply(Place.INTROSPECTION, issuer, request, normal);
  }

  Reply onJwks(Issuer issuer, SeenRequest request, Supplier<Reply.Full> normal) {
    return apply(Place.JWKS, issuer, request, normal);
  }

  Reply onMetadata(Issuer issuer, SeenRequest request, Supplier<Reply.Full> normal) {
    return apply(Place.METADATA, issuer, request, normal);
  }

  Reply onBroker(Issuer issuer, SeenRequest request, Supplier<Reply.Full> normal) {
    return apply(Place.BROKER, issuer, request, normal);
  }

  private Reply apply(
      Place place, Issuer issuer, SeenRequest request, Supplier<Reply.Full> normal) {
    Fault fault = take(place);
    return fault == null ? normal.get() : fault.answer(new Fault.Visit(request, normal, issuer));
  }

  private Faults arm(Place place, Fault fault, int times) {
    synchronized (armed) {
      armed.computeIfAbsent(place, p -> new ArrayDeque<>()).add(new Armed(fault, times));
    }
    return this;
  }

  private @Nullable Fault take(Place place) {
    synchronized (armed) {
      Deque<Armed> waiting = armed.get(place);
      Armed next = waiting == null ? null : waiting.peek();
      if (waiting == null || next == null) {
        return null;
      }
      if (next.left != ALWAYS && --next.left == 0) {
        waiting.remove();
      }
      return next.fault;
    }
  }
}
