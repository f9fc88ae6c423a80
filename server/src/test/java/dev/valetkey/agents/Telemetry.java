package dev.valetkey.agents;

import java.util.HashMap;
import java.util.Map;

/**
 * Whether an agent runs under OpenTelemetry's automatic instrumentation, and what that hands on.
 */
enum Telemetry {
  NONE,
  /** The propagators that are there by default: {@code tracecontext,baggage}. */
  DEFAULT,
  /** {@code OTEL_PROPAGATORS=tracecontext}. */
  TRACE_ONLY;

  boolean isOn() {
    return this != NONE;
  }

  /** Nobody collects what it measures. */
  Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    if (isOn()) {
      environment.put("OTEL_TRACES_EXPORTER", "none");
      environment.put("OTEL_METRICS_EXPORTER", "none");
      environment.put("OTEL_LOGS_EXPORTER", "none");
      environment.put("OTEL_NODE_RESOURCE_DETECTORS", "none"); // else it asks the cloud's metadata
    }
    if (this == TRACE_ONLY) {
      environment.put("OTEL_PROPAGATORS", "tracecontext");
    }
    return environment;
  }
}
