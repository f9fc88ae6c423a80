package dev.valetkey.config;

/** What happens to calls for hosts that are not servers. */
public enum UnlistedHosts {
  /** The user token is removed, everything else passes. The default. */
  REMOVE_USER_TOKEN,
  REFUSE
}
