package dev.valetkey.testkit.spring;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Prints the last word of each token request's {@code grant_type}; no token, no secret. */
final class TokenRequestLog extends HttpFilter {
  private static final long serialVersionUID = 1;

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (request.getRequestURI().equals("/oauth2/token")) {
      String type = String.valueOf(request.getParameter("grant_type"));
      System.out.println("asked " + type.substring(type.lastIndexOf(':') + 1));
    }
    chain.doFilter(request, response);
  }
}
