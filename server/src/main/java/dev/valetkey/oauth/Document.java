package dev.valetkey.oauth;

import com.google.gson.JsonObject;

/** What came of asking for a JSON document at one address. */
sealed interface Document {

  record Found(JsonObject json) implements Document {}

  /** The server has something else there: the document may be at another of its addresses. */
  record Absent(String why) implements Document {}

  /**
   * Nobody answered properly, or nobody may be asked: the server's other addresses are no better.
   */
  record Unreachable(String why) implements Document {}
}
