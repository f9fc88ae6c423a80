package dev.valetkey.oauth;

/** What came of fetching a document. */
public sealed interface Fetched<T> {

  record Got<T>(T value) implements Fetched<T> {}

  /**
   * There is none.
   *
   * @param why for an operator: a few words without secrets, for example {@code keys: status 404}
   */
  record Missed<T>(String why) implements Fetched<T> {}
}
