package dev.valetkey.gate;

import dev.valetkey.config.Config;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.route.Route;
import dev.valetkey.route.RouteTable;
import dev.valetkey.subject.InboundUsers;
import dev.valetkey.subject.SubjectResolver;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.Target;
import dev.valetkey.token.TargetChooser;
import java.util.List;

/**
 * One configuration, ready to judge calls by. Built whole, swapped by one reference, read once per
 * call. Immutable.
 *
 * @param routes which server a call belongs to
 * @param lanes what calls to a server need, by the index of its route
 * @param finder where the user token is
 * @param users who the user is
 * @param targets what tokens are asked for, where servers have a say
 * @param inbound what users' calls of the agent leave behind
 * @param unlisted what happens to calls for other hosts
 */
record Snapshot(
    RouteTable routes,
    List<Lane> lanes,
    UserTokenFinder finder,
    SubjectResolver users,
    TargetChooser targets,
    InboundCalls inbound,
    UnlistedCalls unlisted) {

  static Snapshot of(
      Config config,
      SubjectResolver users,
      InboundUsers inboundUsers,
      TargetChooser targets,
      Audit audit,
      Metrics metrics) {
    InboundCalls inbound = new InboundCalls(config, inboundUsers);
    RouteTable routes = new RouteTable(config.servers().values());
    return new Snapshot(
        routes,
        routes.routes().stream()
            .map(Route::server)
            .map(server -> lane(config, server, inbound, audit, metrics))
            .toList(),
        new UserTokenFinder(config.userToken().from()),
        users,
        targets,
        inbound,
        new UnlistedCalls(config.unlistedHosts(), config.userToken(), users));
  }

  private static Lane lane(
      Config config, ServerConfig server, InboundCalls inbound, Audit audit, Metrics metrics) {
    Target target = Target.of(config, server, server.grant());
    return new Lane(
        target,
        ToolTargets.of(target),
        Target.of(config, server, server.withoutUser()),
        metrics.server(server.name()),
        inbound.countAt(server.name()),
        audit.serverNumber(server.name()),
        audit.workloadHits(),
        audit.callsWithoutToken());
  }

  /** The same, looking for the user elsewhere. */
  Snapshot with(UserTokenFinder other) {
    return new Snapshot(routes, lanes, other, users, targets, inbound, unlisted);
  }

  Lane lane(Route route) {
    return lanes.get(route.index());
  }
}
