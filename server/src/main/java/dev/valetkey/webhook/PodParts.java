package dev.valetkey.webhook;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a pod is given: containers and volumes, whole. Every field to which the API server would
 * give a default is written out, so that a pod that comes again is known by plain comparison.
 *
 * @param containers in the order in which they start
 * @param trustMount how each container of the pod's own sees the certificates of the pod
 */
record PodParts(
    List<JsonObject> containers,
    List<JsonObject> volumes,
    JsonObject trustMount,
    Map<String, String> trustVariables) {
  /** Envoy's uid; its connections are not captured. */
  static final int ENVOY_UID = 1337;

  /** Our uid; our connections are not captured either. */
  static final int VALETKEY_UID = 1338;

  static final String TRUST = "valetkey-trust";
  static final String JAVA_OPTIONS = "JAVA_TOOL_OPTIONS";

  static final Set<String> CONTAINER_NAMES =
      Set.of("valetkey-bootstrap", "valetkey-capture", "valetkey", "valetkey-envoy");
  static final Set<String> VOLUME_NAMES =
      Set.of("valetkey-config", "valetkey-run", "valetkey-envoy", TRUST);

  private static final String TRUST_DIR = "/run/valetkey-trust";
  private static final String BUNDLE = TRUST_DIR + "/ca-bundle.pem";

  /** Reach curl, Python's, Node's, Go's and Java's TLS clients. */
  private static final Map<String, String> VARIABLES =
      Map.of(
          "SSL_CERT_FILE",
          BUNDLE,
          "REQUESTS_CA_BUNDLE",
          BUNDLE,
          "CURL_CA_BUNDLE",
          BUNDLE,
          "NODE_EXTRA_CA_CERTS",
          TRUST_DIR + "/pod-ca.pem",
          JAVA_OPTIONS,
          "-Djavax.net.ssl.trustStore="
              + TRUST_DIR
              + "/truststore.p12 -Djavax.net.ssl.trustStorePassword=changeit");

  /** Root, because a capability of a container is root's; one capability, and nothing else. */
  private static final String NETWORK_ADMIN =
      """
      {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": false, "privileged": false,
       "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
       "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]},
       "seccompProfile": {"type": "RuntimeDefault"}}
      """;

  /** Prints what Envoy and nft read, from the file that valetkey reads. */
  private static final String BOOTSTRAP =
      """
      {"name": "valetkey-bootstrap",
       "args": ["bootstrap", "/etc/valetkey/valetkey.yaml", "--folder", "/run/valetkey-envoy"],
       "resources": {"requests": {"cpu": "20m", "memory": "96Mi"}, "limits": {"memory": "192Mi"}},
       "volumeMounts": [
         {"name": "valetkey-config", "mountPath": "/etc/valetkey", "readOnly": true},
         {"name": "valetkey-envoy", "mountPath": "/run/valetkey-envoy"}]}
      """;

  private static final String CAPTURE =
      """
      {"name": "valetkey-capture",
       "args": ["-f", "/run/valetkey-envoy/capture.nft"],
       "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
       "volumeMounts": [
         {"name": "valetkey-envoy", "mountPath": "/run/valetkey-envoy", "readOnly": true}]}
      """;

  /** Whoever starts after it finds it ready. */
  private static final String VALETKEY =
      """
      {"name": "valetkey",
       "args": ["serve", "/etc/valetkey/valetkey.yaml"],
       "restartPolicy": "Always",
       "ports": [{"name": "vk-metrics", "containerPort": 9464, "protocol": "TCP"}],
       "startupProbe": {
         "httpGet": {"path": "/readyz", "port": 9464, "scheme": "HTTP"},
         "timeoutSeconds": 2, "periodSeconds": 1, "successThreshold": 1, "failureThreshold": 60},
       "livenessProbe": {
         "httpGet": {"path": "/livez", "port": 9464, "scheme": "HTTP"},
         "timeoutSeconds": 2, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
       "resources": {"requests": {"cpu": "20m", "memory": "96Mi"}, "limits": {"memory": "192Mi"}},
       "volumeMounts": [
         {"name": "valetkey-config", "mountPath": "/etc/valetkey", "readOnly": true},
         {"name": "valetkey-run", "mountPath": "/run/valetkey"}]}
      """;

  /** Without hot restart: its socket would be open to everybody on the pod's network. */
  private static final String ENVOY =
      """
      {"name": "valetkey-envoy",
       "args": ["-c", "/run/valetkey-envoy/envoy.yaml", "--disable-hot-restart", "--concurrency", "1"],
       "restartPolicy": "Always",
       "resources": {"requests": {"cpu": "20m", "memory": "96Mi"}, "limits": {"memory": "256Mi"}},
       "volumeMounts": [
         {"name": "valetkey-envoy", "mountPath": "/run/valetkey-envoy", "readOnly": true},
         {"name": "valetkey-run", "mountPath": "/run/valetkey"}]}
      """;

  /** What this pod is to be given. */
  static PodParts of(Wish wish) {
    JsonObject bootstrap = container(BOOTSTRAP, wish.images().valetkey(), confined(VALETKEY_UID));
    JsonArray arguments = bootstrap.getAsJsonArray("args");
    arguments.add("--layout");
    arguments.add(wish.intercept() ? "intercept" : "capture");
    JsonObject capture = container(CAPTURE, wish.images().nft(), NETWORK_ADMIN);
    JsonObject valetkey = container(VALETKEY, wish.images().valetkey(), confined(VALETKEY_UID));
    JsonObject envoy = container(ENVOY, wish.images().envoy(), confined(ENVOY_UID));

    JsonObject run = memory("valetkey-run", "4Mi");
    JsonObject bootstrapFolder = memory("valetkey-envoy", "4Mi");
    if (!wish.intercept()) {
      return new PodParts(
          List.of(bootstrap, capture, valetkey, envoy),
          List.of(config(wish), run, bootstrapFolder),
          new JsonObject(),
          Map.of());
    }
    valetkey.getAsJsonArray("volumeMounts").add(trustMount(false));
    return new PodParts(
        List.of(bootstrap, capture, valetkey, envoy),
        List.of(config(wish), run, bootstrapFolder, memory(TRUST, "8Mi")),
        trustMount(true),
        VARIABLES);
  }

  private static JsonObject container(String json, String image, String securityContext) {
    JsonObject container = object(json);
    container.addProperty("image", image);
    container.add("securityContext", object(securityContext));
    return container;
  }

  /** No right at all; the group is Envoy's, because the socket opens to its group. */
  private static String confined(int uid) {
    return """
    {"runAsUser": %d, "runAsGroup": 1337, "runAsNonRoot": true, "privileged": false,
     "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
     "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
    """
        .formatted(uid);
  }

  private static JsonObject memory(String name, String limit) {
    return object(
        "{\"name\": \"%s\", \"emptyDir\": {\"medium\": \"Memory\", \"sizeLimit\": \"%s\"}}"
            .formatted(name, limit));
  }

  /** The file and, beside it, what the Secret holds. A change of either is seen without restart. */
  private static JsonObject config(Wish wish) {
    JsonObject volume =
        object("{\"name\": \"valetkey-config\", \"projected\": {\"defaultMode\": 420}}");
    JsonArray sources = new JsonArray();
    sources.add(source("configMap", wish.config()));
    if (wish.secret() != null) {
      sources.add(source("secret", wish.secret()));
    }
    volume.getAsJsonObject("projected").add("sources", sources);
    return volume;
  }

  private static JsonObject source(String kind, String name) {
    JsonObject named = new JsonObject();
    named.addProperty("name", name);
    JsonObject source = new JsonObject();
    source.add(kind, named);
    return source;
  }

  private static JsonObject trustMount(boolean readOnly) {
    JsonObject mount = new JsonObject();
    mount.addProperty("name", TRUST);
    mount.addProperty("mountPath", TRUST_DIR);
    if (readOnly) {
      mount.addProperty("readOnly", true);
    }
    return mount;
  }

  private static JsonObject object(String json) {
    return JsonParser.parseString(json).getAsJsonObject();
  }
}
