package dev.valetkey.config;

/**
 * How much the token cache may keep.
 *
 * @param maxEntries tokens kept; 0 keeps nothing. Default 10000
 * @param maxBytes memory they may take, in bytes. Default 64 MiB
 */
public record CacheConfig(int maxEntries, long maxBytes) {}
