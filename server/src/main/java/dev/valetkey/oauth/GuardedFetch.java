package dev.valetkey.oauth;

import dev.valetkey.config.AddressBlock;
import dev.valetkey.token.Deadline;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Fetches JSON documents of at most 256 KiB from addresses that a server or a document chose:
 * through the guard, and at the address that it pinned. Each fetch has a connection of its own, so
 * that none is shared between two names at one address. Thread-safe; for virtual threads.
 */
public final class GuardedFetch {
  private static final int MAX_BODY = 256 * 1024;

  private final OutboundGuard guard;
  private final SSLContext trust;

  /**
   * @param caFile whose certificates are trusted; null: the platform's
   */
  public GuardedFetch(OutboundGuard guard, @Nullable Path caFile) {
    this.guard = guard;
    this.trust = CaFileTrust.context(caFile);
  }

  /** The document at this address. Takes no longer than the deadline, name resolution included. */
  Document get(String address, Deadline deadline) {
    return switch (guard.judge(address, deadline)) {
      case Judgement.Refused refused -> {
        String about = refused.about().isEmpty() ? "" : " (" + refused.about() + ")";
        yield new Document.Unreachable("address refused: " + refused.why() + about);
      }
      case Judgement.Pinned pinned -> read(reply(pinned, deadline));
    };
  }

  private Reply reply(Judgement.Pinned pinned, Deadline deadline) {
    boolean literal = AddressBlock.address(pinned.host()).isPresent();
    List<SNIServerName> sni = literal ? List.of() : List.of(new SNIHostName(pinned.host()));
    try (JsonHttp http = new JsonHttp(new NamedTls(trust, pinned.host()), sni)) {
      HttpRequest request = JsonHttp.request(pinned.dialled(), pinned.authority()).GET().build();
      return http.send(request, MAX_BODY, deadline);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Reply.Failed(Reply.Failure.TIMEOUT);
    }
  }

  private static Document read(Reply reply) {
    return switch (reply) {
      case Reply.Failed failed -> new Document.Unreachable(failed.failure().toString());
      case Reply.Unusable unusable -> new Document.Absent("unusable body");
      case Reply.Answered answered when answered.status() == 429 || answered.status() >= 500 ->
          new Document.Unreachable("status " + answered.status());
      case Reply.Answered answered when answered.status() != 200 ->
          new Document.Absent("status " + answered.status());
      case Reply.Answered answered ->
          answered
              .json()
              .<Document>map(Document.Found::new)
              .orElse(new Document.Absent("not JSON"));
    };
  }
}
