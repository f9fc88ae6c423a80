package dev.valetkey.docs;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** docs/standards.md: every requirement of the standards, and the tests that show it. */
class StandardsPageTest {

  private static final String HEAD =
      """
      # Standards

      What the standards demand of a sidecar that gets tokens for MCP servers, row by row, and the tests that show it: MCP
      2026-07-28 and its extensions (MCP, EX), token exchange (TX), caching (CA), resource indicators and metadata (RI), client
      authentication (CL), best current practice (BC). `bin/test` runs them all.

      <!-- Made from the comments above the tests by StandardsPageTest; -Dvaletkey.docs.write=true writes it anew. -->

      """;

  private static final Map<String, String> ROWS = rows();

  private static final Map<String, String> LEFT =
      Map.of(
          "R-EX-7",
          "client ID metadata documents serve a client that sends users to an authorization endpoint; valetkey has no such grant yet",
          "R-EX-8",
          "extensions are declared in request bodies, which valetkey never reads",
          "R-MCP-17",
          "no grant asks the user for consent through the agent; `token_broker` leaves that to the broker");

  @Test
  void everyRowHasATestOrAReason() throws IOException {
    new RowsPage(ROWS, LEFT).assertHeld("docs/standards.md", HEAD);
  }

  private static Map<String, String> rows() {
    Map<String, String> rows = new LinkedHashMap<>();
    rows.put(
        "R-MCP-1",
        "exactly one `Authorization` on every upstream request, replaced, never in the query");
    rows.put("R-MCP-2", "the user token reaches no upstream, whatever fails");
    rows.put("R-MCP-3", "`resource` is the canonical MCP URI, with a switch per profile");
    rows.put("R-MCP-4", "canonical URI: case, default port, trailing slash, no fragment");
    rows.put(
        "R-MCP-5", "resource metadata from the challenge, else the well-known places in order");
    rows.put(
        "R-MCP-6",
        "metadata counts only for its own resource or a path prefix of it, on segment boundaries");
    rows.put("R-MCP-7", "authorization server metadata in the order of the specification");
    rows.put("R-MCP-8", "`issuer` in the metadata equals the one that was asked");
    rows.put("R-MCP-9", "credentials and tokens belong to one issuer");
    rows.put(
        "R-MCP-10",
        "scope from challenge, else metadata, else none; step-up is a union; never empty");
    rows.put("R-MCP-11", "step-up is capped");
    rows.put("R-MCP-12", "MCP and trace headers and the body pass untouched");
    rows.put("R-MCP-13", "`Mcp-Method` and `Mcp-Name` count only where servers verify them");
    rows.put("R-MCP-14", "streams are not buffered, and a token is chosen to last");
    rows.put("R-MCP-15", "old and new protocol revisions work unchanged");
    rows.put("R-MCP-16", "refusals are of use to MCP clients and start no sign-in of their own");
    rows.put("R-MCP-17", "consent URLs are for the user who asked");
    rows.put("R-TX-1", "the form of an exchange, no parameter twice");
    rows.put("R-TX-2", "`actor_token_type` exactly where there is an actor token");
    rows.put("R-TX-3", "`issued_token_type` and `token_type` are checked; `N_A` is never a bearer");
    rows.put("R-TX-4", "missing types are tolerated only where the configuration says so");
    rows.put("R-TX-5", "`expires_in` missing or odd");
    rows.put("R-TX-6", "`scope` of the answer is looked at");
    rows.put("R-TX-7", "classes of errors, and what each means to the agent");
    rows.put(
        "R-TX-8",
        "the user token is verified first; opaque ones by introspection or by the exchange");
    rows.put("R-TX-9", "the issued token is verified");
    rows.put("R-TX-10", "delegation: `act` demanded, outermost only, `may_act` checked before");
    rows.put("R-TX-11", "refresh tokens are not asked for and not kept");
    rows.put("R-TX-12", "least scope, one audience per server");
    rows.put("R-TX-13", "every grant behind one interface, chained where configured");
    rows.put("R-TX-14", "one flight per key");
    rows.put("R-CA-1", "the cache key holds only what was verified");
    rows.put("R-CA-2", "lifetime of an entry");
    rows.put("R-CA-3", "refresh ahead, minimum life, memory of failures");
    rows.put("R-CA-4", "invalidation by upstream 401, logout, reload");
    rows.put("R-CA-5", "no silent change from the user to the service");
    rows.put("R-CA-6", "bounded, and no token in logs, metrics or metadata");
    rows.put("R-RI-1", "`resource` is absolute and has no fragment");
    rows.put("R-RI-2", "`invalid_target` is told as what it is");
    rows.put("R-RI-3", "issuers named by metadata count only if the configuration names them");
    rows.put("R-RI-4", "addresses that others chose are guarded");
    rows.put(
        "R-RI-5",
        "unknown metadata members are ignored; documents are kept while no new one can be had");
    rows.put("R-CL-1", "`client_secret_basic`, `client_secret_post`, `none`");
    rows.put("R-CL-2", "`private_key_jwt` for the issuer, with a compatibility switch");
    rows.put("R-CL-3", "workload assertions from files, read again on rotation");
    rows.put("R-CL-4", "JWT-SVID as client assertion");
    rows.put("R-CL-5", "mutual TLS, endpoint aliases, certificate-bound tokens");
    rows.put("R-CL-6", "secrets from files, hot reload, complete or refused");
    rows.put("R-CL-7", "no other grant and no second try after a rejection");
    rows.put("R-EX-1", "enterprise-managed authorization by ID-JAG");
    rows.put("R-EX-2", "`audience` and `resource` of identity chaining and of ID-JAG");
    rows.put("R-EX-3", "where the ID token of an ID-JAG comes from");
    rows.put("R-EX-4", "client credentials with `resource`");
    rows.put("R-EX-5", "workload identity by JWT bearer");
    rows.put("R-EX-6", "DPoP at the token endpoint and per request");
    rows.put("R-EX-7", "client ID metadata documents");
    rows.put("R-EX-8", "declared extensions");
    rows.put("R-BC-1", "TLS, timeouts, size limits, no redirects");
    rows.put("R-BC-2", "issued tokens cannot inject headers");
    rows.put("R-BC-3", "tokens are for one audience, least scope, bound where it can be had");
    rows.put("R-BC-4", "an audit line per decision without a token");
    rows.put("R-BC-5", "closed when in doubt");
    return rows;
  }
}
