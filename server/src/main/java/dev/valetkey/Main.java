package dev.valetkey;

import dev.valetkey.cli.Cli;
import dev.valetkey.cli.Program;

/** The program's entry point. */
public final class Main {
  private Main() {}

  /** Runs the command named by {@code args} and ends the process with its status. */
  public static void main(String[] args) {
    System.exit(new Cli(Program.wiring()).run(args));
  }
}
