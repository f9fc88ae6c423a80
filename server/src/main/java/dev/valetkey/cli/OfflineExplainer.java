package dev.valetkey.cli;

import dev.valetkey.admin.Explanation;
import dev.valetkey.config.Config;

/** Explains a call from the configuration alone. Never asks an issuer for a token. */
@FunctionalInterface
public interface OfflineExplainer {
  Explanation explain(Config config, Explanation.Question question);
}
