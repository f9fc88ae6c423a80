package dev.valetkey.webhook;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Set;

/**
 * Whether a part of a pod is one that we made. Between two looks at it the API server and other
 * webhooks may have set what changes nothing of what runs: resources, when the image is pulled,
 * where the last words go, and the mount of the service account's token.
 */
final class Sameness {
  private static final Set<String> OF_NO_WEIGHT =
      Set.of("resources", "imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy");

  private static final String MOUNTS = "volumeMounts";
  private static final String SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

  private Sameness() {}

  static boolean of(JsonObject wanted, JsonObject found) {
    return weighed(wanted).equals(weighed(found));
  }

  private static JsonObject weighed(JsonObject part) {
    JsonObject rest = part.deepCopy();
    OF_NO_WEIGHT.forEach(rest::remove);
    if (rest.has(MOUNTS)) {
      List<JsonObject> mounts = Tree.objects(rest, MOUNTS);
      JsonArray kept = new JsonArray();
      mounts.stream()
          .filter(mount -> !SERVICE_ACCOUNT.equals(Tree.text(mount, "mountPath")))
          .forEach(kept::add);
      rest.add(MOUNTS, kept);
    }
    return rest;
  }
}
