package dev.valetkey.testkit.demo;

import java.util.Map;

/** What can be tried by hand while {@code --keep} leaves everything running. */
final class Leftovers {
  private final Stage stage;
  private final Page page;

  Leftovers(Stage stage, Page page) {
    this.stage = stage;
    this.page = page;
  }

  /**
   * Writes the tokens into files that curl reads as headers, so that none is ever on a command
   * line, and prints the commands.
   */
  void print(Map<String, String> tokens) {
    stage.write("call", curlOptions());
    tokens.forEach((name, token) -> stage.write(name, "Authorization: Bearer " + token + "\n"));
    page.chapter("All of it keeps running; Ctrl-C ends it. Try:");
    page.command("cd " + stage.folder());
    tokens
        .keySet()
        .forEach(name ->
            page.command("curl -K call -H @" + name + " http://" + Stage.host("github") + "/mcp"));
    page.command("curl -K call -H @alice http://" + Stage.host("jira") + "/mcp");
    page.command("curl -K call http://" + Stage.host("weather") + "/mcp");
    page.command("curl -K call -H @alice http://unlisted.example/mcp");
    page.command("curl -s " + stage.metrics());
    page.command(stage.valetkeyScript() + " sessions --socket admin.sock");
    page.command(stage.valetkeyScript() + " check valetkey.yaml");
    page.command("tail -f valetkey.out        # the audit log");
    page.note(
        "   'call' holds curl's options: Envoy's address and an MCP call; '@alice' her token as a header.");
  }

  private String curlOptions() {
    StringBuilder options = new StringBuilder();
    options.append("silent\nshow-error\ninclude\n");
    options.append("connect-to = \"::127.0.0.1:" + stage.egressPort() + "\"\n");
    for (int i = 0; i < Agent.MCP_HEADERS.size(); i += 2) {
      options.append(
          "header = \"" + Agent.MCP_HEADERS.get(i) + ": " + Agent.MCP_HEADERS.get(i + 1) + "\"\n");
    }
    options.append("data = \"" + Agent.WHOAMI.replace("\"", "\\\"") + "\"\n");
    options.append("write-out = \"\\n\"\n");
    return options.toString();
  }
}
