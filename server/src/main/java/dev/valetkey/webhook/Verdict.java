package dev.valetkey.webhook;

import com.google.gson.JsonArray;
import java.util.List;

/** What becomes of a pod. */
sealed interface Verdict {
  /**
   * It may be.
   *
   * @param patch operations of RFC 6902; none: it stays as it is
   * @param warnings shown to whoever creates the pod
   */
  record Admitted(JsonArray patch, List<String> warnings) implements Verdict {
    public Admitted {
      warnings = List.copyOf(warnings);
    }

    /** As it is, and nothing to say about it. */
    static Admitted unchanged() {
      return new Admitted(new JsonArray(), List.of());
    }
  }

  /** It may not be, for reasons that make one sentence each. */
  record Refused(List<String> sentences) implements Verdict {
    public Refused {
      sentences = List.copyOf(sentences);
    }

    String message() {
      return "valetkey: " + String.join(" ", sentences);
    }
  }
}
