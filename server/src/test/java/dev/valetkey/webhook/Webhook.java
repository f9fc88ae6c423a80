package dev.valetkey.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.valetkey.deploy.Manifests;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Repository;
import dev.valetkey.testkit.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;

/** A webhook that runs, and an API server's side of it. */
final class Webhook implements AutoCloseable {
  static final PodImages IMAGES =
      new PodImages(
          "registry.example.com/valetkey:0.1.0",
          "envoyproxy/envoy:distroless-v1.40.0",
          "registry.example.com/valetkey-nft:0.1.0");
  static final Path PODS = Repository.root().resolve("server/src/test/resources/webhook");

  private static final String JSON = "application/json";

  private final WebhookServer server;
  private final SSLContext trust;

  /** An answer, decoded. */
  record Answer(boolean allowed, JsonArray patch, List<String> warnings, String message) {}

  private Webhook(WebhookServer server, SSLContext trust) {
    this.server = server;
    this.trust = trust;
  }

  static Webhook start(Path folder) throws IOException {
    TestCa ca = TestCa.create(folder);
    return start(ca.localhost(), ca.clientContext());
  }

  static Webhook start(TestCa.Certificate certificate, SSLContext trust) throws IOException {
    return new Webhook(
        WebhookServer.start(
            new WebhookServer.Settings(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                certificate.chain(),
                certificate.key(),
                Duration.ofMillis(20),
                IMAGES)),
        trust);
  }

  /** The sample pods of a folder. */
  static Stream<Path> pods(String folder) throws IOException {
    try (Stream<Path> files = Files.list(PODS.resolve(folder))) {
      return files.sorted().toList().stream();
    }
  }

  /** A sample as an API server would send it. */
  static JsonObject pod(Path file) {
    JsonObject pod = new JsonObject();
    pod.addProperty("apiVersion", "v1");
    pod.addProperty("kind", "Pod");
    Manifests.of(Manifests.text(file)).getFirst().asMap().forEach(pod::add);
    return pod;
  }

  static JsonObject pod(String file) {
    return pod(PODS.resolve(file));
  }

  /** The request for a pod that is to be made. */
  static JsonObject creation(JsonObject pod) {
    JsonObject request =
        JsonParser.parseString(
                """
                {"uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
                 "kind": {"group": "", "version": "v1", "kind": "Pod"},
                 "resource": {"group": "", "version": "v1", "resource": "pods"},
                 "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
                 "requestResource": {"group": "", "version": "v1", "resource": "pods"},
                 "namespace": "travel", "operation": "CREATE",
                 "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
                 "oldObject": null, "dryRun": false,
                 "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}}
                """)
            .getAsJsonObject();
    request.add("object", pod);
    return request;
  }

  Answer create(JsonObject pod) {
    return ask(creation(pod));
  }

  /** Sends a request in its envelope and reads the answer's. */
  Answer ask(JsonObject request) {
    JsonObject review = new JsonObject();
    review.addProperty("kind", "AdmissionReview");
    review.addProperty("apiVersion", "admission.k8s.io/v1");
    review.add("request", request);
    Http.Response http = post(review.toString(), JSON);
    assertThat(http.status()).isEqualTo(200);
    assertThat(http.header("content-type")).isEqualTo(JSON);
    JsonObject answered = JsonParser.parseString(http.text()).getAsJsonObject();
    assertThat(answered.keySet()).containsExactly("apiVersion", "kind", "response");
    assertThat(answered.get("apiVersion")).isEqualTo(review.get("apiVersion"));
    assertThat(answered.get("kind")).isEqualTo(review.get("kind"));
    JsonObject response = answered.getAsJsonObject("response");
    assertThat(response.get("uid")).isEqualTo(request.get("uid"));
    return answer(response);
  }

  Http.Response post(String body, String contentType) {
    return Http.request(
        "POST",
        uri("/mutate?timeout=10s"),
        trust,
        body.getBytes(UTF_8),
        "Content-Type",
        contentType);
  }

  Http.Response get(String path) {
    return Http.request("GET", uri(path), trust, new byte[0]);
  }

  private static Answer answer(JsonObject response) {
    boolean patched = response.has("patch");
    if (patched) {
      assertThat(response.get("patchType").getAsString()).isEqualTo("JSONPatch");
    }
    JsonArray patch =
        patched
            ? JsonParser.parseString(
                    new String(
                        Base64.getDecoder().decode(response.get("patch").getAsString()), UTF_8))
                .getAsJsonArray()
            : new JsonArray();
    List<String> warnings =
        response.has("warnings")
            ? response.getAsJsonArray("warnings").asList().stream()
                .map(warning -> warning.getAsString())
                .toList()
            : List.of();
    String message =
        response.has("status") ? Manifests.at(response, "status", "message").getAsString() : "";
    return new Answer(response.get("allowed").getAsBoolean(), patch, warnings, message);
  }

  URI uri(String path) {
    return URI.create("https://localhost:" + server.port() + path);
  }

  SSLContext trust() {
    return trust;
  }

  @Override
  public void close() {
    server.close();
  }
}
