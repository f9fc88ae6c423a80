package dev.valetkey.e2e;

import dev.valetkey.cli.bootstrap.GatewayBootstrap;
import dev.valetkey.config.Config;
import dev.valetkey.testkit.Client;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.McpServer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a pod is made of before it starts: the parts of its valetkey.yaml. The issuer is called
 * {@code corp}; a server {@code NAME} has the address {@code http://NAME.example/mcp} unless {@link
 * #at} says otherwise.
 */
final class PodFile {
  /** One server's lines after its address; {@code audience} null: it takes calls without token. */
  record Server(
      String grant,
      @Nullable String audience,
      String more,
      String origin,
      String tls,
      UnaryOperator<McpServer.Options> options) {}

  /** The client that the pod is at its second issuer. */
  static final String PARTNER_SECRET = "CANARY-partner-secret";

  private final Map<String, Server> servers = new LinkedHashMap<>();
  private String logLevel = "DEBUG";
  private String issuerLines = "";
  private String moreIssuers = "";
  private boolean partner;
  private String sections = "";
  private String listen = "";
  private String envoy = "";
  private Function<Config, String> bootstrap = GatewayBootstrap::print;
  private IssuerOptions issuer =
      IssuerOptions.defaults()
          .withClients(Client.basic("agent", Issuer.AGENT_SECRET), Client.none("chat-app"));

  /** A server that wants tokens for {@code NAME-mcp} from the pod's issuer. */
  PodFile exchange(String name, String... more) {
    String audience = name + "-mcp";
    return server(name, "{audience: " + audience + ", scope: read}", audience, more);
  }

  /** A server with any grant; {@code audience} is what it demands, null for nothing. */
  PodFile server(String name, String grant, @Nullable String audience, String... more) {
    servers.put(
        name,
        new Server(
            grant,
            audience,
            String.join("\n    ", more),
            "http://" + Pod.host(name),
            "",
            UnaryOperator.identity()));
    return this;
  }

  /**
   * The server that was named last, under another origin; {@code PORT} in it is where it listens,
   * so that its documents can be fetched there.
   */
  PodFile at(String origin) {
    return changed(
        s -> new Server(s.grant(), s.audience(), s.more(), origin, s.tls(), s.options()));
  }

  /** The server that was named last, behind https; {@code keys} are those of its {@code tls}. */
  PodFile tls(String keys) {
    return changed(s ->
        new Server(
            s.grant(),
            s.audience(),
            s.more(),
            s.origin().replace("http:", "https:"),
            ", tls: {" + keys + "}",
            s.options()));
  }

  /** The server that was named last, otherwise made. */
  PodFile with(UnaryOperator<McpServer.Options> options) {
    return changed(
        s -> new Server(s.grant(), s.audience(), s.more(), s.origin(), s.tls(), options));
  }

  private PodFile changed(UnaryOperator<Server> change) {
    String last = List.copyOf(servers.keySet()).getLast();
    servers.computeIfPresent(last, (name, server) -> change.apply(server));
    return this;
  }

  /** A second issuer, {@code partner}, that takes user tokens of {@code corp}. */
  PodFile partner() {
    partner = true;
    return this;
  }

  PodFile logLevel(String level) {
    logLevel = level;
    return this;
  }

  PodFile issuer(IssuerOptions options) {
    issuer = options;
    return this;
  }

  /** Further keys of the issuer {@code corp}; {@code ISSUER} in them is its own URI. */
  PodFile issuerLines(String... lines) {
    issuerLines = "    " + String.join("\n    ", lines) + "\n";
    return this;
  }

  /** Further issuers, as YAML below {@code issuers:}. */
  PodFile moreIssuers(String yaml) {
    moreIssuers = yaml;
    return this;
  }

  /** Further keys of {@code listen}. */
  PodFile listen(String keys) {
    listen = ", " + keys;
    return this;
  }

  /** Further keys of {@code envoy}. */
  PodFile envoy(String keys) {
    envoy = ", " + keys;
    return this;
  }

  /** Another bootstrap than that of the layout {@code gateway}. */
  PodFile bootstrap(Function<Config, String> print) {
    bootstrap = print;
    return this;
  }

  /** Further top-level sections. */
  PodFile sections(String yaml) {
    sections = yaml;
    return this;
  }

  Pod start() {
    return Pod.start(this);
  }

  String logLevel() {
    return logLevel;
  }

  IssuerOptions issuer() {
    return issuer;
  }

  Map<String, Server> servers() {
    return servers;
  }

  Function<Config, String> bootstrap() {
    return bootstrap;
  }

  /** The text of the file. */
  String yaml(
      String issuerUri,
      String partnerUri,
      int envoyPort,
      int adminPort,
      Map<String, Integer> ports) {
    StringBuilder yaml =
        new StringBuilder(
            """
            listen: {socket: authz.sock%s}
            envoy: {listen: "127.0.0.1:%d", admin_socket: envoy-admin.sock%s}
            admin: {socket: admin.sock, address: "127.0.0.1:%d"}
            %sissuers:
              corp:
                issuer: %s
                allow_http: true
                client_id: agent
                client_secret_file: secrets/corp
            %s%sservers:
            """
                .formatted(
                    listen,
                    envoyPort,
                    envoy,
                    adminPort,
                    sections,
                    issuerUri,
                    issuerLines.replace("ISSUER", issuerUri),
                    moreIssuers + partnerLines(partnerUri)));
    servers.forEach((name, server) ->
        yaml.append(
            """
              %s:
                url: %s/mcp
                allow_http: true
                upstream: {address: "127.0.0.1:%d"%s}
                grant: %s
                %s
            """
                .formatted(
                    name,
                    server.origin().replace("PORT", String.valueOf(ports.get(name))),
                    ports.get(name),
                    server.tls(),
                    server.grant(),
                    server.more())));
    return yaml.toString();
  }

  private String partnerLines(String uri) {
    return partner
        ? """
          partner:
            issuer: %s
            allow_http: true
            client_id: agent-at-partner
            client_secret_file: secrets/partner
        """
            .formatted(uri)
        : "";
  }
}
