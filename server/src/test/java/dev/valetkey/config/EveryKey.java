package dev.valetkey.config;

/** A file with every key there is, none of them at its default. */
final class EveryKey {

  static final String TEXT =
      """
      listen:
        socket: run/authz.sock
        socket_mode: "0600"
        allowed_uids: [1337, 0]
        address: 0.0.0.0:9001
        tls:
          cert_file: cert.pem
          key_file: secrets/cert-key.pem
          client_ca_file: ca.pem
          client_names: ["spiffe://cluster.local/ns/istio-system/sa/egress"]
      envoy:
        listen: "[::1]:15009"
        admin_socket: /tmp/envoy-admin.sock
        inbound_listen: 0.0.0.0:15106
        agent: 127.0.0.1:8000
        other_tls: refuse
        server_first_ports: [2525]
        exempt_uids: [101, 102]
        sidecar: valetkey.agents.svc:9001
        sidecar_name: "spiffe://cluster.local/ns/agents/sa/valetkey"
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
          client_assertion_audience: token_endpoint
          dpop_bound_access_tokens: true
          errors: {no_such_api: invalid_target}
        workload:
          issuer: https://workload.example
          profile: keycloak
          client_assertion_file: secrets/svid
          client_assertion_type: jwt_spiffe
          tls: {ca_file: ca.pem, cert_file: cert.pem, key_file: secrets/cert-key.pem}
      grants:
        chain: {issuer: partner, audience: "https://workload.example"}
        own: {type: client_credentials, issuer: corp, resource: "urn:own", scope: act}
      users:
        - {issuer: partner, audience: agent, algorithms: [ES256, EdDSA], session_claim: session, id_tokens: true, opaque: introspect, backchannel_logout: true, logout_audience: chat-app}
      user_token:
        from: ["header:x-user-token", authorization, handle, trace, workload]
        guard: [proxy_authorization, cookie, query]
      inbound:
        user_token: handle
        exempt_paths: [/ping, /public/*]
        handle_servers: github
      intercept:
        trust_dir: trust
        system_bundle: ca.pem
        leaf_lifetime: 1h
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
          expect:
            iss: urn:other
            audience: [a, b]
            sub: any
            user_claim: oid
            scope: x y
            act: optional
            act_sub: robot
            format: any
            issued_token_type: [saml2, "urn:other:type"]
            token_type: optional
          tools:
            - {name: "create_*", scope: repo:write user}
          step_up_scope: repo:admin repo:delete
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
        chained:
          url: https://chained.example/mcp
          upstream: {tls: {cert_file: cert.pem, key_file: secrets/cert-key.pem}}
          grant: {issuer: workload, audience: a, subject_token_from: chain, actor_token_from: own}
        machine:
          url: https://machine.example/mcp
          grant: {issuer: partner, audience: a, subject_token_file: secrets/agent}
        bearer:
          url: https://bearer.example/mcp
          grant:
            type: jwt_bearer
            issuer: workload
            audience: b
            resource: urn:bearer
            scope: read
            subject_token_from: chain
            extra_parameters: {a: b}
        workload_bearer:
          url: https://workload-bearer.example/mcp
          grant: {type: jwt_bearer, issuer: partner, assertion_file: secrets/svid}
        jag:
          url: https://jag.example/mcp
          discovery: {issuers: [workload], allowed_addresses: 10.0.0.0/8, allow_loopback_http: true, ca_file: ca.pem}
          grant:
            type: id_jag
            identity_issuer: partner
            audience: urn:workload
            resource: urn:jag
            scope: read
            subject_token_type: saml2
            subject_token_from: chain
            extra_parameters: {a: b}
        asserted:
          url: https://asserted.example/mcp
          grant: {type: id_jag, issuer: workload, identity_issuer: partner}
        vault:
          url: https://vault.example/mcp
          grant:
            type: brokered_token
            issuer: partner
            grant_type: urn:example:vault
            audience: c
            resource: urn:vault
            scope: read
            requested_token_type: urn:example:federated
            subject_token_type: refresh_token
            subject_token_from: chain
            extra_parameters: {connection: github}
        stored:
          url: https://stored.example/mcp
          grant: {type: brokered_token, issuer: partner, endpoint: https://partner.example/broker/github/token}
        broker:
          url: https://broker.example/mcp
          grant:
            type: token_broker
            url: http://token-broker.auth.svc:8190
            max_wait: 90s
            authorization_endpoint: https://as.example/authorize
            token_endpoint: https://as.example/token
            allow_http: true
            tls: {ca_file: ca.pem}
            max_in_flight: 8
        closed:
          url: https://search.example/admin
          grant: {type: refuse}
      unlisted_hosts: refuse
      cache: {max_entries: 0, max_bytes: 1GiB}
      """;

  private EveryKey() {}
}
