package dev.valetkey.config;

/** How much the token cache may keep; {@code maxBytes} is in bytes. */
public record CacheConfig(
    @Key(doc = "tokens kept; 0 keeps nothing", initial = "10000", min = "0", max = "1000000")
        int maxEntries,
    @Key(doc = "memory they may take", initial = "64MiB", min = "64KiB", max = "64GiB")
        long maxBytes) {}
