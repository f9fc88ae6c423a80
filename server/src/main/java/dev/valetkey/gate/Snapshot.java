package dev.valetkey.gate;

import dev.valetkey.config.Config;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.route.Route;
import dev.valetkey.route.RouteTable;
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
 * @param unlisted what happens to calls for other hosts
 */
record Snapshot(
    RouteTable routes,
    List<Lane> lanes,
    UserTokenFinder finder,
    SubjectResolver users,
    TargetChooser targets,
    UnlistedCalls unlisted) {

  static Snapshot of(
      Config config, SubjectResolver users, TargetChooser targets, Audit audit, Metrics metrics) {
    RouteTable routes = new RouteTable(config.servers().values());
    return new Snapshot(
        routes,
        routes.routes().stream()
            .map(Route::server)
            .map(server -> lane(config, server, audit, metrics))
            .toList(),
        new UserTokenFinder(config.userToken().from()),
        users,
        targets,
        new UnlistedCalls(config.unlistedHosts(), config.userToken().from(), users));
  }

  private static Lane lane(Config config, ServerConfig server, Audit audit, Metrics metrics) {
    Target target = Target.of(config, server, server.grant());
    return new Lane(
        target,
        ToolTargets.of(target),
        Target.of(config, server, server.withoutUser()),
        metrics.server(server.name()),
        audit.serverNumber(server.name()),
        audit.workloadHits(),
        audit.callsWithoutToken());
  }

  Lane lane(Route route) {
    return lanes.get(route.index());
  }
}
