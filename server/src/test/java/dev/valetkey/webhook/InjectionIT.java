package dev.valetkey.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.valetkey.cli.Samples;
import dev.valetkey.deploy.KubernetesSchemas;
import dev.valetkey.deploy.Manifests;
import dev.valetkey.deploy.PodFacts;
import dev.valetkey.webhook.Webhook.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pods of real shapes, sent as an API server sends them; the patch is applied as it applies it. */
final class InjectionIT {
  private static final List<String> OURS =
      List.of("valetkey-bootstrap", "valetkey-capture", "valetkey", "valetkey-envoy");
  private static final String DROPPED =
      "{\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"NET_RAW\",\"SETUID\"]}}";

  private static KubernetesSchemas schemas;
  private static Webhook webhook;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    schemas = KubernetesSchemas.all();
    webhook = Webhook.start(folder);
  }

  @AfterAll
  static void stop() {
    webhook.close();
  }

  static Stream<Path> admitted() throws IOException {
    return Webhook.pods("admitted");
  }

  static Stream<Path> refused() throws IOException {
    return Webhook.pods("refused");
  }

  static Stream<Path> untouched() throws IOException {
    return Webhook.pods("untouched");
  }

  // AB13
  @ParameterizedTest
  @MethodSource("admitted")
  void thePodBecomesAPodThatKubernetesTakes(Path file) {
    JsonObject pod = Webhook.pod(file);
    assertThat(schemas.problems(pod)).isEmpty();

    JsonObject patched = admitted(pod);

    assertThat(schemas.problems(patched)).isEmpty();
    PodFacts facts = new PodFacts(patched.getAsJsonObject("spec"));
    facts.fitTogether();
    facts.areGuarded("valetkey-envoy", "valetkey-capture");
  }

  @ParameterizedTest
  @MethodSource("admitted")
  void ourContainersStartFirstInTheirOrderAndThoseOfThePodFollowInTheirs(Path file) {
    JsonObject pod = Webhook.pod(file);
    List<String> before = names(Manifests.list(pod, "spec", "initContainers"));

    List<String> after = names(Manifests.list(admitted(pod), "spec", "initContainers"));

    assertThat(after.subList(0, OURS.size())).isEqualTo(OURS);
    assertThat(after.subList(OURS.size(), after.size())).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("admitted")
  void nothingOfThePodsOwnIsLost(Path file) {
    JsonObject pod = Webhook.pod(file);

    // Java's options are a list in one text, which ours join.
    assertContains(admitted(pod), pod, "");
  }

  @ParameterizedTest
  @MethodSource("admitted")
  void aSecondLookChangesNothing(Path file) {
    JsonObject patched = admitted(Webhook.pod(file));

    assertThat(webhook.create(patched)).isEqualTo(unchanged(patched));
  }

  /** Between two looks the API server sets defaults and adds the service account's token. */
  @ParameterizedTest
  @MethodSource("admitted")
  void aSecondLookAfterTheApiServerChangesNothing(Path file) {
    JsonObject patched = admitted(Webhook.pod(file));
    for (String kind : List.of("initContainers", "containers")) {
      for (JsonObject container : Manifests.list(patched, "spec", kind)) {
        byApiServer(container);
      }
    }

    assertThat(webhook.create(patched)).isEqualTo(unchanged(patched));
  }

  @Test
  void theWholePodIsAsItWasAgreed() {
    JsonObject patched = admitted(Webhook.pod("admitted/deployment.yaml"));

    Samples.assertGolden(
        Webhook.PODS.resolve("deployment.patched.json"),
        new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(patched)
            + "\n");
  }

  @Test
  void aDryRunGetsTheSameAnswer() {
    JsonObject pod = Webhook.pod("admitted/deployment.yaml");
    JsonObject dry = Webhook.creation(pod);
    dry.addProperty("dryRun", true);

    assertThat(webhook.ask(dry)).isEqualTo(webhook.create(pod));
  }

  @Test
  void theConfigurationIsTheNamespacesConfigMapAndSecret() {
    JsonObject patched = admitted(Webhook.pod("admitted/deployment.yaml"));

    assertThat(volume(patched, "valetkey-config").getAsJsonObject("projected").get("sources"))
        .isEqualTo(
            JsonParser.parseString(
                "[{\"configMap\":{\"name\":\"travel-agent-valetkey\"}},"
                    + "{\"secret\":{\"name\":\"travel-agent-valetkey\"}}]"));
  }

  @Test
  void imagesOfTheAnnotationsComeBeforeTheWebhooks() {
    List<JsonObject> ours =
        Manifests.list(admitted(Webhook.pod("admitted/own-images.yaml")), "spec", "initContainers");
    List<JsonObject> defaults =
        Manifests.list(admitted(Webhook.pod("admitted/job.yaml")), "spec", "initContainers");

    String valetkey = "mirror.example.com/valetkey@sha256:" + "0".repeat(64);
    assertThat(ours)
        .extracting(container -> container.get("image").getAsString())
        .containsExactly(
            valetkey, "mirror.example.com/nft:1", valetkey, "mirror.example.com/envoy:v1.40.0");
    assertThat(defaults)
        .extracting(container -> container.get("image").getAsString())
        .containsExactly(
            Webhook.IMAGES.valetkey(),
            Webhook.IMAGES.nft(),
            Webhook.IMAGES.valetkey(),
            Webhook.IMAGES.envoy());
  }

  // TM-BYPASS
  @Test
  void theAgentLosesTheWaysPastTheCaptureAndNothingElse() {
    JsonObject plain = container(admitted(Webhook.pod("admitted/deployment.yaml")), "agent");
    JsonObject restricted =
        container(admitted(Webhook.pod("admitted/pod-security-context.yaml")), "agent");

    assertThat(plain.get("securityContext")).isEqualTo(JsonParser.parseString(DROPPED));
    assertThat(restricted)
        .isEqualTo(container(Webhook.pod("admitted/pod-security-context.yaml"), "agent"));
  }

  @Test
  void interceptionReachesEveryContainerAndAsksEnvoyForIt() {
    JsonObject pod = admitted(Webhook.pod("admitted/native-sidecar.yaml"));
    List<JsonObject> init = Manifests.list(pod, "spec", "initContainers");

    assertThat(init.getFirst().get("args").toString()).endsWith("\"--layout\",\"intercept\"]");
    for (JsonObject own : List.of(init.getLast(), container(pod, "agent"))) {
      assertThat(variables(own)).isEqualTo(PodParts.of(wish(true)).trustVariables());
      assertThat(Manifests.list(own, "volumeMounts"))
          .containsExactly(
              JsonParser.parseString(
                      "{\"name\":\"valetkey-trust\",\"mountPath\":\"/run/valetkey-trust\",\"readOnly\":true}")
                  .getAsJsonObject());
    }
  }

  @Test
  void whatAContainerTrustsByItsOwnChoiceStays() {
    JsonObject pod = Webhook.pod("admitted/intercept.yaml");

    Answer answer = webhook.create(pod);

    JsonObject patched = JsonPatch.applied(pod, answer.patch());
    String ours = PodParts.of(wish(true)).trustVariables().get("JAVA_TOOL_OPTIONS");
    assertThat(variables(container(patched, "agent")))
        .containsEntry("JAVA_TOOL_OPTIONS", "-Xmx256m " + ours);
    assertThat(variables(container(patched, "python")))
        .containsEntry("SSL_CERT_FILE", "/etc/own.pem")
        .containsEntry("REQUESTS_CA_BUNDLE", "");
    assertThat(variables(container(patched, "java-of-its-own")))
        .containsEntry("JAVA_TOOL_OPTIONS", "-Djavax.net.ssl.trustStore=/etc/own.p12");
    String own = " itself and has to trust the pod's certificate authority on its own";
    assertThat(answer.warnings())
        .containsExactly(
            "container python sets REQUESTS_CA_BUNDLE" + own,
            "container python sets SSL_CERT_FILE" + own,
            "container java-of-its-own sets JAVA_TOOL_OPTIONS" + own);
  }

  @Test
  void aTcpProbeIsAdmittedWithAWarning() {
    assertThat(webhook.create(Webhook.pod("admitted/own-images.yaml")).warnings())
        .containsExactly(
            "container agent: once users' calls are captured, a tcpSocket livenessProbe reaches"
                + " Envoy and stays green when the agent is dead; use httpGet, grpc or exec");
  }

  // TM-BYPASS
  @ParameterizedTest
  @MethodSource("refused")
  void aPodInWhichWeWouldGuardNothingIsRefusedWithASentence(Path file) {
    String sentences =
        Manifests.text(file).lines().findFirst().orElseThrow().substring("# ".length());

    Answer answer = webhook.create(Webhook.pod(file));

    assertThat(answer)
        .isEqualTo(new Answer(false, new JsonArray(), List.of(), "valetkey: " + sentences));
  }

  @ParameterizedTest
  @MethodSource("untouched")
  void whoDoesNotAskIsLeftAlone(Path file) {
    JsonObject pod = Webhook.pod(file);

    assertThat(webhook.create(pod)).isEqualTo(unchanged(pod));
  }

  /** Whoever says that the pod is done already gets what is ours, not what only has its name. */
  @ParameterizedTest
  @ValueSource(strings = {"image", "command", "env", "securityContext", "args"})
  void whatOnlyLooksLikeOursIsReplaced(String changed) {
    JsonObject genuine = admitted(Webhook.pod("admitted/job.yaml"));
    JsonObject forged = genuine.deepCopy();
    JsonObject envoy = Manifests.list(forged, "spec", "initContainers").getLast();
    switch (changed) {
      case "image" -> envoy.addProperty("image", "registry.example.com/thief:1");
      case "env" ->
          envoy.add("env", JsonParser.parseString("[{\"name\":\"LD_PRELOAD\",\"value\":\"/x\"}]"));
      case "securityContext" -> envoy.add("securityContext", new JsonObject());
      default -> envoy.add(changed, JsonParser.parseString("[\"sh\"]"));
    }

    Answer answer = webhook.create(forged);

    assertThat(JsonPatch.applied(forged, answer.patch())).isEqualTo(genuine);
  }

  /** A pod that was made without our labels has nothing that a debugging container could harm. */
  // TM-BYPASS
  @Test
  void debuggingContainersOfACapturedPodAreHeldToTheSameRules() {
    JsonObject captured = admitted(Webhook.pod("admitted/job.yaml"));
    JsonObject other = Webhook.pod("untouched/no-label.yaml");

    assertThat(
            debug(captured, "{\"name\":\"d\",\"securityContext\":{\"runAsUser\":1337}}").message())
        .isEqualTo("valetkey: Container d runs as uid 1337, which is Envoy's.");
    assertThat(
            debug(
                    captured,
                    "{\"name\":\"d\",\"volumeMounts\":[{\"name\":\"valetkey-run\",\"mountPath\":\"/s\"}]}")
                .message())
        .isEqualTo("valetkey: Container d mounts the volume valetkey-run, which is not for it.");
    assertThat(debug(captured, "{\"name\":\"d\",\"targetContainerName\":\"valetkey\"}").message())
        .isEqualTo(
            "valetkey: Container d is to see the processes of valetkey, which is not for it.");
    assertThat(debug(captured, "{\"name\":\"d\",\"image\":\"busybox\"}").patch())
        .contains(
            JsonParser.parseString(
                "{\"op\":\"add\",\"path\":\"/spec/ephemeralContainers/0/securityContext/allowPrivilegeEscalation\",\"value\":false}"));
    assertThat(debug(other, "{\"name\":\"d\",\"securityContext\":{\"runAsUser\":1337}}"))
        .isEqualTo(new Answer(true, new JsonArray(), List.of(), ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"UPDATE", "DELETE", "CONNECT"})
  void otherOperationsChangeNothing(String operation) {
    JsonObject request = Webhook.creation(Webhook.pod("admitted/job.yaml"));
    request.add("oldObject", request.get("object"));
    request.addProperty("operation", operation);
    if (operation.equals("DELETE")) {
      request.add("object", null);
    }

    assertThat(webhook.ask(request)).isEqualTo(new Answer(true, new JsonArray(), List.of(), ""));
  }

  private static Wish wish(boolean intercept) {
    return new Wish("x", null, intercept, Webhook.IMAGES);
  }

  private static Answer debug(JsonObject pod, String container) {
    JsonObject after = pod.deepCopy();
    JsonArray containers = new JsonArray();
    containers.add(JsonParser.parseString(container));
    after.getAsJsonObject("spec").add("ephemeralContainers", containers);
    JsonObject request = Webhook.creation(after);
    request.addProperty("operation", "UPDATE");
    request.addProperty("subResource", "ephemeralcontainers");
    request.add("oldObject", pod);
    return webhook.ask(request);
  }

  private static JsonObject admitted(JsonObject pod) {
    Answer answer = webhook.create(pod);
    assertThat(answer.message()).isEmpty();
    assertThat(answer.patch()).isNotEmpty();
    return JsonPatch.applied(pod, answer.patch());
  }

  /** Allowed without a patch; what is warned of is warned of again. */
  private static Answer unchanged(JsonObject pod) {
    return new Answer(true, new JsonArray(), webhook.create(pod).warnings(), "");
  }

  private static void byApiServer(JsonObject container) {
    container.addProperty("terminationMessagePath", "/dev/termination-log");
    container.addProperty("terminationMessagePolicy", "File");
    container.addProperty("imagePullPolicy", "IfNotPresent");
    if (!container.has("volumeMounts")) {
      container.add("volumeMounts", new JsonArray());
    }
    container
        .getAsJsonArray("volumeMounts")
        .add(
            JsonParser.parseString(
                "{\"name\":\"kube-api-access-x2x9k\",\"readOnly\":true,\"mountPath\":"
                    + "\"/var/run/secrets/kubernetes.io/serviceaccount\"}"));
  }

  private static void assertContains(JsonElement whole, JsonElement part, String path) {
    if (part.isJsonObject()) {
      part.getAsJsonObject()
          .asMap()
          .forEach((name, value) -> {
            assertThat(whole.getAsJsonObject().has(name)).as(path + "/" + name).isTrue();
            assertContains(whole.getAsJsonObject().get(name), value, path + "/" + name);
          });
    } else if (part.isJsonArray()) {
      List<JsonElement> found =
          whole.getAsJsonArray().asList().stream()
              .filter(element -> isNamedLikeOne(element, part.getAsJsonArray()))
              .toList();
      assertThat(found).as(path).hasSameSizeAs(part.getAsJsonArray().asList());
      for (int i = 0; i < found.size(); i++) {
        assertContains(found.get(i), part.getAsJsonArray().get(i), path + "/" + i);
      }
    } else if (part.isJsonPrimitive() && part.getAsString().startsWith("-X")) {
      assertThat(whole.getAsString()).as(path).startsWith(part.getAsString());
    } else {
      assertThat(whole).as(path).isEqualTo(part);
    }
  }

  private static boolean isNamedLikeOne(JsonElement element, JsonArray others) {
    return others.asList().stream()
        .anyMatch(other ->
            other.equals(element)
                || (other instanceof JsonObject named
                    && named.has("name")
                    && element instanceof JsonObject candidate
                    && named.get("name").equals(candidate.get("name"))));
  }

  private static JsonObject container(JsonObject pod, String name) {
    return Manifests.list(pod, "spec", "containers").stream()
        .filter(container -> Manifests.name(container).equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static JsonObject volume(JsonObject pod, String name) {
    return Manifests.list(pod, "spec", "volumes").stream()
        .filter(volume -> Manifests.name(volume).equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Map<String, String> variables(JsonObject container) {
    return Manifests.list(container, "env").stream()
        .collect(
            java.util.stream.Collectors.toMap(
                Manifests::name,
                variable ->
                    variable.has("value")
                        ? variable.get("value").getAsString()
                        : new JsonPrimitive("").getAsString()));
  }

  private static List<String> names(List<JsonObject> named) {
    return named.stream().map(Manifests::name).toList();
  }
}
