package dev.valetkey.oauth;

import dev.valetkey.config.AddressBlock;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which IP addresses are machines of the public internet: not those that the special-purpose
 * registries of IANA (RFC 6890) name, nor multicast. Of IPv6 only 2000::/3 is given to such
 * machines, so that the rest needs no list.
 */
final class PublicAddresses {
  private static final List<AddressBlock> SPECIAL =
      blocks(
          "0.0.0.0/8", // this network; the unspecified address
          "10.0.0.0/8", // private
          "100.64.0.0/10", // behind a carrier's NAT; Alibaba's metadata
          "127.0.0.0/8", // loopback
          "168.63.129.16/32", // Azure's platform, reachable from its machines only
          "169.254.0.0/16", // link-local; metadata of most clouds
          "172.16.0.0/12", // private
          "192.0.0.0/24", // protocol assignments; Oracle's metadata
          "192.0.2.0/24", // documentation
          "192.88.99.0/24", // 6to4 relays
          "192.168.0.0/16", // private
          "198.18.0.0/15", // benchmarks
          "198.51.100.0/24", // documentation
          "203.0.113.0/24", // documentation
          "224.0.0.0/4", // multicast
          "240.0.0.0/4", // reserved; broadcast
          "2001::/23", // protocol assignments: Teredo, benchmarks, ORCHID
          "2001:db8::/32", // documentation
          "2002::/16", // 6to4
          "3fff::/20"); // documentation

  private static final List<AddressBlock> USED = blocks("0.0.0.0/0", "2000::/3");
  private static final List<AddressBlock> NAT64 = blocks("64:ff9b::/96");
  private static final List<AddressBlock> SIX_TO_FOUR = blocks("2002::/16");

  private PublicAddresses() {}

  static boolean contain(InetAddress address) {
    return in(USED, address) && !in(SPECIAL, address);
  }

  /** The IPv4 address to which a gateway carries what is sent to this IPv6 address. */
  static Optional<InetAddress> behind(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (in(NAT64, address)) {
      return Optional.of(ipv4(bytes, 12));
    }
    return in(SIX_TO_FOUR, address) ? Optional.of(ipv4(bytes, 2)) : Optional.empty();
  }

  private static boolean in(List<AddressBlock> blocks, InetAddress address) {
    return blocks.stream().anyMatch(block -> block.contains(address));
  }

  private static InetAddress ipv4(byte[] bytes, int from) {
    try {
      return InetAddress.getByAddress(Arrays.copyOfRange(bytes, from, from + 4));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }

  private static List<AddressBlock> blocks(String... texts) {
    return Stream.of(texts).map(text -> AddressBlock.parse(text).orElseThrow()).toList();
  }
}
