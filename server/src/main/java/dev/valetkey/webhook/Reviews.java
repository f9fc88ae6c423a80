package dev.valetkey.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers AdmissionReview {@code admission.k8s.io/v1}. A pod of which anything is unclear is
 * refused; the answer to a dry run is the same, because nothing is ever kept.
 */
final class Reviews {
  private static final Logger LOG = LoggerFactory.getLogger(Reviews.class);

  private static final String VERSION = "admission.k8s.io/v1";
  private static final String KIND = "AdmissionReview";

  private final Injection injection;

  Reviews(PodImages images) {
    this.injection = new Injection(images);
  }

  /** The answer; empty if these bytes are no review that could be answered. */
  Optional<byte[]> answer(byte[] body) {
    JsonObject request = request(body);
    String uid = request == null ? null : textOrNull(request, "uid");
    if (request == null || uid == null) {
      return Optional.empty();
    }
    Verdict verdict = verdict(request);
    log(request, verdict);
    JsonObject review = new JsonObject();
    review.addProperty("apiVersion", VERSION);
    review.addProperty("kind", KIND);
    review.add("response", response(uid, verdict));
    return Optional.of(review.toString().getBytes(UTF_8));
  }

  private Verdict verdict(JsonObject request) {
    try {
      String operation = requireNonNullElse(Tree.text(request, "operation"), "");
      if (!operation.equals("CREATE") && !operation.equals("UPDATE")) {
        return Verdict.Admitted.unchanged();
      }
      JsonObject kind = Tree.object(request, "kind");
      if (!requireNonNullElse(Tree.text(kind, "group"), "").isEmpty()
          || !"v1".equals(Tree.text(kind, "version"))
          || !"Pod".equals(Tree.text(kind, "kind"))) {
        return new Verdict.Refused(List.of("This webhook is for pods of v1 only."));
      }
      String part = requireNonNullElse(Tree.text(request, "subResource"), "");
      JsonObject pod = Tree.object(request, "object");
      if (part.equals("ephemeralcontainers")) {
        return injection.ofEphemeralContainers(pod, Tree.object(request, "oldObject"));
      }
      return operation.equals("CREATE") && part.isEmpty()
          ? injection.ofPod(pod)
          : Verdict.Admitted.unchanged();
    } catch (Tree.Malformed malformed) {
      return new Verdict.Refused(
          List.of("The pod is malformed: " + requireNonNull(malformed.getMessage())));
    }
  }

  private static JsonObject response(String uid, Verdict verdict) {
    JsonObject response = new JsonObject();
    response.addProperty("uid", uid);
    switch (verdict) {
      case Verdict.Admitted admitted -> {
        response.addProperty("allowed", true);
        if (!admitted.patch().isEmpty()) {
          response.addProperty("patchType", "JSONPatch");
          response.addProperty(
              "patch",
              Base64.getEncoder().encodeToString(admitted.patch().toString().getBytes(UTF_8)));
        }
        if (!admitted.warnings().isEmpty()) {
          JsonArray warnings = new JsonArray();
          admitted.warnings().forEach(warnings::add);
          response.add("warnings", warnings);
        }
      }
      case Verdict.Refused refused -> {
        JsonObject status = new JsonObject();
        status.addProperty("code", 403);
        status.addProperty("reason", "Forbidden");
        status.addProperty("message", refused.message());
        response.addProperty("allowed", false);
        response.add("status", status);
      }
    }
    return response;
  }

  /** The request within; null where it is not one of our version. */
  private static @Nullable JsonObject request(byte[] body) {
    try (JsonReader reader =
        new JsonReader(
            new StringReader(UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString()))) {
      reader.setStrictness(Strictness.STRICT);
      JsonElement review = JsonParser.parseReader(reader);
      if (!review.isJsonObject() || reader.peek() != JsonToken.END_DOCUMENT) {
        return null;
      }
      JsonObject envelope = review.getAsJsonObject();
      return VERSION.equals(textOrNull(envelope, "apiVersion"))
              && KIND.equals(textOrNull(envelope, "kind"))
              && envelope.get("request") instanceof JsonObject request
          ? request
          : null;
    } catch (IOException | JsonParseException noJson) {
      return null;
    }
  }

  private static @Nullable String textOrNull(JsonObject parent, String name) {
    JsonElement member = parent.get(name);
    return member != null && member.isJsonPrimitive() && member.getAsJsonPrimitive().isString()
        ? member.getAsString()
        : null;
  }

  private static void log(JsonObject request, Verdict verdict) {
    String namespace = textOrNull(request, "namespace");
    String name = textOrNull(request, "name");
    switch (verdict) {
      case Verdict.Admitted admitted ->
          LOG.atDebug()
              .addKeyValue("namespace", namespace)
              .addKeyValue("pod", name)
              .addKeyValue("changes", admitted.patch().size())
              .log("pod admitted");
      case Verdict.Refused refused ->
          LOG.atInfo()
              .addKeyValue("namespace", namespace)
              .addKeyValue("pod", name)
              .addKeyValue("reason", refused.message())
              .log("pod refused");
    }
  }
}
