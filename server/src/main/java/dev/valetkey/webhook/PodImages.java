package dev.valetkey.webhook;

/**
 * The images of what is put into a pod.
 *
 * @param valetkey this program
 * @param envoy Envoy 1.40, distroless
 * @param nft an image whose entry point is {@code nft}
 */
public record PodImages(String valetkey, String envoy, String nft) {
  public PodImages {
    if (valetkey.isBlank() || envoy.isBlank() || nft.isBlank()) {
      throw new IllegalArgumentException("an image has no name");
    }
  }
}
