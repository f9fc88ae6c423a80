package dev.valetkey.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import dev.valetkey.config.Config;
import dev.valetkey.config.Problem;
import dev.valetkey.config.ReadResult;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.ToIntFunction;

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

  /**
   * Says all that is wrong with a file; or what there is to warn of, and goes on with it.
   *
   * @return the exit status
   */
  int with(ReadResult read, ToIntFunction<Config> then) {
    return switch (read) {
      case ReadResult.Problems bad -> {
        problems(bad.problems());
        yield ExitStatus.BAD_USE;
      }
      case ReadResult.Loaded good -> {
        good.warnings().forEach(err::println);
        yield then.applyAsInt(good.config());
      }
    };
  }
}
