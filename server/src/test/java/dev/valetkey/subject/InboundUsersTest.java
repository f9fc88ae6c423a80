package dev.valetkey.subject;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.oauth.MovedTime;
import dev.valetkey.subject.InboundUsers.Nobody;
import dev.valetkey.subject.InboundUsers.Over;
import dev.valetkey.subject.InboundUsers.Several;
import dev.valetkey.subject.InboundUsers.TraceId;
import dev.valetkey.subject.InboundUsers.Visit;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.token.Secret;
import dev.valetkey.token.Session;
import dev.valetkey.token.Session.UserToken;
import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.User;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What ties the agent's calls to users: how long it counts, and for whom. */
final class InboundUsersTest {
  private static final TraceId TRACE = new TraceId(0x0af7651916cd43ddL, 0x8448eb211c80319cL);

  private final MovedTime time = new MovedTime();
  private final InboundUsers users = new InboundUsers(time, new SecureRandom());

  // AB11
  @Test
  void handleLivesAsLongAsTheUserToken() {
    Visit alice = visit("alice", Duration.ofMinutes(5));
    TokenDigest handle = handle(alice);

    time.forward(Duration.ofMinutes(4));
    assertThat(users.byHandle(handle)).isEqualTo(alice);

    time.forward(Duration.ofMinutes(1));
    assertThat(users.byHandle(handle)).isEqualTo(new Nobody());
    assertThat(users.handle(alice)).isNull();
  }

  // AB11
  @Test
  void handleDiesWithItsSession() {
    Visit alice = visit("alice", Duration.ofHours(1));
    TokenDigest handle = handle(alice);
    users.link(TRACE, alice);
    users.arrived(alice);

    alice.user().session().end();

    assertThat(users.byHandle(handle)).isEqualTo(new Over());
    assertThat(users.byTrace(TRACE)).isEqualTo(new Over());
    assertThat(users.onlyUser()).isEqualTo(new Nobody());
    assertThat(users.handle(alice)).isNull();
  }

  /** A handle is derived with a key of its own process: after a restart it leads to nobody. */
  // AB11, TM-HANDLE
  @Test
  void handleIsWorthlessElsewhere() {
    Visit alice = visit("alice", Duration.ofHours(1));
    InboundUsers other = new InboundUsers(time, new SecureRandom());

    other.handle(alice);

    assertThat(other.byHandle(handle(alice))).isEqualTo(new Nobody());
  }

  // AB11: hardening.md §3, random and neighbouring ids
  // TM-GUESS
  @Test
  void inventedHandlesAndTracesLeadToNobody() {
    byte[] mine = Objects.requireNonNull(users.handle(visit("alice", Duration.ofHours(1))));
    users.link(TRACE, visit("alice", Duration.ofHours(1)));
    Random random = new Random(20261125);

    for (int i = 0; i < 10_000; i++) {
      byte[] neighbour = mine.clone();
      int at = 4 + random.nextInt(mine.length - 4);
      neighbour[at] = (byte) (neighbour[at] == 'A' ? 'B' : 'A');
      byte[] invented = ("vkh-" + Long.toHexString(random.nextLong()).repeat(2)).getBytes(US_ASCII);
      TraceId trace = new TraceId(TRACE.high(), TRACE.low() + 1 + random.nextInt(1 << 20));

      assertThat(users.byHandle(TokenDigest.of(neighbour))).isEqualTo(new Nobody());
      assertThat(users.byHandle(TokenDigest.of(invented))).isEqualTo(new Nobody());
      assertThat(users.byTrace(trace)).isEqualTo(new Nobody());
    }
  }

  // TM-GUESS
  @Test
  void handlesHave192BitsAndNoTwoAreAlike() {
    Set<String> handles = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      handles.add(
          new String(
              Objects.requireNonNull(users.handle(visit("user-" + i, Duration.ofHours(1)))),
              US_ASCII));
    }

    assertThat(handles)
        .hasSize(1000)
        .allSatisfy(handle -> assertThat(handle).matches("vkh-[A-Za-z0-9_-]{32}"));
  }

  @Test
  void traceThatTheAgentUsedFirstIsNobodysForADay() {
    users.byTrace(TRACE);
    time.forward(Duration.ofHours(24).minusMinutes(1));

    users.link(TRACE, visit("alice", Duration.ofHours(1)));
    assertThat(users.byTrace(TRACE)).isEqualTo(new Nobody());
  }

  /** A user's trace is remembered for longer than the token, so that nobody takes it over. */
  // TM-MIX
  @Test
  void traceOfAUserWhoIsGoneIsNotTheNextUsers() {
    users.link(TRACE, visit("alice", Duration.ofMinutes(5)));
    time.forward(Duration.ofHours(23));
    assertThat(users.byTrace(TRACE)).isEqualTo(new Over());

    users.link(TRACE, visit("bob", Duration.ofHours(1)));
    assertThat(users.byTrace(TRACE)).isEqualTo(new Several());

    time.forward(Duration.ofHours(24));
    Visit carol = visit("carol", Duration.ofHours(1));
    users.link(TRACE, carol);
    assertThat(users.byTrace(TRACE)).isEqualTo(carol);
  }

  @Test
  void newerTokenOfTheSameUserTakesTheTraceOver() {
    users.link(TRACE, visit("alice", Duration.ofMinutes(5)));
    Visit later = visit("alice", Duration.ofHours(1));

    users.link(TRACE, later);

    time.forward(Duration.ofMinutes(10));
    assertThat(users.byTrace(TRACE)).isEqualTo(later);
  }

  @Test
  void onlyUserIsWhoeverIsLeft() {
    Visit alice = visit("alice", Duration.ofHours(1));
    users.arrived(visit("bob", Duration.ofMinutes(5)));
    users.arrived(alice);
    assertThat(users.onlyUser()).isEqualTo(new Several());

    time.forward(Duration.ofMinutes(5));
    assertThat(users.onlyUser())
        .as("the agent may still be at work for bob")
        .isEqualTo(new Several());

    time.forward(Duration.ofMinutes(61));
    Visit again = visit("alice", Duration.ofHours(1));
    users.arrived(again);
    assertThat(users.onlyUser()).isEqualTo(again);
  }

  @Test
  void onlyUserWhoseTokenHasEndedIsOver() {
    users.arrived(visit("alice", Duration.ofMinutes(5)));

    time.forward(Duration.ofMinutes(6));

    assertThat(users.onlyUser()).isEqualTo(new Over());
  }

  /** What is pushed out is refused, not given to somebody else. */
  // TM-EXHAUST
  @Test
  void memoryIsBounded() {
    int many = 60_000;
    int found = 0;
    TokenDigest[] handles = new TokenDigest[many];
    for (int i = 0; i < many; i++) {
      handles[i] = handle(visit("user-" + i, Duration.ofHours(1)));
    }
    for (int i = 0; i < many; i++) {
      switch (users.byHandle(handles[i])) {
        case Visit visit -> {
          assertThat(visit.user().sub()).isEqualTo("user-" + i);
          found++;
        }
        case Nobody nobody -> {}
        case Over over -> throw new AssertionError("no token has ended");
        case Several several -> throw new AssertionError("a handle is one user's");
      }
    }

    assertThat(found).isBetween(40_000, 50_000);
  }

  private TokenDigest handle(Visit visit) {
    return TokenDigest.of(Objects.requireNonNull(users.handle(visit)));
  }

  private Visit visit(String sub, Duration life) {
    Secret text = Secret.of("CANARY-" + sub + "-" + time.instant().plus(life));
    Subject subject =
        new Subject(
            "https://idp.example.com",
            sub,
            null,
            "app",
            Set.of(),
            null,
            null,
            null,
            time.instant().plus(life));
    TokenDigest kind = subject.keyPart(text.digest());
    long end = subject.expiresAt().toEpochMilli();
    UserToken token = new UserToken(text, text.digest(), kind, end);
    return new Visit(
        text.digest(), new User(new Session(subject, token, new HitCounters()), kind, end));
  }
}
