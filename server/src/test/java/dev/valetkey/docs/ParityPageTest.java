package dev.valetkey.docs;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * docs/parity.md: behaviours of the systems that valetkey answers, and the tests that show them.
 */
class ParityPageTest {

  private static final String HEAD =
      """
      # Parity

      Behaviours that users of comparable systems rely on, row by row, and the tests that show them here: AuthBridge (AB), the
      kagent STS plugin (KS), Backstage's per-user exchange (AU) and client credentials (BO), the token broker (TB).

      <!-- Made from the comments above the tests by ParityPageTest; -Dvaletkey.docs.write=true writes it anew. -->

      """;

  private static final Map<String, String> ROWS = rows();

  private static final Map<String, String> LEFT =
      Map.of(
          "AU-HEADER",
          "only `Authorization` and `DPoP` are ever set; the issued token names the user, and so does the audit line");

  @Test
  void everyRowHasATestOrAReason() throws IOException {
    new RowsPage(ROWS, LEFT).assertHeld("docs/parity.md", HEAD);
  }

  private static Map<String, String> rows() {
    Map<String, String> rows = new LinkedHashMap<>();
    rows.put(
        "AB1",
        "routes by exact host, alias and path prefix; a glob or an unknown key is an error that says so; reload; AuthBridge's routes file translated");
    rows.put(
        "AB2",
        "a match is exchanged by RFC 8693 with audience, scope, endpoint and resource; replaced, denied on failure");
    rows.put(
        "AB3",
        "policies for unmatched hosts and for calls without a user: refuse, pass without the user token, workload credential");
    rows.put(
        "AB4",
        "the cache: bound, key, lifetime, one flight, short memory of failures, kept over a reload");
    rows.put(
        "AB5",
        "verification of the user token, inbound too; key refetch on an unknown `kid`, not ready before keys are there");
    rows.put("AB6", "client authentication by secret, key, JWT-SVID from a file; files re-read");
    rows.put("AB7", "direction, server and user are never told by a header that a client sends");
    rows.put("AB8", "a token leaves for its own server alone; a host that is another's is refused");
    rows.put("AB9", "no plain TCP; the agent's uid is refused at the socket");
    rows.put(
        "AB10",
        "https servers: called by http with TLS from Envoy, or opened in the pod; other TLS passes or is refused");
    rows.put(
        "AB11",
        "a stand-in for the user token: bound to user, servers and process, ends with the token or the session, refused otherwise");
    rows.put(
        "AB13",
        "capture without rights for the agent, our own uids left out; injection by webhook or plain manifests");
    rows.put(
        "KS1", "two users of one session never share; two servers get two audiences, on the wire");
    rows.put(
        "KS2",
        "`resource` and `audience`, several or none; token types; actor token re-read on rotation");
    rows.put("KS3", "calls without a user: the configured workload credential or a refusal");
    rows.put(
        "KS4",
        "failure never falls to another identity; tokens are refreshed in a long run; discovery with issuer check and internal address");
    rows.put("KS5", "no exchange before a call to that server");
    rows.put("AU-CACHE", "a hit for the same user, a miss for another");
    rows.put("AU-FLIGHT", "three calls at once, one exchange");
    rows.put("AU-STREAM", "a token is not taken from a stream that uses it");
    rows.put(
        "AU-STRICT", "no user token: 401; issuer down or wrong grant: 503; never another identity");
    rows.put(
        "AU-RENEW",
        "a token that the server refuses is replaced once; the second 401 reaches the agent");
    rows.put("AU-SOURCE", "the header with the user token is configurable");
    rows.put("AU-OTHERS", "traffic to other hosts is not touched");
    rows.put("AU-HEADER", "a header with the verified user for the upstream");
    rows.put("BO-BUFFER", "early expiry of 0 and 120 s is legal, a negative one is refused");
    rows.put("BO-FLIGHT", "many calls at once, one request for a workload token");
    rows.put(
        "BO-LIFETIME",
        "a minimum life for streams: fetched once, a shorter one used with a warning, nothing evicted");
    rows.put("BO-RENEW", "one retry at a 401, compare and invalidate");
    rows.put("BO-CONFIG", "an incomplete client is a start-up error that names the missing key");
    rows.put("BO-SECRETS", "secrets are never logged");
    rows.put("BO-TIMEOUT", "a request to the issuer ends in time");
    rows.put("TB1", "one interface for every way to get a token");
    rows.put(
        "TB2",
        "the token broker: envelopes, statuses, wait bound, cache, waiters, resources in parallel");
    return rows;
  }
}
