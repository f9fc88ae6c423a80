package dev.valetkey.testkit.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.valetkey.testkit.PodNetwork;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/** The main class of {@code bin/demo}. */
public final class Demo {
  private static final String KEEP = "--keep";
  private static final String KEYCLOAK = "--keycloak";
  private static final String INVISIBLE = "--invisible";

  private Demo() {}

  /**
   * Exit status: 0 when every line was true, 1 when not or when a part did not start, 2 for bad
   * use.
   */
  public static void main(String[] args) throws InterruptedException {
    // The terminal's encoding may be ASCII where no locale is set; check marks are not.
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8);
    PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, UTF_8);
    List<String> options = List.of(args);
    boolean invisible = options.equals(List.of(INVISIBLE));
    if (!invisible && !Set.of(KEEP, KEYCLOAK).containsAll(options)) {
      err.println("usage: bin/demo [--keep] [--keycloak], or bin/demo --invisible, alone");
      System.exit(2);
    }
    String missing = invisible ? PodNetwork.missing() : "";
    if (!missing.isEmpty()) {
      err.println("--invisible makes a pod of a network namespace, which needs root, ip and nft.");
      err.println("Not possible here: " + missing + ". testkit/bin/namespaces-up.sh says more.");
      System.exit(2);
    }
    Page page = new Page(out, Boolean.getBoolean("demo.colours"));
    if (invisible) {
      System.exit(runInvisible(page, err) ? 0 : 1);
    }
    System.exit(run(options.contains(KEYCLOAK), options.contains(KEEP), page, err) ? 0 : 1);
  }

  private static boolean run(boolean keycloak, boolean keep, Page page, PrintStream err)
      throws InterruptedException {
    long start = System.nanoTime();
    try {
      SignIn signIn = keycloak ? RealKeycloak.start() : OwnIssuer.start();
      try (Stage stage = Stage.empty(signIn)) {
        Runtime.getRuntime().addShutdownHook(new Thread(stage::close, "end of the demo"));
        stage.build();
        page.title(
            "valetkey: every MCP server gets a token made for it alone, and for this one user");
        page.note(
            "agent ──http──▶ Envoy ──https──▶ github, jira, weather; all of it is real and on loopback");
        page.note("valetkey, beside Envoy, gets the servers' tokens from " + signIn.name());
        play(stage, signIn, page);
        page.end(seconds(start));
        if (!page.allTrue()) {
          err.println(stage.logTails());
        }
        if (keep) {
          new Leftovers(stage, page).print(tokens(signIn));
          new CountDownLatch(1).await(); // Ctrl-C ends the JVM, and its hook the stage
        }
      }
      return page.allTrue();
    } catch (RuntimeException | AssertionError notStarted) {
      // Its message names the part and ends with the part's log.
      err.println("The demo could not go on: " + notStarted);
      return false;
    }
  }

  private static boolean runInvisible(Page page, PrintStream err) {
    long start = System.nanoTime();
    Pod ended;
    try (Pod pod = new Pod()) {
      ended = pod;
      Runtime.getRuntime().addShutdownHook(new Thread(pod::close, "end of the demo"));
      pod.build();
      page.title("valetkey, invisible: the agent's image, code and secrets stay as they are");
      page.note(
          "users ──▶ Envoy ──▶ agent (Python, OpenTelemetry) ──▶ Envoy ──https──▶ github, jira");
      page.note(
          "a pod made of a network namespace: nftables sends the agent's connections to Envoy");
      try {
        new InvisibleStory(pod, page).play();
      } catch (RuntimeException | AssertionError broken) {
        page.check(false, "the story ends here: " + broken, "that it goes on");
      }
      if (!page.allTrue()) {
        err.println(pod.logTails());
      }
    } catch (RuntimeException | AssertionError notStarted) {
      err.println("The demo could not go on: " + notStarted);
      return false;
    }
    page.check(ended.isGone(), "afterwards no process, namespace or file of it is left", "none");
    page.end(seconds(start));
    return page.allTrue();
  }

  /** What follows from a line that is not true may not even be possible. */
  private static void play(Stage stage, SignIn signIn, Page page) {
    try {
      switch (signIn) {
        case OwnIssuer own -> new OwnIssuerStory(stage, own, page).play();
        case RealKeycloak keycloak -> new KeycloakStory(stage, keycloak, page).play();
      }
    } catch (RuntimeException broken) {
      page.check(false, "the story ends here: " + broken, "that it goes on");
    }
  }

  private static Map<String, String> tokens(SignIn signIn) {
    Map<String, String> tokens = new LinkedHashMap<>();
    tokens.put("alice", signIn.login("alice"));
    tokens.put("bob", signIn.login("bob"));
    switch (signIn) {
      case OwnIssuer own -> tokens.put("expired", own.expiredToken("alice"));
      case RealKeycloak keycloak -> tokens.put("other-app", keycloak.login("alice", "other-app"));
    }
    return tokens;
  }

  private static String seconds(long start) {
    return String.format(Locale.ROOT, "%.1f s", (System.nanoTime() - start) / 1e9);
  }
}
