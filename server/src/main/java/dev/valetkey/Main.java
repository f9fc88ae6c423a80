package dev.valetkey;

/** The program's entry point. */
public final class Main {
  private Main() {}

  /** The text that {@code valetkey version} prints. */
  static String version() {
    return "valetkey 0.1.0-SNAPSHOT";
  }

  /** Runs the command named by {@code args}. */
  public static void main(String[] args) {
    System.out.println(version());
  }
}
