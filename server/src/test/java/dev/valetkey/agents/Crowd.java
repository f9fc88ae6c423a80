package dev.valetkey.agents;

import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.SeenRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Twenty users who ask an agent at the same time, each in every way, each in another order; and
 * what came of it. Every question is asked once.
 *
 * @param answers by question
 * @param seen every request that reached the server
 * @param heard every question that reached the agent
 */
record Crowd(
    List<User> users, Map<String, Answer> answers, List<SeenRequest> seen, List<Heard> heard) {
  static final int SIZE = 20;

  static Crowd ask(AgentPod pod, List<String> ways) {
    List<User> users = IntStream.range(0, SIZE).mapToObj(number -> user(pod, number)).toList();
    Map<String, Answer> answers = new ConcurrentHashMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (User user : users) {
        List<String> order = new ArrayList<>(ways);
        Collections.shuffle(order, new Random(user.name().hashCode()));
        running.add(
            threads.submit(() -> {
              for (String way : order) {
                String question = question(user, way);
                answers.put(question, pod.ask(user, way, question));
              }
            }));
      }
      for (Future<?> done : running) {
        done.get();
      }
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
    awaitTheLate(pod, answers);
    return new Crowd(users, answers, pod.github().requests().all(), pod.heard("/ask/"));
  }

  /** What this user asks in this way; no question is part of another. */
  static String question(User user, String way) {
    return "[" + user.name() + " by " + way + "]";
  }

  /** Every second user's client takes part in a trace of its own. */
  private static User user(AgentPod pod, int number) {
    User user = pod.user("user-" + number).with("baggage", "tenant=of-user-" + number);
    return number % 2 == 0
        ? user
        : user.with(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e%04x-00f067aa0ba902b7-01".formatted(number));
  }

  /** Some ways call when the user was answered already. */
  private static void awaitTheLate(AgentPod pod, Map<String, Answer> answers) {
    answers.forEach((question, answer) -> {
      if (answer.called() == 202) {
        Poll.until(
            Duration.ofSeconds(30),
            question,
            () -> !pod.github().requests().where(r -> r.bodyText().contains(question)).isEmpty());
      }
    });
  }

  Answer answer(User user, String way) {
    return answers.get(question(user, way));
  }

  /** Whom the request's token speaks of; a token for another server is nobody's. */
  static String subject(SeenRequest request) {
    Jwt token = Jwt.of(String.valueOf(request.bearer()));
    return token.audience().equals(List.of("github-mcp")) ? token.claim("sub") : "nobody";
  }

  /** The requests with this user's question. */
  List<SeenRequest> seen(User user, String way) {
    String question = question(user, way);
    return seen.stream().filter(request -> request.bodyText().contains(question)).toList();
  }

  /** What the agent heard, by the baggage that each user's client sent. */
  Map<String, List<Heard>> heardByTenant() {
    return heard.stream()
        .collect(
            Collectors.groupingBy(
                request -> String.join(",", request.values("baggage")).replaceFirst(".*,", "")));
  }

  /** Everything that reached the server. */
  String wireText() {
    return seen.stream().map(SeenRequest::wireText).collect(Collectors.joining("\n"));
  }
}
