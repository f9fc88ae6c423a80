package dev.valetkey.call;

/** What the bytes of one {@code CheckRequest} turned out to be. */
public sealed interface Check permits HttpCall, Check.Malformed {

  /**
   * Bytes that are not a request we can judge.
   *
   * @param reason which refusal they lead to: {@link Reason#MALFORMED} or {@link Reason#TOO_LARGE}
   */
  record Malformed(Reason reason) implements Check {}
}
