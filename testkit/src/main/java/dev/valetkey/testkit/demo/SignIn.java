package dev.valetkey.testkit.demo;

import dev.valetkey.testkit.McpServer;
import java.util.Map;

/** Where the demo's users sign in and valetkey gets its tokens. */
sealed interface SignIn extends AutoCloseable permits OwnIssuer, RealKeycloak {

  /** What the demo's first lines call it. */
  String name();

  /** The section {@code issuers} of valetkey's file, as YAML. */
  String config();

  /** What valetkey needs, each by the name of its file in the folder {@code secrets}. */
  Map<String, String> secrets();

  /** The keys {@code grant} and {@code expect} of a server, as indented YAML. */
  String grant(String server);

  /**
   * The server with what it demands of a token: that it is for this server, and genuine if that can
   * be told.
   */
  McpServer.Options demanding(McpServer.Options server, String audience);

  /** The access token of a user who signs in by password at the chat application. */
  String login(String user);

  /** Every text that must not be seen outside, by what it may be called. */
  Map<String, String> canaries();

  /** Ends what was started for it. */
  @Override
  void close();
}
