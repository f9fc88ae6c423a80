package dev.valetkey.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * One line of the audit log.
 *
 * @param event {@code call}, {@code issuer_call}, or {@code inbound} for the first call of a user
 *     token to the agent
 * @param server name of the server; null where the call belongs to none
 * @param decision {@code forward}, {@code refuse}, or for an issuer call {@code granted}, {@code
 *     rejected}, {@code unavailable}
 * @param reason stable code; null for a forward
 * @param issuer {@code iss} of the user; null without a user
 * @param subject {@code sub} of the user; null without a user
 * @param session digest of the session; null without a user
 * @param token digest of the issued token; null where there is none
 * @param cache {@code hit}, {@code miss}, {@code renewed}; null where no token is needed
 * @param millis how long the decision took; -1: not measured
 * @param count how many calls the line stands for
 */
public record AuditEvent(
    String event,
    @Nullable String server,
    String decision,
    @Nullable String reason,
    @Nullable String issuer,
    @Nullable String subject,
    @Nullable String session,
    @Nullable String token,
    @Nullable String cache,
    long millis,
    int count) {}
