package dev.valetkey.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import dev.valetkey.cli.Samples;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.Repository;
import dev.valetkey.testkit.TestCa;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the chart installs, as Helm renders it. */
final class ChartIT {
  private static final String CERTIFICATE =
      "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

  /** Made anew at each rendering. */
  private static final String FRESH = "(?m)^( *(?:caBundle|tls\\.crt|tls\\.key): )[A-Za-z0-9+/=]+$";

  private static KubernetesSchemas schemas;

  @TempDir private Path folder;

  @BeforeAll
  static void read() {
    schemas = KubernetesSchemas.all();
  }

  static Stream<Map<String, String>> values() {
    return Stream.of(
        Map.of(),
        Map.of("certificate.source", "certManager"),
        Map.of(
            "certificate.source", "certManager",
            "certificate.issuerRef.name", "corp",
            "certificate.issuerRef.kind", "ClusterIssuer"),
        Map.of(
            "certificate.source", "secret",
            "certificate.secretName", "own",
            "certificate.caBundle", CERTIFICATE),
        Map.of("replicas", "1"),
        Map.of(
            "networkPolicy.enabled", "true",
            "networkPolicy.from[0].ipBlock.cidr", "10.0.0.0/28",
            "imagePullSecrets[0].name", "registry",
            "nodeSelector.disk", "fast",
            "tolerations[0].operator", "Exists"));
  }

  @ParameterizedTest
  @MethodSource("values")
  void everyObjectIsOneThatKubernetesTakes(Map<String, String> values) {
    List<JsonObject> objects = objects(values);

    assertThat(objects).isNotEmpty();
    for (JsonObject object : objects) {
      // cert-manager's own kinds are not Kubernetes'.
      if (!object.get("apiVersion").getAsString().startsWith("cert-manager.io/")) {
        assertThat(schemas.problems(object)).as(kind(object)).isEmpty();
      }
    }
  }

  @Test
  void withItsDefaultsItIsAsItWasAgreed() {
    Samples.assertGolden(
        Repository.root().resolve("server/src/test/resources/kubernetes/chart.yaml"),
        Chart.rendered(Map.of()).replaceAll(FRESH, "$1..."));
  }

  @Test
  void helmFindsNothingToSay() {
    assertThat(Chart.lint().isFailed()).as("%s", Chart.lint().getMessages()).isFalse();
  }

  // TM-OPERATOR
  @ParameterizedTest
  @MethodSource("values")
  void whileTheWebhookIsDownNoPodSlipsThrough(Map<String, String> values) {
    List<JsonObject> webhooks =
        Manifests.list(one("MutatingWebhookConfiguration", objects(values)), "webhooks");

    assertThat(webhooks)
        .hasSize(2)
        .allSatisfy(webhook -> {
          assertThat(webhook.get("failurePolicy").getAsString()).isEqualTo("Fail");
          assertThat(webhook.get("sideEffects").getAsString()).isEqualTo("None");
          assertThat(webhook.getAsJsonObject("namespaceSelector").asMap()).isNotEmpty();
        });
    assertThat(Chart.rendered(values)).doesNotContain("failure_mode_allow", "Ignore");
  }

  /** It holds no right in the cluster, not even the one to ask who it is. */
  @Test
  void theWebhookHasNoRights() {
    List<JsonObject> objects = objects(Map.of());

    assertThat(objects)
        .extracting(ChartIT::kind)
        .containsExactlyInAnyOrder(
            "PodDisruptionBudget",
            "ServiceAccount",
            "Secret",
            "Service",
            "Deployment",
            "MutatingWebhookConfiguration");
    JsonObject pod =
        Manifests.at(one("Deployment", objects), "spec", "template", "spec").getAsJsonObject();
    assertThat(pod.get("automountServiceAccountToken").getAsBoolean()).isFalse();
    assertThat(Manifests.at(pod, "securityContext", "runAsNonRoot").getAsBoolean()).isTrue();
    assertThat(Manifests.list(pod, "containers").getFirst().getAsJsonObject("securityContext"))
        .hasToString(
            "{\"allowPrivilegeEscalation\":false,\"readOnlyRootFilesystem\":true,"
                + "\"capabilities\":{\"drop\":[\"ALL\"]}}");
    new PodFacts(pod).fitTogether();
  }

  // TM-OPERATOR
  @ParameterizedTest
  @ValueSource(
      strings = {
        "replicas=0",
        "replicas=two",
        "replica=2",
        "images.valetkey=",
        "images.sidecar=x",
        "certificate.source=none",
        "certificate.source=secret",
        "certificate.secret=own",
        "logLevel=LOUD",
        "timeoutSeconds=31",
        "networkPolicy.enabled=true",
        "failurePolicy=Ignore",
        "namespaceSelector.matchLabels=null"
      })
  void valuesThatMeanNothingAreRefused(String value) {
    String[] parts = value.split("=", 2);

    assertThatThrownBy(() -> Chart.rendered(Map.of(parts[0], parts[1])))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("values don't meet the specifications of the schema");
  }

  /** The program takes the arguments of the Deployment, and the certificate that Helm makes. */
  @Test
  void theWebhookStartsAsTheChartStartsIt() throws IOException {
    List<JsonObject> objects = objects(Map.of());
    JsonObject secret = one("Secret", objects);
    Path certificate = Files.write(folder.resolve("tls.crt"), decoded(secret, "tls.crt"));
    Path key = Files.write(folder.resolve("tls.key"), decoded(secret, "tls.key"));
    JsonObject webhooks =
        Manifests.list(one("MutatingWebhookConfiguration", objects), "webhooks").getFirst();
    String bundle = Manifests.at(webhooks, "clientConfig", "caBundle").getAsString();
    Path ca = Files.write(folder.resolve("ca.pem"), Base64.getDecoder().decode(bundle));
    String service =
        Manifests.at(webhooks, "clientConfig", "service", "name").getAsString()
            + "."
            + Manifests.at(webhooks, "clientConfig", "service", "namespace").getAsString()
            + ".svc";
    int port = Ports.free();

    List<String> command = command(objects, certificate, key, port);
    try (Child webhook = Child.start("webhook", folder, Map.of(), command)) {
      webhook.awaitErr("webhook serving", Duration.ofSeconds(60));

      assertThat(statusLine(TestCa.trusting(ca), service, port)).isEqualTo("HTTP/1.1 200 OK");
      assertThat(webhook.terminate(Duration.ofSeconds(20))).isZero();
      assertThat(webhook.err()).doesNotContain("PRIVATE KEY");
    }
  }

  /** Asks as the API server does: by the Service's name, which the certificate must have. */
  private static String statusLine(SSLContext trust, String service, int port) throws IOException {
    Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
    try (SSLSocket socket =
        (SSLSocket) trust.getSocketFactory().createSocket(plain, service, port, true)) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.getOutputStream().write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8));
      return new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8)).readLine();
    }
  }

  private static List<String> command(
      List<JsonObject> objects, Path certificate, Path key, int port) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path", ""),
                "dev.valetkey.Main"));
    JsonObject container =
        Manifests.list(one("Deployment", objects), "spec", "template", "spec", "containers")
            .getFirst();
    container
        .getAsJsonArray("args")
        .forEach(argument ->
            command.add(
                argument
                    .getAsString()
                    .replace("/run/certificate/tls.crt", certificate.toString())
                    .replace("/run/certificate/tls.key", key.toString())
                    .replace("--port=8443", "--port=" + port)));
    return command;
  }

  private static byte[] decoded(JsonObject secret, String key) {
    byte[] pem = Base64.getDecoder().decode(Manifests.at(secret, "data", key).getAsString());
    assertThat(new String(pem, UTF_8)).startsWith("-----BEGIN ");
    return pem;
  }

  private static List<JsonObject> objects(Map<String, String> values) {
    return Manifests.of(Chart.rendered(values));
  }

  private static JsonObject one(String kind, List<JsonObject> objects) {
    return objects.stream().filter(object -> kind(object).equals(kind)).findFirst().orElseThrow();
  }

  private static String kind(JsonObject object) {
    return object.get("kind").getAsString();
  }
}
