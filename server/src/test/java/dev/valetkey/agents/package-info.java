/**
 * Agents that know nothing of valetkey, in three languages: which user's token their calls carry,
 * and what becomes of those that have lost their user.
 */
@NullMarked
package dev.valetkey.agents;

import org.jspecify.annotations.NullMarked;
