package dev.valetkey.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import dev.valetkey.config.Problem;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.List;

/**
 * Where a command reads and writes: answers go to {@code out}, everything that is wrong to {@code
 * err}.
 *
 * @param in standard input
 * @param interactive whether a person sits at {@code in}
 */
record Terminal(InputStream in, boolean interactive, PrintWriter out, PrintWriter err) {
  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  void print(JsonElement json) {
    out.println(GSON.toJson(json));
  }

  /** All problems, one line each, and their number. */
  void problems(List<Problem> problems) {
    problems.forEach(err::println);
    if (!problems.isEmpty()) {
      err.println(problems.size() == 1 ? "1 problem" : problems.size() + " problems");
    }
  }
}
