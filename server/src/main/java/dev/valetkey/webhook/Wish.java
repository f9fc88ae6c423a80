package dev.valetkey.webhook;

import static java.util.Objects.requireNonNullElse;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a pod asks for in its annotations.
 *
 * @param config the ConfigMap that holds {@code valetkey.yaml}
 * @param secret the Secret whose keys lie beside that file; null: none
 * @param intercept whether TLS to the configured servers is opened in the pod
 */
record Wish(String config, @Nullable String secret, boolean intercept, PodImages images) {
  static final String PREFIX = "valetkey.dev/";
  static final String LABEL = PREFIX + "inject";
  static final String CONFIG = PREFIX + "config";
  static final String SECRET = PREFIX + "secret";
  static final String INTERCEPT = PREFIX + "intercept";
  static final String VALETKEY_IMAGE = PREFIX + "image";
  static final String ENVOY_IMAGE = PREFIX + "envoy-image";
  static final String NFT_IMAGE = PREFIX + "nft-image";

  /** Written by the webhook: the containers of these names are its own. */
  static final String INJECTED = PREFIX + "injected";

  private static final Set<String> KNOWN =
      Set.of(CONFIG, SECRET, INTERCEPT, VALETKEY_IMAGE, ENVOY_IMAGE, NFT_IMAGE, INJECTED);

  /** A name as Kubernetes gives to ConfigMaps and Secrets. RFC 1123. */
  private static final Pattern NAME =
      Pattern.compile("[a-z0-9]+(-+[a-z0-9]+)*(\\.[a-z0-9]+(-+[a-z0-9]+)*)*");

  private static final int LONGEST_NAME = 253;

  /**
   * Reads a pod's annotations.
   *
   * @param defaults the images of a pod that names none
   * @param problems takes what is wrong with them; the wish is of no use then
   */
  static Wish of(JsonObject pod, PodImages defaults, List<String> problems) {
    JsonObject annotations = Tree.object(Tree.object(pod, "metadata"), "annotations");
    Set<String> unknown = new TreeSet<>(annotations.keySet());
    unknown.removeIf(name -> !name.startsWith(PREFIX) || KNOWN.contains(name));
    unknown.forEach(name -> problems.add("The annotation " + name + " is not known."));

    String config = Tree.text(annotations, CONFIG);
    if (config == null) {
      problems.add(
          "The annotation " + CONFIG + " is missing; it names the ConfigMap with valetkey.yaml.");
    }
    String secret = Tree.text(annotations, SECRET);
    name(CONFIG, config, problems);
    name(SECRET, secret, problems);
    return new Wish(
        requireNonNullElse(config, ""),
        secret,
        flag(annotations, INTERCEPT, problems),
        new PodImages(
            image(annotations, VALETKEY_IMAGE, defaults.valetkey(), problems),
            image(annotations, ENVOY_IMAGE, defaults.envoy(), problems),
            image(annotations, NFT_IMAGE, defaults.nft(), problems)));
  }

  private static void name(String annotation, @Nullable String name, List<String> problems) {
    if (name != null && (name.length() > LONGEST_NAME || !NAME.matcher(name).matches())) {
      problems.add("The annotation " + annotation + " is no name of an object.");
    }
  }

  private static boolean flag(JsonObject annotations, String annotation, List<String> problems) {
    return switch (requireNonNullElse(Tree.text(annotations, annotation), "false")) {
      case "true" -> true;
      case "false" -> false;
      default -> {
        problems.add("The annotation " + annotation + " must be \"true\" or \"false\".");
        yield false;
      }
    };
  }

  private static String image(
      JsonObject annotations, String annotation, String otherwise, List<String> problems) {
    String image = requireNonNullElse(Tree.text(annotations, annotation), otherwise);
    if (image.isBlank()) {
      problems.add("The annotation " + annotation + " is empty.");
      return otherwise;
    }
    return image;
  }
}
