package dev.valetkey.testkit.spring;

import jakarta.servlet.http.HttpServlet;

/** Behind Spring's filters there is nothing: every answer is theirs. */
final class Nothing extends HttpServlet {
  private static final long serialVersionUID = 1;
}
