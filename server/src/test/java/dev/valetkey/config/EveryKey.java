package dev.valetkey.config;

/** A file with every key there is, none of them at its default. */
final class EveryKey {

  static final String TEXT =
      """
      listen:
        socket: run/authz.sock
        socket_mode: "0600"
        allowed_uids: [1337, 0]
      envoy:
        listen: "[::1]:15009"
        admin_socket: /tmp/envoy-admin.sock
      admin:
        socket: /tmp/admin.sock
        address: 127.0.0.1:0
      audit: {hits: each, subject: digest}
      issuers:
        corp:
          issuer: http://idp.example.com/realms/corp/
          client_id: "4711"
          token_endpoint_auth_method: client_secret_post
          client_secret_file: secrets/corp
          token_endpoint: https://idp.example.com/token?tenant=a
          jwks_uri: https://idp.example.com/jwks
          connect_to: http://keycloak.auth.svc:8080
          allow_http: true
          tls: {ca_file: ca.pem}
          timeout: 2500ms
          max_in_flight: 4
          introspection_endpoint: https://idp.example.com/introspect
        partner:
          issuer: https://partner.example
          client_id: agent
          token_endpoint_auth_method: private_key_jwt
          private_key_file: secrets/key.pem
          key_id: k1
      users:
        - {issuer: partner, audience: agent, algorithms: [ES256, EdDSA], session_claim: session, opaque: introspect, backchannel_logout: true, logout_audience: chat-app}
      user_token:
        from: ["header:x-user-token", authorization]
      servers:
        github:
          url: HTTP://MCP.GitHub.Example:80/mcp/
          aliases: [http://github.mcp.local:8080/mcp]
          upstream: {address: github.mcp.svc:8443}
          allow_http: true
          grant:
            type: token_exchange
            issuer: partner
            audience: [github-mcp, other]
            resource: urn:github
            scope: [repo:read, "repo:write user"]
            requested_token_type: jwt
            subject_token_type: urn:example:token
            actor_token_file: secrets/agent
            actor_token_type: access_token
            extra_parameters: {connector_id: x}
          without_user:
            type: client_credentials
            issuer: corp
            audience: github-mcp
            resource: []
            scope: repo:read user
            extra_parameters: {a: b}
          expect: {iss: "urn:other", audience: [a, b], sub: any, scope: x y, act: optional, format: any}
          early_expiry: 1m
          default_lifetime: 2m
          stream_min_lifetime: 0s
        search:
          url: https://search.example
          upstream:
            address: "10.0.0.1:443"
            tls: {ca_file: ca.pem, server_name: search.internal}
          grant: {type: static, token_file: secrets/search, scheme: Token}
          early_expiry: 0s
        closed:
          url: https://search.example/admin
          grant: {type: refuse}
      unlisted_hosts: refuse
      cache: {max_entries: 0, max_bytes: 1GiB}
      """;

  private EveryKey() {}
}
