package dev.valetkey.agents;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who calls the agent.
 *
 * @param token null: none is sent
 * @param headers further ones of the user's client, names and values alternating
 */
record User(String name, @Nullable String token, List<String> headers) {
  User {
    headers = List.copyOf(headers);
  }

  User with(String header, String value) {
    List<String> more = new ArrayList<>(headers);
    more.addAll(List.of(header, value));
    return new User(name, token, more);
  }

  /** All that the client sends. */
  String[] sent() {
    List<String> all = new ArrayList<>(headers);
    if (token != null) {
      all.addAll(List.of("Authorization", "Bearer " + token));
    }
    return all.toArray(String[]::new);
  }
}
