package dev.valetkey.config;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The valetkey.yaml that AuthBridge's routes are said in, as far as it is written. */
final class AuthBridgeYaml {

  /** The issuer that AuthBridge's own configuration names. */
  static final String ISSUER = "authbridge";

  private final Set<String> names = new HashSet<>();
  private final Map<String, String> issuers = new LinkedHashMap<>();
  private final StringBuilder servers = new StringBuilder();
  private boolean anyServer;

  boolean hasServers() {
    return anyServer;
  }

  /** A line among the servers. */
  void comment(String text) {
    servers.append("  # ").append(text).append('\n');
  }

  /**
   * A server, with a name made from its host.
   *
   * @param about a line above its keys
   * @param grant in flow style
   */
  void server(String host, String about, String url, List<String> aliases, String grant) {
    anyServer = true;
    servers.append("  ").append(name(host)).append(":\n");
    servers.append("    # ").append(about).append('\n');
    servers.append("    url: ").append(quoted(url)).append('\n');
    if (url.startsWith("http:")) {
      servers.append("    allow_http: true\n");
    }
    if (!aliases.isEmpty()) {
      String list = String.join(", ", aliases.stream().map(AuthBridgeYaml::quoted).toList());
      servers.append("    aliases: [").append(list).append("]\n");
    }
    servers.append("    grant: ").append(grant).append('\n');
  }

  /** Name of a further issuer, at which AuthBridge is the same client. */
  String issuer(String id, String suggested) {
    return issuers.computeIfAbsent(id, known -> name(suggested));
  }

  /** The whole text. */
  String text(Path routes) {
    StringBuilder further = new StringBuilder();
    issuers.forEach((id, name) ->
        further.append(
            """
              %s:
                # From a token_url. EDIT: where its tokens name another iss, that is the issuer, and this the connect_to.
                issuer: %s
            %s    client_id: edit-me
                token_endpoint_auth_method: none
            """
                .formatted(
                    name, quoted(id), id.startsWith("http:") ? "    allow_http: true\n" : "")));
    return """
    # From AuthBridge's %s. What is not said there is marked EDIT.
    issuers:
      authbridge:
        # EDIT: ISSUER of the ConfigMap authbridge-config; the client is in /shared/client-id.txt, and its credential is
        # client_secret_file: /shared/client-secret.txt or client_assertion_file: the JWT-SVID.
        issuer: https://issuer.invalid
        client_id: edit-me
        token_endpoint_auth_method: none
    %susers:
      - {issuer: authbridge}
    # AuthBridge looks at the host alone. EDIT: a url has the port and the path that the agent calls. Services of the cluster
    # are called by http; others by https, also where the agent says http.
    servers:
    %s\
    """
        .formatted(Names.shown(String.valueOf(routes.getFileName())), further, servers);
  }

  private String name(String text) {
    String plain = text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_-]", "-");
    String start = plain.matches("[a-z0-9].*") ? plain : "x" + plain;
    String name = start.substring(0, Math.min(start.length(), 63));
    for (int i = 2; name.equals(ISSUER) || !names.add(name); i++) {
      name = start.substring(0, Math.min(start.length(), 58)) + "-" + i;
    }
    return name;
  }

  /** A double-quoted scalar (YAML 1.2 §7.3.1). */
  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.chars()
        .forEach(c -> {
          if (c == '"' || c == '\\') {
            quoted.append('\\').append((char) c);
          } else if (c < 0x20 || c > 0x7e) {
            quoted.append("\\u%04x".formatted(c));
          } else {
            quoted.append((char) c);
          }
        });
    return quoted.append('"').toString();
  }
}
