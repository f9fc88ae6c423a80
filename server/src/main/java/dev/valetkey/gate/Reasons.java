package dev.valetkey.gate;

import dev.valetkey.call.Reason;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.UserTokenFault;

/** What the other rooms' answers mean to the agent (design.md §8). */
public final class Reasons {
  private Reasons() {}

  public static Reason of(UserTokenFault fault) {
    return switch (fault) {
      case MALFORMED -> Reason.USER_TOKEN_MALFORMED;
      case TYPE -> Reason.USER_TOKEN_TYPE;
      case ALGORITHM -> Reason.USER_TOKEN_ALGORITHM;
      case ISSUER -> Reason.USER_TOKEN_ISSUER;
      case SIGNATURE -> Reason.USER_TOKEN_SIGNATURE;
      case AUDIENCE -> Reason.USER_TOKEN_AUDIENCE;
      case SUBJECT -> Reason.USER_TOKEN_SUBJECT;
      case EXPIRED -> Reason.USER_TOKEN_EXPIRED;
      case NOT_YET_VALID -> Reason.USER_TOKEN_NOT_YET_VALID;
      case INACTIVE -> Reason.USER_TOKEN_INACTIVE;
      case KEYS_UNAVAILABLE -> Reason.ISSUER_KEYS_UNAVAILABLE;
      case ISSUER_UNAVAILABLE -> Reason.ISSUER_UNAVAILABLE;
      case ISSUER_ANSWER -> Reason.ISSUER_ANSWER;
      case CLIENT_REFUSED -> Reason.INVALID_CLIENT;
    };
  }

  public static Reason of(Rejection rejection) {
    return switch (rejection) {
      case INVALID_GRANT -> Reason.INVALID_GRANT;
      case INVALID_REQUEST -> Reason.INVALID_REQUEST;
      case INVALID_TARGET -> Reason.INVALID_TARGET;
      case INVALID_SCOPE -> Reason.INVALID_SCOPE;
      case ACCESS_DENIED -> Reason.ACCESS_DENIED;
      case INVALID_CLIENT -> Reason.INVALID_CLIENT;
      case UNAUTHORIZED_CLIENT -> Reason.UNAUTHORIZED_CLIENT;
      case INTERACTION_REQUIRED -> Reason.INTERACTION_REQUIRED;
      case MAY_ACT -> Reason.MAY_ACT;
      case ISSUER_NOT_ALLOWED -> Reason.ISSUER_NOT_ALLOWED;
      case OTHER_ERROR -> Reason.ISSUER_ERROR;
      case ISSUED_FORMAT -> Reason.ISSUED_FORMAT;
      case ISSUED_ISSUER -> Reason.ISSUED_ISSUER;
      case ISSUED_AUDIENCE -> Reason.ISSUED_AUDIENCE;
      case ISSUED_EXTRA_AUDIENCE -> Reason.ISSUED_EXTRA_AUDIENCE;
      case ISSUED_SUBJECT -> Reason.ISSUED_SUBJECT;
      case ISSUED_ACTOR -> Reason.ISSUED_ACTOR;
      case ISSUED_BINDING -> Reason.ISSUED_BINDING;
      case ISSUED_SCOPE -> Reason.ISSUED_SCOPE;
      case ISSUED_EXPIRED -> Reason.ISSUED_EXPIRED;
    };
  }

  public static Reason of(Cause cause) {
    return switch (cause) {
      case UNREACHABLE -> Reason.ISSUER_UNAVAILABLE;
      case BUSY -> Reason.ISSUER_BUSY;
      case RATE_LIMIT -> Reason.ISSUER_RATE_LIMIT;
      case DEADLINE -> Reason.DEADLINE;
      case METADATA -> Reason.SERVER_METADATA;
      case CONSENT -> Reason.CONSENT_TIMEOUT;
      case BROKER -> Reason.BROKER_ERROR;
      case ANSWER -> Reason.ISSUER_ANSWER;
    };
  }
}
