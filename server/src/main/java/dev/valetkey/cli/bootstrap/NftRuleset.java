package dev.valetkey.cli.bootstrap;

import dev.valetkey.config.Config;
import java.util.stream.Collectors;

/**
 * The nftables ruleset that brings an agent's connections to Envoy: for the network namespace of
 * the pod, beside the layouts {@code capture} and {@code intercept}. Loading it again replaces it,
 * at once and whole.
 */
public final class NftRuleset {
  private NftRuleset() {}

  /**
   * What {@code nft -f} reads, ending with a newline. The same configuration gives the same text.
   */
  public static String print(Config config) {
    int outbound = UpstreamAddress.parse(config.envoy().listen()).port();
    boolean hasInbound = config.inbound() != null;
    int inbound = UpstreamAddress.parse(config.envoy().inboundListen()).port();
    int agent = UpstreamAddress.parse(config.envoy().agent()).port();
    String exempt =
        config.envoy().exemptUids().stream()
            .distinct()
            .sorted()
            .map(String::valueOf)
            .collect(Collectors.joining(", ", "{ ", " }"));
    return """
    # Printed by "valetkey nft". Load in the pod's network namespace, before the agent starts: nft -f FILE
    table inet valetkey
    delete table inet valetkey
    table inet valetkey {
    	chain outbound {
    		type nat hook output priority -100; policy accept;
    		meta skuid %1$s return comment "Envoy and valetkey"
    		oifname "lo" return
    		meta l4proto tcp redirect to :%2$d
    	}
    %3$s	chain guard {
    		type filter hook output priority 0; policy accept;
    		meta skuid %1$s accept
    		ct status dnat accept
    		tcp dport { %4$s } fib daddr type local reject with tcp reset comment "no direct dial: a loop, or a way around"
    		udp dport 443 oifname != "lo" reject comment "QUIC would pass us by"
    	}
    }
    """
        .formatted(
            exempt,
            outbound,
            hasInbound ? inboundChain(agent, inbound) : "",
            hasInbound ? outbound + ", " + inbound : String.valueOf(outbound));
  }

  private static String inboundChain(int agent, int inbound) {
    return """
    	chain inbound {
    		type nat hook prerouting priority -100; policy accept;
    		iifname != "lo" tcp dport %d redirect to :%d comment "the agent's port"
    	}
    """
        .formatted(agent, inbound);
  }
}
