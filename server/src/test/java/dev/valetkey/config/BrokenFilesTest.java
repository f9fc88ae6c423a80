package dev.valetkey.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a user reads who made a mistake: whole lines, each with its place. */
class BrokenFilesTest {

  @TempDir private Path temp;

  // R-RI-1, R-CL-6, BO-CONFIG, BO-BUFFER, AB1, AB9, TM-OPERATOR
  @ParameterizedTest(name = "{0}")
  @MethodSource({
    "issuers",
    "clients",
    "servers",
    "grants",
    "brokers",
    "chains",
    "addresses",
    "users",
    "process",
    "pods",
    "shapes"
  })
  void aProblemSaysWhereItIsAndWhatWouldBeRight(String what, String text, List<String> expected) {
    List<String> problems = new ConfigFolder(temp).problems(text);

    assertThat(problems).isEqualTo(expected.stream().map(line -> "valetkey.yaml:" + line).toList());
  }

  @Test
  void allProblemsAreSaidAtOnceInTheOrderOfTheFile() {
    List<String> problems =
        new ConfigFolder(temp)
            .problems(
                """
                servers:
                  jira:
                    url: http://jira.example/mcp
                    grants: {issuer: corp}
                  github:
                    url: https://mcp.github.example/mcp
                    grant:
                      issuer: crop
                      audience: github-mcp
                    early_expiry: 2h
                issuers:
                  corp:
                    issuer: https://idp.example.com
                    client_id: travel-agent
                    timeout: 2m
                """);

    assertThat(problems)
        .containsExactly(
            "valetkey.yaml:3: servers.jira.url: must be https (was http://jira.example/mcp); allow_http: true if the network"
                + " is protected otherwise",
            "valetkey.yaml:4: servers.jira.grants: unknown key (did you mean 'grant'?)",
            "valetkey.yaml:8: servers.github.grant.issuer: no issuer is called 'crop' (did you mean 'corp'?)",
            "valetkey.yaml:10: servers.github.early_expiry: must be between 0s and 1h (was 2h)",
            "valetkey.yaml:14: issuers.corp.client_id: needs client_secret_file, private_key_file, client_assertion_file or tls.cert_file;"
                + " token_endpoint_auth_method: none for a client without credentials",
            "valetkey.yaml:15: issuers.corp.timeout: must be between 100ms and 60s (was 2m)");
  }

  static Stream<Arguments> issuers() {
    return Stream.of(
        issuer(
            "no issuer",
            "client_id: a\ntoken_endpoint_auth_method: none",
            "2: issuers.corp.issuer: is required"),
        issuer(
            "query",
            "issuer: https://idp.example?realm=a",
            "3: issuers.corp.issuer: must not have a query (was https://idp.example?…)"),
        issuer(
            "fragment",
            "issuer: https://idp.example#a",
            "3: issuers.corp.issuer: must not have a fragment (was https://idp.example#…)"),
        issuer(
            "password in a url is not repeated",
            "issuer: https://user:CANARY-password@idp.example",
            "3: issuers.corp.issuer: must not hold a user name or password"),
        issuer(
            "not a url",
            "issuer: idp.example",
            "3: issuers.corp.issuer: must be an https URL (was idp.example)"),
        issuer(
            "loopback needs allow_http too",
            "issuer: http://127.0.0.1:8080",
            "3: issuers.corp.issuer: must be https (was http://127.0.0.1:8080); allow_http: true if this is a test or the"
                + " network is protected otherwise"),
        issuer(
            "endpoints need https",
            "issuer: https://idp.example\njwks_uri: http://idp.example/keys\ntoken_endpoint: http://idp.example/token\n"
                + "introspection_endpoint: http://idp.example/i",
            "4: issuers.corp.jwks_uri: must be https (was http://idp.example/keys); allow_http: true if this is a test or"
                + " the network is protected otherwise",
            "5: issuers.corp.token_endpoint: must be https (was http://idp.example/token); allow_http: true if this is a"
                + " test or the network is protected otherwise",
            "6: issuers.corp.introspection_endpoint: must be https (was http://idp.example/i); allow_http: true if this is a"
                + " test or the network is protected otherwise"),
        issuer(
            "connect_to with a path",
            "issuer: https://idp.example\nconnect_to: https://idp.svc/auth",
            "4: issuers.corp.connect_to: must be scheme, host and port only (was https://idp.svc/auth)"),
        issuer(
            "two credentials",
            "issuer: https://idp.example\nclient_id: a\nclient_secret_file: secrets/corp\nprivate_key_file: secrets/key.pem",
            "6: issuers.corp.private_key_file: there is a client_secret_file too; a client has one credential"),
        issuer(
            "credential without a client",
            "issuer: https://idp.example\nclient_secret_file: secrets/corp",
            "2: issuers.corp.client_id: is required with client_secret_basic"),
        issuer(
            "method without its credential",
            "issuer: https://idp.example\nclient_id: a\ntoken_endpoint_auth_method: private_key_jwt",
            "2: issuers.corp.private_key_file: is required with private_key_jwt"),
        issuer(
            "credential that is not used",
            "issuer: https://idp.example\nclient_id: a\ntoken_endpoint_auth_method: none\nclient_secret_file: secrets/corp",
            "6: issuers.corp.client_secret_file: is not used with token_endpoint_auth_method: none"),
        issuer(
            "key id without a key",
            "issuer: https://idp.example\nclient_id: a\nclient_secret_file: secrets/corp\nkey_id: k",
            "6: issuers.corp.key_id: is only used with private_key_file"),
        issuer(
            "unknown method",
            "issuer: https://idp.example\ntoken_endpoint_auth_method: client_secret_basik",
            "4: issuers.corp.token_endpoint_auth_method: must be one of client_secret_basic, client_secret_post,"
                + " private_key_jwt, tls_client_auth, self_signed_tls_client_auth, none (was client_secret_basik; did you mean 'client_secret_basic'?)"),
        issuer(
            "missing secret file",
            "issuer: https://idp.example\nclient_id: a\nclient_secret_file: secrets/CANARY-not-there",
            "5: issuers.corp.client_secret_file: no such file (relative paths begin at <folder>)"),
        issuer(
            "secret file that is a folder",
            "issuer: https://idp.example\nclient_id: a\nclient_secret_file: secrets",
            "5: issuers.corp.client_secret_file: must be a regular file"),
        issuer(
            "secret instead of its file",
            "issuer: https://idp.example\nclient_id: a\nprivate_key_file: |\n  -----BEGIN CANARY-----\n  abc",
            "5: issuers.corp.private_key_file: must be the path of a file, not its content"),
        issuer(
            "missing certificates",
            "issuer: https://idp.example\ntls: {ca_file: none.pem}",
            "4: issuers.corp.tls.ca_file: no such file (relative paths begin at <folder>)"),
        issuer(
            "server name is for upstreams",
            "issuer: https://idp.example\ntls: {server_name: a}",
            "4: issuers.corp.tls.server_name: unknown key (known: ca_file, cert_file, key_file)"),
        issuer(
            "in flight",
            "issuer: https://idp.example\nmax_in_flight: 257",
            "4: issuers.corp.max_in_flight: must be between 1 and 256 (was 257)"));
  }

  /** How a client says who it is. */
  static Stream<Arguments> clients() {
    return Stream.of(
        issuer(
            "no such profile",
            "issuer: https://idp.example\nprofile: keykloak",
            "4: issuers.corp.profile: must be one of generic, keycloak, entra, okta, okta_xaa, auth0, auth0_token_vault,"
                + " ping, zitadel, dex, google_sts (was keykloak; did you mean 'keycloak'?)"),
        issuer(
            "an error that means nothing",
            "issuer: https://idp.example\nerrors: {no_api: invalid_api, gone: invalid_grant}",
            "4: issuers.corp.errors.no_api: must mean one of access_denied, interaction_required, invalid_client,"
                + " invalid_grant, invalid_request, invalid_scope, invalid_target, temporarily_unavailable,"
                + " unauthorized_client (was invalid_api)"),
        issuer(
            "a certificate without its key",
            "issuer: https://idp.example\nclient_id: a\ntls: {cert_file: cert.pem}",
            "5: issuers.corp.tls.cert_file: needs key_file"),
        issuer(
            "a key without its certificate",
            "issuer: https://idp.example\nclient_id: a\ntoken_endpoint_auth_method: none\ntls: {key_file: secrets/cert-key.pem}",
            "6: issuers.corp.tls.key_file: needs cert_file"),
        issuer(
            "mutual TLS without a certificate",
            "issuer: https://idp.example\nclient_id: a\ntoken_endpoint_auth_method: self_signed_tls_client_auth",
            "2: issuers.corp.tls.cert_file: is required with self_signed_tls_client_auth"),
        issuer(
            "mutual TLS without a client",
            "issuer: https://idp.example\ntls: {cert_file: cert.pem, key_file: secrets/cert-key.pem}",
            "2: issuers.corp.client_id: is required with tls_client_auth"),
        issuer(
            "mutual TLS and a secret",
            "issuer: https://idp.example\nclient_id: a\ntoken_endpoint_auth_method: tls_client_auth\n"
                + "client_secret_file: secrets/corp\ntls: {cert_file: cert.pem, key_file: secrets/cert-key.pem}",
            "6: issuers.corp.client_secret_file: is not used with token_endpoint_auth_method: tls_client_auth"),
        issuer(
            "two assertions",
            "issuer: https://idp.example\nclient_id: a\nprivate_key_file: secrets/key.pem\nclient_assertion_file: secrets/svid",
            "6: issuers.corp.client_assertion_file: there is a private_key_file too; a client has one credential"),
        issuer(
            "type of an assertion that is ours",
            "issuer: https://idp.example\nclient_id: a\nprivate_key_file: secrets/key.pem\nclient_assertion_type: jwt_spiffe",
            "6: issuers.corp.client_assertion_type: is only used with client_assertion_file"),
        issuer(
            "audience of an assertion that is not ours",
            "issuer: https://idp.example\nclient_assertion_file: secrets/svid\nclient_assertion_audience: token_endpoint",
            "5: issuers.corp.client_assertion_audience: is only used with private_key_file"),
        issuer(
            "no such assertion type",
            "issuer: https://idp.example\nclient_assertion_file: secrets/svid\nclient_assertion_type: jwt_spife",
            "5: issuers.corp.client_assertion_type: must be a full URN or a short name: no client assertion type is called"
                + " 'jwt_spife' (did you mean 'jwt_spiffe'?)"),
        issuer(
            "assertion itself",
            "issuer: https://idp.example\nclient_assertion: CANARY-eyJ",
            "4: issuers.corp.client_assertion: a secret is never written here: put it into a file and name the file with"
                + " client_assertion_file"));
  }

  static Stream<Arguments> servers() {
    return Stream.of(
        server(
            "certificate of an upstream without its key",
            "url: https://a.example\nupstream: {tls: {cert_file: cert.pem}}\ngrant: none",
            "8: servers.a.upstream.tls.cert_file: needs key_file"),
        server(
            "scopes of a server without an issuer",
            "url: https://a.example\ntools: [{name: x, scope: y}]\nstep_up_scope: z\ngrant: none",
            "8: servers.a.tools: is only used with a grant that asks an issuer",
            "9: servers.a.step_up_scope: is only used with a grant that asks an issuer"),
        server(
            "no url, no grant",
            "early_expiry: 1s",
            "6: servers.a.url: is required",
            "6: servers.a.grant: is required"),
        server(
            "pattern",
            "url: https://*.example.com/mcp\ngrant: none",
            "7: servers.a.url: must name one host, not a pattern: a token goes to pinned hosts only"),
        server(
            "query",
            "url: https://a.example/mcp?x=CANARY-key\ngrant: none",
            "7: servers.a.url: must not have a query (was https://a.example/mcp?…)"),
        server(
            "host that is no name",
            "url: https://a_b.example/mcp\ngrant: none",
            "7: servers.a.url: must have a host name of letters, digits, hyphens and dots, or an IP address (was"
                + " https://a_b.example/mcp)"),
        server(
            "port",
            "url: https://a.example:99999/mcp\ngrant: none",
            "7: servers.a.url: port must be between 1 and 65535 (was https://a.example:99999/mcp)"),
        server(
            "dot segments",
            "url: https://a.example/x/../mcp\ngrant: none",
            "7: servers.a.url: must have a plain path: no empty or dot segments, no ';', no encoded '.', '/', '\\' or '%'"
                + " (was https://a.example/x/../mcp)"),
        server(
            "spaces",
            "url: https://a b\ngrant: none",
            "7: servers.a.url: must be a URL (was https://a b)"),
        server(
            "alias with another path",
            "url: https://a.example/mcp\naliases: [http://a.local/mcp, http://a.local/other]\ngrant: none",
            "8: servers.a.aliases[1]: must have the path of url, /mcp (was http://a.local/other)"),
        server(
            "tls of a plain upstream",
            "url: http://a.example\nallow_http: true\nupstream: {tls: {server_name: a}}\ngrant: none",
            "9: servers.a.upstream.tls: is only used where url is https"),
        server(
            "upstream address",
            "url: https://a.example\nupstream: {address: a.svc}\ngrant: none",
            "8: servers.a.upstream.address: must be host:port (was a.svc)"),
        server(
            "expectation of nothing",
            "url: https://a.example\nexpect: {iss: b}\ngrant: none",
            "8: servers.a.expect.iss: must be an absolute URI without a fragment (RFC 8707 §2) (was b)",
            "8: servers.a.expect: is only used with a grant that asks an issuer"),
        server(
            "tool rules and steps of a grant that has no scope",
            "url: https://a.example\ntools: [{name: x, scope: y}]\nstep_up_scope: z\ngrant: none",
            "8: servers.a.tools: is only used with a grant that asks an issuer",
            "9: servers.a.step_up_scope: is only used with a grant that asks an issuer"),
        server(
            "tool rules that say too little or too much",
            "url: https://a.example\ngrant: {audience: x}\n"
                + "tools: [{name: x}, {scope: y}, {name: \"*_x_*\", scope: y}, {name: \"\", scope: y}]",
            "9: servers.a.tools[0].scope: is required",
            "9: servers.a.tools[1].name: is required",
            "9: servers.a.tools[3].name: must not be empty",
            "9: servers.a.tools[2].name: must have one * at most (was *_x_*)"),
        server(
            "discovery of an issuer that is not there",
            "url: https://a.example\ngrant: {audience: x}\ndiscovery: {issuers: [corp, crop]}",
            "9: servers.a.discovery.issuers: no issuer is called 'crop' (did you mean 'corp'?)"),
        server(
            "discovery without issuers",
            "url: https://a.example\ngrant: {audience: x}\ndiscovery: {allow_loopback_http: true}",
            "9: servers.a.discovery.issuers: is required"),
        server(
            "discovery beside an issuer",
            "url: https://a.example\ngrant: {issuer: corp, audience: x}\ndiscovery: {issuers: [corp]}",
            "8: servers.a.grant.issuer: discovery.issuers names the issuers; use one of both"),
        server(
            "assertion for one of several issuers",
            "url: https://a.example\ngrant: {type: id_jag, identity_issuer: corp, audience: x}\n"
                + "discovery: {issuers: [corp, corp]}",
            "8: servers.a.grant.audience: is one issuer's, and discovery.issuers names several"),
        server(
            "chained assertion for one of several issuers",
            "url: https://a.example\ngrant: {type: jwt_bearer, subject_token_from: chained, audience: x}\n"
                + "discovery: {issuers: [corp, corp]}",
            "8: servers.a.grant.subject_token_from: is a token for one issuer, and discovery.issuers names several",
            "8: servers.a.grant.subject_token_from: no grant is called 'chained'"),
        server(
            "discovery for a grant that asks no issuer",
            "url: https://a.example\ngrant: none\ndiscovery: {issuers: [corp]}",
            "9: servers.a.discovery: is only used with a grant that asks an issuer"),
        server(
            "certificate without its key",
            "url: https://a.example\ngrant: none\nupstream: {tls: {cert_file: ca.pem}}",
            "9: servers.a.upstream.tls.cert_file: needs key_file"),
        server(
            "negative margin",
            "url: https://a.example\ngrant: {audience: x}\nearly_expiry: -1s",
            "9: servers.a.early_expiry: must be a duration such as 500ms, 60s, 5m or 1h (was -1s)"),
        server(
            "margin with a fraction",
            "url: https://a.example\ngrant: {audience: x}\nearly_expiry: 1.5s",
            "9: servers.a.early_expiry: must be a duration such as 500ms, 60s, 5m or 1h (was 1.5s)"),
        server(
            "unit",
            "url: https://a.example\nstream_min_lifetime: 5min\ngrant: none",
            "8: servers.a.stream_min_lifetime: must be a duration such as 500ms, 60s, 5m or 1h (was 5min)"));
  }

  static Stream<Arguments> grants() {
    return Stream.of(
        grant(
            "no such type",
            "{type: token_exchang}",
            "8: servers.a.grant.type: no such type: 'token_exchang' (did you mean 'token_exchange'?)"),
        grant(
            "a type that does not exist yet",
            "{type: device_code}",
            "8: servers.a.grant.type: no such type: 'device_code' (known: token_exchange, client_credentials, jwt_bearer,"
                + " id_jag, brokered_token, token_broker, static, none, refuse)"),
        grant(
            "a type that has keys, as a word",
            "static",
            "8: servers.a.grant: must be a mapping: only none or refuse can be written as a word; write {type: static, …}"),
        grant(
            "a word that is no type",
            "allow",
            "8: servers.a.grant: must be a mapping, none or refuse"),
        grant(
            "nothing to ask for",
            "{resource: []}",
            "8: servers.a.grant: needs an audience or a resource, or expect.audience: nothing else ties the token to this"
                + " server"),
        grant(
            "reserved parameter",
            "{extra_parameters: {subject_token: CANARY-x, connector: y}}",
            "8: servers.a.grant.extra_parameters.subject_token: is a parameter that the grant sends itself"),
        grant(
            "parameter that is a number",
            "{extra_parameters: {pin: 12345}}",
            "8: servers.a.grant.extra_parameters.pin: must be text; put it in quotes"),
        grant(
            "actor type without an actor",
            "{actor_token_type: jwt}",
            "8: servers.a.grant.actor_token_type: is only used with actor_token_file or actor_token_from"),
        grant(
            "token type",
            "{requested_token_type: acces_token}",
            "8: servers.a.grant.requested_token_type: must be a full URN or a short name: no token type is called"
                + " 'acces_token' (did you mean 'access_token'?)"),
        grant(
            "resource",
            "{resource: github}",
            "8: servers.a.grant.resource: must be an absolute URI without a fragment (RFC 8707 §2) (was github)"),
        grant(
            "scope",
            "{scope: \"repo\\\\read\"}",
            "8: servers.a.grant.scope: must be a scope of RFC 6749, printable and without spaces (was repo\\read)"),
        grant(
            "key of another grant",
            "{type: client_credentials, actor_token_file: secrets/agent}",
            "8: servers.a.grant.actor_token_file: unknown key (known: issuer, audience, resource, scope, extra_parameters)"),
        grant(
            "static without a token",
            "{type: static}",
            "8: servers.a.grant.token_file: is required"),
        grant("no value", "{audience: }", "8: servers.a.grant.audience: has no value"),
        server(
            "without_user needs no user",
            "url: https://a.example\ngrant: none\nwithout_user: {type: token_exchange}",
            "9: servers.a.without_user: must be a grant that needs no user: refuse, client_credentials, static or none"),
        Arguments.of(
            "no issuer at all",
            "servers:\n  a:\n    url: https://a.example\n    grant: {audience: x}\n",
            List.of("4: servers.a.grant.issuer: there is no issuer")),
        Arguments.of(
            "several issuers",
            """
            issuers:
              one: {issuer: "https://one.example", client_id: a, token_endpoint_auth_method: none}
              two: {issuer: "https://two.example", client_id: a, token_endpoint_auth_method: none}
            servers:
              a:
                url: https://a.example
                grant: {audience: x}
            """,
            List.of(
                "7: servers.a.grant.issuer: is required where there are several issuers (one, two)")),
        Arguments.of(
            "clients that do not say who they are",
            """
            issuers:
              one: {issuer: "https://one.example"}
              two: {issuer: "https://two.example", token_endpoint_auth_method: none}
            servers:
              a: {url: "https://a.example", grant: {issuer: one}}
              b: {url: "https://b.example", grant: {type: client_credentials, issuer: two}}
            users: {issuer: one}
            """,
            List.of(
                "2: issuers.one.client_id: is required: servers.a.grant asks this issuer",
                "6: servers.b.grant: client_credentials needs a client that authenticates; issuers.two has none",
                "7: users: must be a list, not a mapping")));
  }

  static Stream<Arguments> brokers() {
    return Stream.of(
        grant(
            "a broker without its url",
            "{type: token_broker}",
            "8: servers.a.grant.url: is required"),
        grant(
            "a broker over plain http",
            "{type: token_broker, url: http://broker.example}",
            "1: users: is required: there are servers whose grant needs a user, and none says whose tokens count",
            "8: servers.a.grant.url: must be https (was http://broker.example); allow_http: true if the network is"
                + " protected otherwise"),
        grant(
            "a broker that waits for ever",
            "{type: token_broker, url: https://broker.example, max_wait: 1h, max_in_flight: 0}",
            "8: servers.a.grant.max_wait: must be between 1s and 10m (was 1h)",
            "8: servers.a.grant.max_in_flight: must be between 1 and 1024 (was 0)"),
        grant(
            "an exchange where nothing is exchanged",
            "{type: brokered_token, endpoint: https://idp.example/t, scope: a, requested_token_type: jwt, audience: b}",
            "8: servers.a.grant.audience: is not used with endpoint: nothing is exchanged there",
            "8: servers.a.grant.scope: is not used with endpoint: nothing is exchanged there",
            "8: servers.a.grant.requested_token_type: is not used with endpoint: nothing is exchanged there"),
        grant(
            "stored tokens over plain http",
            "{type: brokered_token, endpoint: http://idp.example/t}",
            "8: servers.a.grant.endpoint: must be https (was http://idp.example/t); issuers.corp.allow_http: true if this"
                + " is a test"));
  }

  /** Grants that begin with another one's token. */
  static Stream<Arguments> chains() {
    return Stream.of(
        grant(
            "assertion for nobody in particular",
            "{type: jwt_bearer, resource: []}",
            "8: servers.a.grant: needs an audience or a resource, or expect.audience: nothing else ties the token to this"
                + " server"),
        grant(
            "two subjects",
            "{audience: x, subject_token_file: secrets/agent, subject_token_from: chain}",
            "8: servers.a.grant.subject_token_from: there is subject_token_file too; use one",
            "8: servers.a.grant.subject_token_from: no grant is called 'chain'"),
        grant(
            "two assertions",
            "{type: jwt_bearer, audience: x, assertion_file: secrets/svid, subject_token_from: chain}",
            "8: servers.a.grant.subject_token_from: there is assertion_file too; use one",
            "8: servers.a.grant.subject_token_from: no grant is called 'chain'"),
        grant(
            "id_jag at one issuer only",
            "{type: id_jag, issuer: corp}",
            "8: servers.a.grant.identity_issuer: is required"),
        grant(
            "id_jag without the server's issuer",
            "{type: id_jag, identity_issuer: corp}",
            "8: servers.a.grant.issuer: is required"),
        grant(
            "id_jag for nothing",
            "{type: id_jag, issuer: corp, identity_issuer: crop, resource: []}",
            "8: servers.a.grant.resource: must not be empty",
            "8: servers.a.grant.identity_issuer: no issuer is called 'crop' (did you mean 'corp'?)"),
        chain(
            "misspelt",
            "first: {audience: x}",
            "{audience: x, subject_token_from: frist}",
            "6: servers.a.grant.subject_token_from: no grant is called 'frist' (did you mean 'first'?)"),
        chain(
            "a workload in the user's place",
            "own: {type: client_credentials}",
            "{audience: x, subject_token_from: own}",
            "1: users: is required: there are servers whose grant needs a user, and none says whose tokens count",
            "6: servers.a.grant.subject_token_from: must name a grant that begins with the user's token"),
        chain(
            "the user as actor",
            "first: {audience: x}",
            "{audience: x, actor_token_from: first}",
            "6: servers.a.grant.actor_token_from: must name a grant that needs no user"),
        chain(
            "nobody as actor",
            "nothing: none",
            "{audience: x, actor_token_from: nothing}",
            "6: servers.a.grant.actor_token_from: names a grant that gives no token"),
        chain(
            "two actors",
            "own: {type: client_credentials}",
            "{audience: x, actor_token_from: own, actor_token_file: secrets/agent}",
            "6: servers.a.grant.actor_token_from: there is actor_token_file too; a call has one actor"),
        chain(
            "a circle of users' tokens",
            "first: {audience: x, subject_token_from: second}\n"
                + "second: {audience: x, subject_token_from: first}",
            "{audience: x}",
            "4: grants.first.subject_token_from: leads back to itself",
            "5: grants.second.subject_token_from: leads back to itself"),
        chain(
            "an actor who needs himself",
            "own: {audience: x, subject_token_file: secrets/agent, actor_token_from: own}",
            "{audience: x, actor_token_from: own}",
            "4: grants.own.actor_token_from: leads back to itself"),
        chain(
            "an actor who needs himself at a distance",
            "own: {audience: x, subject_token_file: secrets/agent, actor_token_from: other}\n"
                + "other: {audience: x, subject_token_file: secrets/agent, actor_token_from: own}",
            "{audience: x}",
            "4: grants.own.actor_token_from: leads back to itself",
            "5: grants.other.actor_token_from: leads back to itself"),
        chain(
            "a name in capitals",
            "First: {audience: x}",
            "{audience: x}",
            "4: grants.First: a name has 1 to 63 small letters, digits, '-' and '_', and begins with a letter or a"
                + " digit"),
        chain(
            "a grant that nobody else may have",
            "first: {type: token_exchang}",
            "{audience: x}",
            "4: grants.first.type: no such type: 'token_exchang' (did you mean 'token_exchange'?)"));
  }

  static Stream<Arguments> addresses() {
    return Stream.of(
        servers(
            "same address",
            "  a: {url: \"https://h.example/mcp\", grant: none}\n  b: {url: \"HTTPS://H.example:443/mcp/\", grant: none}",
            "3: servers.b.url: servers.a and servers.b have the same host and path (https://h.example/mcp,"
                + " https://h.example/mcp)"),
        servers(
            "root and no path",
            "  a: {url: \"https://h.example\", grant: none}\n  b: {url: \"https://h.example/\", grant: none}",
            "3: servers.b.url: servers.a and servers.b have the same host and path (https://h.example,"
                + " https://h.example/)"),
        servers(
            "alias of another",
            "  a: {url: \"https://h.example/mcp\", grant: none}\n"
                + "  b: {url: \"https://b.example/mcp\", aliases: \"http://h.example/mcp\", grant: none}",
            "3: servers.b.aliases[0]: servers.a and servers.b have the same host and path (https://h.example/mcp,"
                + " http://h.example/mcp)"),
        servers(
            "two ports",
            "  a: {url: \"https://h.example/a\", grant: none}\n  b: {url: \"https://h.example:8443/b\", grant: none}",
            "3: servers.b.url: servers.a and servers.b have one host on different ports, which Envoy cannot tell apart"
                + " (https://h.example/a, https://h.example:8443/b)"),
        servers(
            "name",
            "  My.Server: {url: \"https://h.example/a\", grant: none}",
            "2: servers.My.Server: a name has 1 to 63 small letters, digits, '-' and '_', and begins with a letter or a"
                + " digit"));
  }

  static Stream<Arguments> users() {
    return Stream.of(
        users(
            "unknown issuer",
            "[{issuer: crop}]",
            "8: users[0].issuer: no issuer is called 'crop' (did you mean 'corp'?)"),
        users(
            "two rules",
            "[{issuer: corp}, {issuer: corp}]",
            "8: users[1].issuer: there is a rule for issuer 'corp' already"),
        users(
            "no audience",
            "[{issuer: corp, audience: []}]",
            "8: users[0].audience: must not be empty"),
        users(
            "nobody",
            "[]",
            "8: users: must not be empty: there are servers whose grant needs a user"),
        users(
            "unsigned",
            "[{issuer: corp, algorithms: [RS256, none]}]",
            "8: users[0].algorithms[1]: must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"
                + " (was none)"),
        users(
            "signed with a shared secret",
            "[{issuer: corp, algorithms: HS256}]",
            "8: users[0].algorithms: must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"
                + " (was HS256; did you mean 'RS256'?)"),
        users("no issuer", "[{audience: a}]", "8: users[0].issuer: is required"),
        users(
            "opaque with a slip",
            "[{issuer: corp, opaque: introspection}]",
            "8: users[0].opaque: must be one of refuse, introspect, exchange_validates (was introspection)"),
        Arguments.of(
            "two rules for opaque tokens",
            """
            issuers:
              one: {issuer: "https://one.example", client_id: a, client_secret_file: secrets/corp}
              two: {issuer: "https://two.example", client_id: a, client_secret_file: secrets/corp}
            users: [{issuer: one, opaque: introspect}, {issuer: two, opaque: exchange_validates}]
            servers: {a: {url: "https://a.example", grant: none}}
            """,
            List.of(
                "4: users[1].opaque: there is a rule for opaque tokens already, and nothing in such a token says which of"
                    + " them it belongs to")),
        Arguments.of(
            "introspection without credentials",
            """
            issuers: {corp: {issuer: "https://idp.example", client_id: a, token_endpoint_auth_method: none}}
            users: [{issuer: corp, opaque: introspect}]
            servers: {a: {url: "https://a.example", grant: none}}
            """,
            List.of(
                "2: users[0].opaque: introspection needs a client with credentials at issuers.corp")),
        Arguments.of(
            "logout tokens for nobody",
            """
            issuers: {corp: {issuer: "https://idp.example", token_endpoint_auth_method: none}}
            users: [{issuer: corp, audience: a, backchannel_logout: true}]
            servers: {a: {url: "https://a.example", grant: none}}
            """,
            List.of(
                "2: users[0].logout_audience: must name a client: whose logout tokens are meant?")),
        Arguments.of(
            "introspection that cannot be discovered",
            """
            issuers:
              corp:
                issuer: https://idp.example
                client_id: a
                client_secret_file: secrets/corp
                token_endpoint: https://idp.example/token
                jwks_uri: https://idp.example/keys
            users: [{issuer: corp, opaque: introspect}]
            servers: {a: {url: "https://a.example", grant: none}}
            """,
            List.of(
                "2: issuers.corp.introspection_endpoint: is required by users[0].opaque: with the other endpoints given,"
                    + " nothing is discovered")),
        Arguments.of(
            "issuer without a client",
            """
            issuers: {corp: {issuer: "https://idp.example", token_endpoint_auth_method: none}}
            users: [{issuer: corp}]
            servers: {a: {url: "https://a.example", grant: none}}
            """,
            List.of("2: users[0].audience: is required: issuers.corp has no client_id")));
  }

  static Stream<Arguments> process() {
    return Stream.of(
        top(
            "mode",
            "listen: {socket_mode: 660}",
            "1: listen.socket_mode: must be a mode in octal and in quotes, such as \"0660\" (was 660)"),
        top(
            "uid",
            "listen: {allowed_uids: [0, -5]}",
            "1: listen.allowed_uids[1]: must be between 0 and 2147483647 (was -5)"),
        top(
            "long socket",
            "admin: {socket: /" + "a".repeat(107) + "}",
            "1: admin.socket: path of a unix socket must not be longer than 107 bytes (was 108)"),
        top(
            "port",
            "admin: {address: \"0.0.0.0:70000\"}",
            "1: admin.address: port must be between 0 and 65535 (was 70000)"),
        top(
            "entries",
            "cache: {max_entries: 1000001}",
            "1: cache.max_entries: must be between 0 and 1000000 (was 1000001)"),
        top(
            "a number beyond all numbers",
            "cache: {max_entries: 99999999999999999999}",
            "1: cache.max_entries: must be between 0 and 1000000 (was 99999999999999999999)"),
        top(
            "size",
            "cache: {max_bytes: 1KiB}",
            "1: cache.max_bytes: must be between 64KiB and 64GiB (was 1KiB)"),
        top(
            "source that does not exist yet",
            "user_token: {from: [authorization, session]}",
            "1: user_token.from[1]: must be authorization, handle, trace, workload or header:<name>, the name in lower case (was session)"),
        top(
            "reserved header",
            "user_token: {from: \"header:x-envoy-token\"}",
            "1: user_token.from: header 'x-envoy-token' is reserved; name one of your own"),
        top(
            "upper case header",
            "user_token: {from: \"header:X-Token\"}",
            "1: user_token.from: must be authorization, handle, trace, workload or header:<name>, the name in lower case (was header:X-Token)"));
  }

  /** What surrounds the agent; the server is https. */
  static Stream<Arguments> pods() {
    String never =
        ": must be a path such as /healthz, or a folder and /*, such as /.well-known/*; never everything (was ";
    return Stream.of(
        pod(
            "plain TCP",
            "listen: {address: \"0.0.0.0:9001\"}",
            "1: listen.address: needs listen.tls: there is no plain TCP"),
        pod(
            "TLS without an address",
            "listen: {tls: {cert_file: cert.pem, key_file: secrets/key.pem, client_ca_file: ca.pem, client_names: x}}",
            "1: listen.tls: is only used with listen.address"),
        pod(
            "user tokens on a port that nobody looks into",
            "envoy: {server_first_ports: [25, 443]}",
            "1: envoy.server_first_ports: must not hold 443: user tokens would pass there unseen"),
        pod(
            "handle without inbound",
            "user_token: {from: handle}",
            "1: user_token.from: handle, trace and workload need an inbound section: users are known from their calls of the agent",
            "1: user_token.from: handle needs inbound.user_token: handle, which gives them out"),
        pod(
            "trace without inbound",
            "user_token: {from: trace}",
            "1: user_token.from: handle, trace and workload need an inbound section: users are known from their calls of the agent"),
        pod(
            "workload without inbound",
            "user_token: {from: [authorization, workload]}",
            "1: user_token.from: handle, trace and workload need an inbound section: users are known from their calls of the agent"),
        pod(
            "handles that nobody looks for",
            "inbound: {user_token: handle}\nuser_token: {from: authorization}",
            "2: user_token.from: must hold handle, trace or workload: the agent gets no user token that it could forward"),
        pod(
            "handles that nobody gives out",
            "inbound: {}\nuser_token: {from: [authorization, handle]}",
            "2: user_token.from: handle needs inbound.user_token: handle, which gives them out"),
        pod(
            "unknown server",
            "inbound: {user_token: handle, handle_servers: [b, a]}",
            "1: inbound.handle_servers: no server is called 'b' (known: a)"),
        pod(
            "everything exempt",
            "inbound: {exempt_paths: \"*\"}",
            "1: inbound.exempt_paths" + never + "*)"),
        pod(
            "folder of everything",
            "inbound: {exempt_paths: /*}",
            "1: inbound.exempt_paths" + never + "/*)"),
        pod(
            "root",
            "inbound: {exempt_paths: [/healthz, /]}",
            "1: inbound.exempt_paths[1]" + never + "/)"),
        pod(
            "dots",
            "inbound: {exempt_paths: /a/../*}",
            "1: inbound.exempt_paths" + never + "/a/../*)"),
        pod(
            "tokens that only the exchange judges",
            "inbound: {}\nusers: [{issuer: corp, opaque: exchange_validates}]",
            "2: users[0].opaque: exchange_validates cannot judge users' calls of the agent (inbound); use introspect"),
        pod(
            "unknown guarded place",
            "user_token: {guard: body}",
            "1: user_token.guard: must be one of proxy_authorization, cookie, query (was body)"),
        top(
            "inbound without users",
            "inbound: {}",
            "1: users: is required: users' calls are checked (inbound), and none says whose tokens count"),
        Arguments.of(
            "nothing to open",
            "intercept: {system_bundle: ca.pem}\nservers: {a: {url: 'http://a.example', allow_http: true, grant: none}}\n",
            List.of("1: intercept: has nothing to open: no server has an https url")));
  }

  static Stream<Arguments> shapes() {
    return Stream.of(
        Arguments.of(
            "a list", "- a\n", List.of("1: must be a mapping of keys to values, not a list")),
        Arguments.of(
            "a word",
            "valetkey\n",
            List.of("1: must be a mapping of keys to values, not a single value")),
        Arguments.of("no servers", "issuers: {}\n", List.of("1: servers: is required")),
        Arguments.of("empty servers", "servers: {}\n", List.of("1: servers: must not be empty")),
        Arguments.of(
            "two documents",
            ConfigFolder.SMALLEST + "---\na: b\n",
            List.of("13: not YAML: found another document")),
        Arguments.of(
            "unclosed",
            "servers: {a: [\n",
            List.of("2: not YAML: expected the node content, but found '<stream end>'")),
        Arguments.of(
            "nested without end", "[".repeat(100_000), List.of("1: nested deeper than 32 levels")),
        Arguments.of(
            "control characters",
            "a: b\nc: \u0001\n",
            List.of("2: not YAML: control characters are not allowed")),
        top("a key that is no text", "[a, b]: c", "1: keys must be text"),
        top(
            "merge key",
            "<<: {a: b}",
            "1: <<: unknown key (known: listen, envoy, admin, audit, issuers, grants, users, user_token,"
                + " inbound, intercept, servers, unlisted_hosts, cache)"),
        top(
            "section that is a word",
            "audit: each",
            "1: audit: must be a mapping of keys to values, not a single value"),
        top(
            "value that is a list",
            "unlisted_hosts: [refuse]",
            "1: unlisted_hosts: must be one of remove_user_token, refuse, not a list"));
  }

  /** Keys of an issuer, from line 3. */
  private static Arguments issuer(String what, String keys, String... expected) {
    return Arguments.of(
        what,
        "issuers:\n  corp:\n"
            + keys.indent(4)
            + "servers: {a: {url: 'https://a.example', grant: none}}\n",
        List.of(expected));
  }

  /** Keys of a server, from line 7. */
  private static Arguments server(String what, String keys, String... expected) {
    String before =
        """
        issuers:
          corp: {issuer: "https://idp.example", client_id: agent, client_secret_file: secrets/corp}

        # The only server.
        servers:
          a:
        """;
    return Arguments.of(what, before + keys.indent(4), List.of(expected));
  }

  /** A grant, on line 8. */
  private static Arguments grant(String what, String grant, String... expected) {
    return server(what, "url: https://a.example\ngrant: " + grant, expected);
  }

  /** Grants that others name, from line 4; then a server. */
  private static Arguments chain(String what, String named, String grant, String... expected) {
    return Arguments.of(
        what,
        "issuers:\n  corp: {issuer: 'https://idp.example', client_id: agent, client_secret_file: secrets/corp}\n"
            + "grants:\n"
            + named.indent(2)
            + "servers:\n  a: {url: 'https://a.example', grant: "
            + grant
            + "}\n",
        List.of(expected));
  }

  /** Servers, from line 2. */
  private static Arguments servers(String what, String servers, String... expected) {
    return Arguments.of(what, "servers:\n" + servers + "\n", List.of(expected));
  }

  /** Users, on line 8. */
  private static Arguments users(String what, String users, String... expected) {
    String before =
        """
        issuers:
          corp:
            issuer: https://idp.example
            client_id: agent
            client_secret_file: secrets/corp
        servers:
          a: {url: "https://a.example", grant: {audience: x}}
        """;
    return Arguments.of(what, before + "users: " + users + "\n", List.of(expected));
  }

  /** Keys of the outermost level, from line 1, beside a server whose grant needs a user. */
  private static Arguments pod(String what, String keys, String... expected) {
    return Arguments.of(
        what,
        keys
            + "\nissuers: {corp: {issuer: 'https://idp.example', client_id: agent, client_secret_file: secrets/corp}}\n"
            + "servers: {a: {url: 'https://a.example', grant: {audience: x}}}\n",
        List.of(expected));
  }

  /** A key of the outermost level, on line 1. */
  private static Arguments top(String what, String key, String... expected) {
    return Arguments.of(
        what, key + "\nservers: {a: {url: 'https://a.example', grant: none}}\n", List.of(expected));
  }
}
