package dev.valetkey.mcp.conformance;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a check of the suite came to.
 *
 * @param check its id; an id can occur several times in a scenario
 * @param status SUCCESS, FAILURE, WARNING or SKIPPED; INFO is no verdict
 * @param why null unless the suite says
 */
record Verdict(String scenario, String check, String status, @Nullable String why) {
  boolean isPass() {
    return status.equals("SUCCESS");
  }

  boolean isFault() {
    return status.equals("FAILURE") || status.equals("WARNING");
  }

  /** What is equal in two runs of the same thing. */
  String gist() {
    return scenario + " " + check + " " + status;
  }

  static List<String> gists(List<Verdict> verdicts) {
    return verdicts.stream().map(Verdict::gist).sorted().toList();
  }
}
