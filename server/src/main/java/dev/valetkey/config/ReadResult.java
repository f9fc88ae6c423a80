package dev.valetkey.config;

import java.util.List;

/** What came of reading a configuration file. */
public sealed interface ReadResult {

  /** The file is in order. */
  record Loaded(Config config, List<Warning> warnings) implements ReadResult {
    public Loaded {
      warnings = List.copyOf(warnings);
    }
  }

  /** Everything that is wrong with it, sorted by line; never empty. */
  record Problems(List<Problem> problems) implements ReadResult {
    public Problems {
      problems = List.copyOf(problems);
    }
  }
}
