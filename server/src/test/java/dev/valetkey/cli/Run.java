package dev.valetkey.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;

/** What one run of the command line did. */
record Run(int status, String out, String err) {

  /** Runs {@code args} as a script would, with {@code in} as standard input. */
  static Run of(Wiring wiring, String in, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status =
        new Cli(wiring)
            .run(
                new ByteArrayInputStream(in.getBytes(UTF_8)),
                false,
                new PrintWriter(out),
                new PrintWriter(err),
                args);
    return new Run(status, out.toString(), err.toString());
  }
}
