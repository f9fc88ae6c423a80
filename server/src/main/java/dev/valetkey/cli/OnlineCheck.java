package dev.valetkey.cli;

import dev.valetkey.config.Config;
import java.util.List;

/** Tries what a configuration says against the issuers it names. */
@FunctionalInterface
public interface OnlineCheck {

  /**
   * One finding for each issuer and step, in the file's order. Blocks, within the issuers'
   * timeouts.
   */
  List<Finding> check(Config config);

  /**
   * What one step at one issuer came to.
   *
   * @param step {@code discovery}, {@code keys} or {@code client authentication}
   * @param detail what was found or what went wrong, without any secret
   */
  record Finding(String issuer, String step, boolean good, String detail) {}
}
