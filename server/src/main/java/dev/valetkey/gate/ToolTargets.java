package dev.valetkey.gate;

import dev.valetkey.call.HttpCall;
import dev.valetkey.config.ServerConfig.ToolRule;
import dev.valetkey.token.Target;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What is asked for when one tool is called: the server's target with the scope of the first rule
 * that names the tool. Immutable.
 */
final class ToolTargets {
  private static final byte[] MCP_METHOD = HttpCall.ascii("mcp-method");
  private static final byte[] MCP_NAME = HttpCall.ascii("mcp-name");
  private static final byte[] PROTOCOL_VERSION = HttpCall.ascii("mcp-protocol-version");
  private static final String TOOLS_CALL = "tools/call";

  /**
   * The first revision whose servers refuse a call in which header and body differ; versions are
   * dates, so that their order is that of their text.
   */
  private static final String FIRST_VERIFIED = "2026-07-28";

  private static final Pattern VERSION = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");

  /** How a name looks that is not plain ASCII (MCP 2026-07-28, transports). */
  private static final String ENCODED_BEGIN = "=?base64?";

  private static final String ENCODED_END = "?=";

  private record Rule(String before, String after, boolean glob, Target target) {
    boolean matches(String name) {
      return glob
          ? name.length() >= before.length() + after.length()
              && name.startsWith(before)
              && name.endsWith(after)
          : name.equals(before);
    }
  }

  private final Target target;
  private final List<Rule> rules;

  private ToolTargets(Target target, List<Rule> rules) {
    this.target = target;
    this.rules = List.copyOf(rules);
  }

  static ToolTargets of(Target target) {
    List<Rule> rules = new ArrayList<>();
    for (ToolRule rule : target.server().tools()) {
      int star = rule.name().indexOf('*');
      String before = star < 0 ? rule.name() : rule.name().substring(0, star);
      String after = star < 0 ? "" : rule.name().substring(star + 1);
      rules.add(new Rule(before, after, star >= 0, target.scoped(rule.scope())));
    }
    return new ToolTargets(target, rules);
  }

  /**
   * The target of this call: the server's own where no rule is for it, or its headers count not.
   */
  Target of(HttpCall call) {
    if (rules.isEmpty()
        || !TOOLS_CALL.equals(only(call, MCP_METHOD))
        || !isVerified(only(call, PROTOCOL_VERSION))) {
      return target;
    }
    String name = decoded(only(call, MCP_NAME));
    for (Rule rule : rules) {
      if (rule.matches(name)) {
        return rule.target();
      }
    }
    return target;
  }

  private static boolean isVerified(String version) {
    return VERSION.matcher(version).matches() && version.compareTo(FIRST_VERIFIED) >= 0;
  }

  /** The value of the only header of this name; empty if there is none or more than one. */
  private static String only(HttpCall call, byte[] name) {
    int index = call.header(name);
    return index < 0 || call.header(name, index) >= 0 ? "" : call.value(index);
  }

  private static String decoded(String name) {
    if (!name.startsWith(ENCODED_BEGIN) || !name.endsWith(ENCODED_END)) {
      return name;
    }
    try {
      String base64 = name.substring(ENCODED_BEGIN.length(), name.length() - ENCODED_END.length());
      return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException | StringIndexOutOfBoundsException e) {
      return name;
    }
  }
}
