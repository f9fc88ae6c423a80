package dev.valetkey.cli.bootstrap;

/** Envoy's typed configurations: extensions are chosen by the type of their message. */
final class Types {
  private Types() {}

  /** The beginning of a {@code typed_config} of the named protobuf message. */
  static Yaml.Mapping config(String message) {
    return Yaml.map().put("@type", "type.googleapis.com/" + message);
  }
}
