package dev.valetkey.config;

import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A block of IP addresses, such as {@code 10.0.0.0/8} or {@code fd00::/8}.
 *
 * @param base its first address
 * @param prefix how many leading bits all its addresses share
 */
public record AddressBlock(InetAddress base, int prefix) {
  private static final Pattern IPV4 =
      Pattern.compile("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");
  private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");
  private static final Pattern PREFIX = Pattern.compile("0|[1-9][0-9]{0,2}");

  public AddressBlock {
    byte[] bytes = base.getAddress();
    if (prefix < 0 || prefix > bytes.length * 8) {
      throw new IllegalArgumentException("no such prefix length: " + prefix);
    }
    for (int bit = prefix; bit < bytes.length * 8; bit++) {
      if (bit(bytes, bit) != 0) {
        throw new IllegalArgumentException("the block does not begin at " + base);
      }
    }
  }

  /** The block that this text names; empty if it names none, or its first address is another. */
  public static Optional<AddressBlock> parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0 || !PREFIX.matcher(text.substring(slash + 1)).matches()) {
      return Optional.empty();
    }
    int prefix = Integer.parseInt(text.substring(slash + 1));
    try {
      return address(text.substring(0, slash)).map(base -> new AddressBlock(base, prefix));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  public boolean contains(InetAddress address) {
    byte[] first = base.getAddress();
    byte[] bytes = address.getAddress();
    if (bytes.length != first.length) {
      return false;
    }
    for (int bit = 0; bit < prefix; bit++) {
      if (bit(bytes, bit) != bit(first, bit)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return base.getHostAddress() + "/" + prefix;
  }

  /**
   * The IP address that this text is: IPv4 as four plain decimal numbers, IPv6 without brackets and
   * without a zone. Empty for everything else, and for IPv6 that is IPv4 in disguise.
   */
  public static Optional<InetAddress> address(String text) {
    boolean four = IPV4.matcher(text).matches();
    if (!four && !IPV6.matcher(text).matches()) {
      return Optional.empty();
    }
    try {
      InetAddress address = InetAddress.ofLiteral(text);
      return Optional.of(address).filter(a -> four == (a.getAddress().length == 4));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static int bit(byte[] bytes, int index) {
    return bytes[index / 8] >> (7 - index % 8) & 1;
  }
}
