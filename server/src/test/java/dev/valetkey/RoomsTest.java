package dev.valetkey;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The rooms of the design and the only arrows between them. */
final class RoomsTest {
  private static final String ROOT = "dev.valetkey";

  /** Read by every room as records, told by every room what happened; they import none of ours. */
  private static final Set<String> FOR_ALL = Set.of("config", "telemetry");

  /**
   * {@code token} and {@code call} are vocabularies without I/O: envoy hands the gate a Deadline
   * and the digest of a refused token, admin shows sessions and reasons.
   */
  private static final Map<String, Set<String>> ARROWS =
      Map.ofEntries(
          Map.entry("", Set.of("cli")),
          Map.entry("config", Set.of()),
          Map.entry("telemetry", Set.of()),
          Map.entry("call", Set.of()),
          Map.entry("token", Set.of()),
          Map.entry("envoy", Set.of("gate", "call", "token", "intercept")),
          Map.entry("intercept", Set.of()),
          Map.entry("admin", Set.of("gate", "cache", "subject", "call", "token")),
          Map.entry("gate", Set.of("call", "route", "subject", "token")),
          Map.entry("route", Set.of("call")),
          Map.entry("subject", Set.of("call", "token", "oauth")),
          Map.entry("cache", Set.of("token", "acquire")),
          Map.entry("acquire", Set.of("token", "oauth")),
          Map.entry("oauth", Set.of("token")),
          Map.entry("webhook", Set.of()));

  /**
   * Vendor types stop at the door, because they print secrets. The command line is let through for
   * two things that are no door to a token: it makes the event loop that both servers share, and
   * its {@code sessions} and {@code explain} are clients of our own admin service.
   */
  private static final Map<String, Set<String>> DOORS =
      Map.ofEntries(
          Map.entry("io.grpc.", Set.of("envoy", "admin", "cli")),
          Map.entry("io.netty.", Set.of("envoy", "admin", "cli")),
          Map.entry("io.envoyproxy.", Set.of("envoy", "admin")),
          Map.entry("com.google.protobuf.", Set.of("envoy", "admin")),
          Map.entry("com.google.rpc.", Set.of("envoy", "admin")),
          Map.entry("com.nimbusds.", Set.of("oauth")),
          Map.entry("org.bouncycastle.", Set.of("intercept")),
          Map.entry("org.snakeyaml.", Set.of("config", "cli.bootstrap")),
          Map.entry(
              "com.github.benmanes.caffeine.", Set.of("subject", "cache", "acquire", "oauth")),
          Map.entry("io.prometheus.", Set.of("telemetry", "admin")),
          Map.entry("picocli.", Set.of("", "cli")),
          Map.entry("ch.qos.logback.", Set.of("telemetry", "cli")));

  /**
   * Where time and chance come from; only the wiring may ask them, everybody else is given them.
   */
  private static final Set<String> CLOCKS_AND_DICE =
      Set.of(
          "java.lang.System.nanoTime",
          "java.lang.System.currentTimeMillis",
          "java.lang.Math.random",
          "java.time.Instant.now",
          "java.time.LocalDate.now",
          "java.time.LocalDateTime.now",
          "java.time.OffsetDateTime.now",
          "java.time.ZonedDateTime.now",
          "java.time.Clock.system",
          "java.time.Clock.systemUTC",
          "java.time.Clock.systemDefaultZone",
          "java.time.Clock.tickMillis",
          "java.time.Clock.tickSeconds",
          "java.time.InstantSource.system",
          "java.util.UUID.randomUUID",
          "java.util.Random.<init>",
          "java.util.SplittableRandom.<init>",
          "java.util.concurrent.ThreadLocalRandom.current",
          "java.util.random.RandomGenerator.of",
          "java.util.random.RandomGenerator.getDefault",
          "java.security.SecureRandom.<init>",
          "java.security.SecureRandom.getInstance",
          "java.security.SecureRandom.getInstanceStrong");

  /** Logback makes its configurator itself, before there is any wiring. */
  private static final Set<String> MADE_BY_OTHERS = Set.of("dev.valetkey.telemetry.Log");

  private static final Set<String> NAMES_THAT_SAY_NOTHING =
      Set.of("util", "utils", "common", "impl", "manager", "managers", "helper", "helpers");

  private static final JavaClasses OURS = ours();

  private static JavaClasses ours() {
    // What is not ours is known by its name alone: nothing else is read from the class path.
    ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
    return new ClassFileImporter()
        .importUrl(Main.class.getProtectionDomain().getCodeSource().getLocation())
        .that(
            new com.tngtech.archunit.base.DescribedPredicate<JavaClass>("ours") {
              @Override
              public boolean test(JavaClass type) {
                return isOurs(type);
              }
            });
  }

  @Test
  void theProgramIsReadAtAll() {
    assertThat(OURS.contain("dev.valetkey.gate.Gate")).isTrue();
    assertThat(OURS.contain("dev.valetkey.envoy.CheckReader")).isTrue();
  }

  @Test
  void everyClassIsInARoomOfTheDesign() {
    Set<String> rooms = new TreeSet<>();
    OURS.forEach(type -> rooms.add(room(type)));
    rooms.remove("cli");
    assertThat(rooms).isSubsetOf(ARROWS.keySet());
  }

  @Test
  void roomsImportOnlyAlongTheArrows() {
    List<String> wrong = new ArrayList<>();
    for (Dependency dependency : dependencies()) {
      String from = room(dependency.getOriginClass());
      JavaClass target = dependency.getTargetClass().getBaseComponentType();
      if (!isOurs(target) || from.equals("cli")) {
        continue;
      }
      String to = room(target);
      boolean fine =
          from.equals(to)
              || FOR_ALL.contains(to)
              || ARROWS.getOrDefault(from, Set.of()).contains(to);
      if (!fine) {
        wrong.add(from + " -> " + to + ": " + dependency.getDescription());
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void noCycles() {
    SlicesRuleDefinition.slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(OURS);
  }

  @Test
  void vendorTypesStopAtTheDoor() {
    List<String> wrong = new ArrayList<>();
    for (Dependency dependency : dependencies()) {
      String target = dependency.getTargetClass().getBaseComponentType().getName();
      for (Map.Entry<String, Set<String>> door : DOORS.entrySet()) {
        if (target.startsWith(door.getKey())
            && !mayPass(dependency.getOriginClass(), door.getValue())) {
          wrong.add(dependency.getDescription());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void timeAndChanceAreInjected() {
    List<String> wrong = new ArrayList<>();
    for (JavaClass type : OURS) {
      if (room(type).equals("cli") || MADE_BY_OTHERS.contains(type.getName())) {
        continue;
      }
      type.getCodeUnitAccessesFromSelf().stream()
          .filter(access ->
              CLOCKS_AND_DICE.contains(
                  access.getTargetOwner().getName() + "." + access.getTarget().getName()))
          // Instant.now(clock) and its like ask the clock they are given.
          .filter(access -> !takesClock(access.getTarget().getRawParameterTypes()))
          .forEach(access -> wrong.add(access.getDescription()));
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void packagesAreNamedAfterWhatTheyOwn() {
    Set<String> wrong = new TreeSet<>();
    for (JavaClass type : OURS) {
      for (String part : type.getPackageName().split("\\.", -1)) {
        if (NAMES_THAT_SAY_NOTHING.contains(part)) {
          wrong.add(type.getPackageName());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void everyPackageIsNullMarked() {
    Set<String> wrong = new TreeSet<>();
    for (JavaClass type : OURS) {
      JavaPackage here = type.getPackage();
      if (!here.isAnnotatedWith(NullMarked.class)) {
        wrong.add(here.getName());
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static List<Dependency> dependencies() {
    List<Dependency> all = new ArrayList<>();
    OURS.forEach(type -> all.addAll(type.getDirectDependenciesFromSelf()));
    assertThat(all).isNotEmpty();
    return all;
  }

  private static boolean takesClock(List<JavaClass> parameters) {
    return parameters.stream()
        .anyMatch(type ->
            type.getName().equals("java.time.Clock")
                || type.getName().equals("java.time.InstantSource"));
  }

  private static boolean isOurs(JavaClass type) {
    return type.getPackageName().equals(ROOT) || type.getPackageName().startsWith(ROOT + ".");
  }

  /** The first part of the package's name behind ours; empty for the root. */
  private static String room(JavaClass type) {
    String name = type.getPackageName();
    return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1).split("\\.", -1)[0];
  }

  /** A door is open to a room with all its packages, or to one package. */
  private static boolean mayPass(JavaClass type, Set<String> open) {
    String within =
        type.getPackageName().equals(ROOT)
            ? ""
            : type.getPackageName().substring(ROOT.length() + 1);
    return open.contains(within) || open.contains(room(type));
  }
}
