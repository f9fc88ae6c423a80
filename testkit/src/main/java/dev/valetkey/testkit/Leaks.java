package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Searches texts for secrets as they are, as hex, as base64 at any alignment, form-encoded,
 * JSON-escaped and, for JWTs, piecewise: a token without its signature is a leak as well. Used by
 * one thread.
 */
public final class Leaks {
  private static final int SHORTEST = 8;

  /** Where a secret stands; never the secret itself. */
  public record Finding(String secret, String place, String encoding, int offset) {}

  private final Map<String, Map<String, String>> needles = new LinkedHashMap<>();

  /** Adds a secret of at least eight characters under a name that may be printed. */
  public Leaks secret(String name, String secret) {
    if (secret.length() < SHORTEST) {
      throw new IllegalArgumentException(name + " is too short to be searched for");
    }
    Map<String, String> forms = new LinkedHashMap<>();
    forms.put("raw", latin(secret));
    encode(forms, "", secret);
    String[] parts = secret.split("\\.", -1);
    if (parts.length == 3 && parts[1].length() > 16) {
      forms.put("payload of a JWT", parts[1]);
      encode(forms, "payload of a JWT in ", parts[1]);
      if (parts[2].length() >= 16) {
        forms.put("signature of a JWT", parts[2]);
      }
    }
    if (needles.put(name, distinct(forms)) != null) {
      throw new IllegalArgumentException("two secrets are called " + name);
    }
    return this;
  }

  /** Adds several secrets, numbered. */
  public Leaks secrets(String name, Iterable<String> secrets) {
    int number = 0;
    for (String secret : secrets) {
      secret(name + " " + ++number, secret);
    }
    return this;
  }

  /** Every kind of occurrence in this text, the first of each. */
  public List<Finding> in(String place, String text) {
    String bytes = latin(text);
    List<Finding> findings = new ArrayList<>();
    needles.forEach((secret, forms) ->
        forms.forEach((encoding, needle) -> {
          int offset = bytes.indexOf(needle);
          if (offset >= 0) {
            findings.add(new Finding(secret, place, encoding, offset));
          }
        }));
    return findings;
  }

  /** Fails and says where, when the text holds any of the secrets. */
  public void assertNoneIn(String place, String text) {
    List<Finding> findings = in(place, text);
    if (!findings.isEmpty()) {
      throw new AssertionError("secrets leaked: " + findings);
    }
  }

  /** Encodings that change nothing in this secret find nothing new. */
  private static Map<String, String> distinct(Map<String, String> forms) {
    Map<String, String> distinct = new LinkedHashMap<>();
    forms.forEach((encoding, needle) -> {
      if (!distinct.containsValue(needle)) {
        distinct.put(encoding, needle);
      }
    });
    return distinct;
  }

  private static void encode(Map<String, String> forms, String prefix, String secret) {
    byte[] bytes = secret.getBytes(UTF_8);
    String hex = HexFormat.of().formatHex(bytes);
    forms.put(prefix + "hex", hex);
    forms.put(prefix + "upper hex", hex.toUpperCase(Locale.ROOT));
    for (int shift = 0; shift < 3; shift++) {
      forms.put(prefix + "base64+" + shift, base64(Base64.getEncoder(), bytes, shift));
      forms.put(prefix + "base64url+" + shift, base64(Base64.getUrlEncoder(), bytes, shift));
    }
    String form = URLEncoder.encode(secret, UTF_8);
    forms.put(prefix + "form encoding", form);
    forms.put(prefix + "percent encoding", form.replace("+", "%20"));
    String quoted = Json.text(secret);
    forms.put(prefix + "JSON", latin(quoted.substring(1, quoted.length() - 1)));
  }

  /**
   * The characters that stand for these bytes alone when {@code shift} unknown bytes precede them.
   */
  private static String base64(Base64.Encoder encoder, byte[] bytes, int shift) {
    byte[] shifted = new byte[shift + bytes.length];
    System.arraycopy(bytes, 0, shifted, shift, bytes.length);
    String text = encoder.withoutPadding().encodeToString(shifted);
    int firstOwn = (shift * 8 + 5) / 6;
    int lastOwn = shifted.length * 8 / 6;
    return text.substring(firstOwn, lastOwn);
  }

  /** One character per byte, so that text and bytes are searched alike. */
  private static String latin(String text) {
    return new String(text.getBytes(UTF_8), ISO_8859_1);
  }
}
