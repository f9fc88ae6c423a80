package dev.valetkey.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * docs/threat-model.md: who might want what, what keeps them from it, and the tests that hold that.
 * What stands above the table is written by hand.
 */
class ThreatModelPageTest {
  private static final String FILE = "docs/threat-model.md";
  private static final String TABLE = "| row |";

  private static final Map<String, String> LEFT =
      Map.of(
          "TM-TENANT",
          "every pod has a cache of its own, in memory; nothing is shared",
          "TM-CONSENT",
          "valetkey signs no user in and asks for no consent; a token broker may");

  @Test
  void everyThreatHasATestOrAReason() throws IOException {
    String page = Files.readString(Repository.root().resolve(FILE));
    assertThat(page).contains(TABLE);
    String head = page.substring(0, page.indexOf(TABLE));

    new RowsPage(rows(), LEFT).assertHeld(FILE, head, "attacker → goal | control");
  }

  private static Map<String, String> rows() {
    Map<String, String> rows = new LinkedHashMap<>();
    threat(
        rows,
        "TM-SOCKET",
        "**agent** → ask valetkey for tokens",
        "a unix socket in a folder that the agent does not mount, and the kernel's word for the uid of each peer; no TCP unless `listen.address` is set");
    threat(
        rows,
        "TM-PEER",
        "**network** → ask in the gateway's place",
        "`listen.address` speaks TLS 1.2 or newer, and demands a certificate of the given authority with one of the given names");
    threat(
        rows,
        "TM-BYPASS",
        "**agent** → leave the pod around Envoy",
        "nft redirects every TCP connection of every uid but Envoy's and valetkey's and rejects QUIC; the webhook refuses pods that could undo it");
    threat(
        rows,
        "TM-AROUND",
        "**agent's client** → reach the agent unchecked",
        "the agent's port is redirected to Envoy, every path but the exempt ones is checked, and those name nobody");
    threat(
        rows,
        "TM-GUESS",
        "**agent or its client** → another user's tokens by an invented handle or trace",
        "a handle is 192 bits of a keyed digest, an unknown one is refused, and members of ours that a client sends are removed");
    threat(
        rows,
        "TM-MIX",
        "**agent** → two users in one call, or none",
        "two users in one call, a trace that two brought, and several users without a correlator are refused; no cached token serves another user");
    threat(
        rows,
        "TM-HANDLE",
        "**agent** → use a handle elsewhere or later",
        "it opens nothing outside the pod, is removed on the way out, counts at `handle_servers` alone and dies with its token or session");
    threat(
        rows,
        "TM-PINNED",
        "**agent** → a token for A used at B",
        "a token is put only into calls whose cluster is the address and certificate of the file, whatever was dialled, named or redirected to");
    threat(
        rows,
        "TM-LEAK",
        "**agent** → the user token to another host",
        "removed from `Authorization` in every spelling, refused in other watched places; TLS that names a server never passes unseen");
    threat(
        rows,
        "TM-HEADERS",
        "**agent** → decide by headers of ours or of Envoy's",
        "they are removed or replaced before the check, and no other header changes a decision");
    threat(
        rows,
        "TM-EXHAUST",
        "**agent or its client** → exhaust memory or the issuer",
        "every memory, stream and queue has a bound, and unknown keys and tokens cost the issuer little");
    threat(
        rows,
        "TM-CA",
        "**agent** → use the pod's authority for other names",
        "a name-constrained intermediate signs leaves for the listed hosts alone, its root's key is gone, and opened TLS leads to listed hosts only");
    threat(
        rows,
        "TM-METADATA",
        "**MCP server** → make valetkey fetch internal addresses or trust another issuer",
        "discovery is off by default, takes issuers from a list alone, and dials public addresses alone, once resolved");
    threat(
        rows,
        "TM-LOOP",
        "**MCP server** → 401 for ever, to burn the issuer",
        "one fresh token for a user and server in 30 s, three steps of scope, and no refusal that starts an OAuth dance");
    threat(
        rows,
        "TM-REUSE",
        "**MCP server** → replay its token elsewhere",
        "audience, scope and user of each issued token are checked, and tokens can be bound to a key or certificate");
    threat(rows, "TM-TENANT", "**another tenant** → read or poison a shared cache", "–");
    threat(
        rows,
        "TM-WIRE",
        "**network** → read or change",
        "TLS with the host's name checked everywhere; plain http only where the file allows it, with a warning");
    threat(
        rows,
        "TM-ISSUER",
        "**poisoned issuer metadata or answers** → tokens to another origin, endless tokens",
        "issuer and origin must match or be pinned, redirects are not followed, and answers are bounded and strictly read");
    threat(rows, "TM-CONSENT", "**consent forgery and mix-up** → somebody else's sign-in", "–");
    threat(
        rows,
        "TM-FORGED",
        "**anybody** → forged, expired or logged-out user tokens",
        "each is verified before the cache or an issuer is asked, and a logout ends what was made from it");
    threat(
        rows,
        "TM-SECRETS",
        "**reader of logs, metrics, bootstraps** → tokens and keys",
        "none of them is printed, in no encoding; libraries that dump frames stay at INFO");
    threat(
        rows,
        "TM-AWAY",
        "**any failure** → a call that passes unchecked",
        "without Envoy, without valetkey and after a bug, calls are refused");
    threat(
        rows,
        "TM-OPERATOR",
        "**operator's slip** → an open door",
        "a file with any problem is refused with all of them, the last good one stays, and no pod starts without its sidecars");
    return rows;
  }

  private static void threat(Map<String, String> rows, String name, String goal, String control) {
    rows.put(name, goal + " | " + control);
  }
}
