package dev.valetkey.testkit;

import java.net.InetAddress;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is fixed when an {@link Issuer} starts.
 *
 * @param address where it listens
 * @param port 0: any
 * @param path of the issuer's URI, so that RFC 8414 has a path to insert; empty for none
 * @param publicOrigin origin of the issuer's URI when it differs from the address it is dialled at;
 *     null: the address
 * @param certificate null for plain http
 * @param audience what user tokens are for: the client id of valetkey
 * @param recording false under load: requests and tokens are counted and forgotten
 */
public record IssuerOptions(
    InetAddress address,
    int port,
    String path,
    @Nullable String publicOrigin,
    TestCa.@Nullable Certificate certificate,
    List<Client> clients,
    String audience,
    InstantSource clock,
    boolean recording) {

  public IssuerOptions {
    clients = List.copyOf(clients);
  }

  /**
   * Plain http, path {@code /realms/test}, clients {@code agent} (Basic) and {@code chat-app}
   * (public), the system's clock.
   */
  public static IssuerOptions defaults() {
    List<Client> clients =
        List.of(Client.basic("agent", Issuer.AGENT_SECRET), Client.none("chat-app"));
    return new IssuerOptions(
        LoopbackServer.LOOPBACK,
        0,
        "/realms/test",
        null,
        null,
        clients,
        "agent",
        InstantSource.system(),
        true);
  }

  /** Listens there and not on loopback. */
  public IssuerOptions withAddress(InetAddress other) {
    return new IssuerOptions(
        other, port, path, publicOrigin, certificate, clients, audience, clock, recording);
  }

  public IssuerOptions withPort(int other) {
    return new IssuerOptions(
        address, other, path, publicOrigin, certificate, clients, audience, clock, recording);
  }

  public IssuerOptions withPath(String other) {
    return new IssuerOptions(
        address, port, other, publicOrigin, certificate, clients, audience, clock, recording);
  }

  public IssuerOptions withPublicOrigin(String other) {
    return new IssuerOptions(
        address, port, path, other, certificate, clients, audience, clock, recording);
  }

  public IssuerOptions withTls(TestCa.Certificate other) {
    return new IssuerOptions(
        address, port, path, publicOrigin, other, clients, audience, clock, recording);
  }

  public IssuerOptions withClients(Client... others) {
    return new IssuerOptions(
        address,
        port,
        path,
        publicOrigin,
        certificate,
        List.of(others),
        audience,
        clock,
        recording);
  }

  public IssuerOptions withAudience(String other) {
    return new IssuerOptions(
        address, port, path, publicOrigin, certificate, clients, other, clock, recording);
  }

  public IssuerOptions withClock(InstantSource other) {
    return new IssuerOptions(
        address, port, path, publicOrigin, certificate, clients, audience, other, recording);
  }

  public IssuerOptions withRecording(boolean on) {
    return new IssuerOptions(
        address, port, path, publicOrigin, certificate, clients, audience, clock, on);
  }
}
