package dev.valetkey.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How tokens for a server are acquired: a closed set (design.md §5), told apart by {@code type}.
 */
public sealed interface GrantConfig {

  /** How the file names this kind of grant, for example {@code token_exchange}. */
  default String type() {
    return Names.snakeCase(getClass().getSimpleName());
  }

  /** Whether a token can only be had for a verified user. */
  boolean needsUser();

  /** Whether another token may be had after the server refused one; decides about the retry hop. */
  default boolean renewable() {
    return true;
  }

  /** Files with tokens that the grant reads. */
  default List<Path> files() {
    return List.of();
  }

  /**
   * A grant that asks a token endpoint for something. The lists are empty where nothing is sent.
   */
  sealed interface Asking extends GrantConfig {
    /** Name of the issuer whose token the server gets. */
    String issuer();

    /** {@code audience} of RFC 8693 §2.1. */
    List<String> audience();

    /** {@code resource} of RFC 8707. */
    List<URI> resource();

    List<String> scope();

    Map<String, String> extraParameters();

    /** Name of the grant whose token takes the user token's place; null: none does. */
    default @Nullable String subjectTokenFrom() {
      return null;
    }

    /** Name of the grant whose token is the actor token; null: none. */
    default @Nullable String actorTokenFrom() {
      return null;
    }

    /** Name of the issuer that is given the user's token; null: none is. */
    default @Nullable String userIssuer() {
      return needsUser() && subjectTokenFrom() == null ? issuer() : null;
    }

    /** This grant, asking for another scope. */
    Asking withScope(List<String> other);
  }

  /**
   * RFC 8693, the default.
   *
   * @param requestedTokenType full URN; null: not sent
   * @param subjectTokenType full URN
   * @param subjectTokenFile null: the user's
   * @param actorTokenFile null: no actor token is sent, unless {@code actorTokenFrom} names one
   * @param actorTokenType full URN; null exactly where there is no actor token (RFC 8693 §2.1)
   */
  record TokenExchange(
      @Key(doc = "name of the issuer", derived = "the only one") String issuer,
      @Key(doc = "`audience`, one or a list") List<String> audience,
      @Key(doc = "`resource`, one or a list; `[]` leaves it out", derived = "the server's `url`")
          List<URI> resource,
      @Key(doc = "`scope`, text or list", form = Form.SCOPE) List<String> scope,
      @Key(doc = "`requested_token_type`, short name or URN", form = Form.TOKEN_TYPE)
          @Nullable String requestedTokenType,
      @Key(
              doc = "`subject_token_type`, short name or URN",
              initial = "access_token",
              form = Form.TOKEN_TYPE)
          String subjectTokenType,
      @Key(
              doc = "file with the `subject_token`, instead of the user's token; no user is needed",
              form = Form.SECRET_FILE)
          @Nullable Path subjectTokenFile,
      @Key(doc = "name of the grant whose token is the `subject_token`, instead of the user's own")
          @Nullable String subjectTokenFrom,
      @Key(doc = "file with the `actor_token`", form = Form.SECRET_FILE)
          @Nullable Path actorTokenFile,
      @Key(doc = "name of the grant whose token is the `actor_token`: the workload's own")
          @Nullable String actorTokenFrom,
      @Key(
              doc = "`actor_token_type`, short name or URN; only with an actor token",
              derived = "`jwt` with `actor_token_file`, `access_token` with `actor_token_from`",
              form = Form.TOKEN_TYPE)
          @Nullable String actorTokenType,
      @Key(doc = "further form fields; never a name that the grant itself sends")
          Map<String, String> extraParameters)
      implements Asking {
    public TokenExchange {
      audience = List.copyOf(audience);
      resource = List.copyOf(resource);
      scope = List.copyOf(scope);
      extraParameters = Map.copyOf(extraParameters);
    }

    @Override
    public boolean needsUser() {
      return subjectTokenFile == null;
    }

    @Override
    public List<Path> files() {
      Stream<@Nullable Path> named = Stream.of(subjectTokenFile, actorTokenFile);
      return named.filter(Objects::nonNull).map(Objects::requireNonNull).toList();
    }

    @Override
    public TokenExchange withScope(List<String> other) {
      return new TokenExchange(
          issuer,
          audience,
          resource,
          other,
          requestedTokenType,
          subjectTokenType,
          subjectTokenFile,
          subjectTokenFrom,
          actorTokenFile,
          actorTokenFrom,
          actorTokenType,
          extraParameters);
    }
  }

  /** RFC 6749 §4.4: a token for the workload itself. */
  record ClientCredentials(
      @Key(doc = "name of the issuer", derived = "the only one") String issuer,
      @Key(doc = "`audience`, one or a list") List<String> audience,
      @Key(doc = "`resource`, one or a list; `[]` leaves it out", derived = "the server's `url`")
          List<URI> resource,
      @Key(doc = "`scope`, text or list", form = Form.SCOPE) List<String> scope,
      @Key(doc = "further form fields; never a name that the grant itself sends")
          Map<String, String> extraParameters)
      implements Asking {
    public ClientCredentials {
      audience = List.copyOf(audience);
      resource = List.copyOf(resource);
      scope = List.copyOf(scope);
      extraParameters = Map.copyOf(extraParameters);
    }

    @Override
    public boolean needsUser() {
      return false;
    }

    @Override
    public ClientCredentials withScope(List<String> other) {
      return new ClientCredentials(issuer, audience, resource, other, extraParameters);
    }
  }

  /**
   * RFC 7523 §2.1: the user's token, or another, as an assertion.
   *
   * @param assertionFile null: the user's token
   */
  record JwtBearer(
      @Key(doc = "name of the issuer", derived = "the only one") String issuer,
      @Key(doc = "`audience`, one or a list") List<String> audience,
      @Key(doc = "`resource`, one or a list; `[]` leaves it out", derived = "the server's `url`")
          List<URI> resource,
      @Key(doc = "`scope`, text or list", form = Form.SCOPE) List<String> scope,
      @Key(
              doc = "file with the `assertion`, instead of the user's token; no user is needed",
              form = Form.SECRET_FILE)
          @Nullable Path assertionFile,
      @Key(doc = "name of the grant whose token is the `assertion`, instead of the user's own")
          @Nullable String subjectTokenFrom,
      @Key(doc = "further form fields; never a name that the grant itself sends")
          Map<String, String> extraParameters)
      implements Asking {
    public JwtBearer {
      audience = List.copyOf(audience);
      resource = List.copyOf(resource);
      scope = List.copyOf(scope);
      extraParameters = Map.copyOf(extraParameters);
    }

    @Override
    public boolean needsUser() {
      return assertionFile == null;
    }

    @Override
    public List<Path> files() {
      return assertionFile == null ? List.of() : List.of(assertionFile);
    }

    @Override
    public JwtBearer withScope(List<String> other) {
      return new JwtBearer(
          issuer, audience, resource, other, assertionFile, subjectTokenFrom, extraParameters);
    }
  }

  /**
   * An identity assertion of the user's issuer, exchanged at the server's issuer
   * (draft-ietf-oauth-identity-assertion-authz-grant).
   *
   * @param audience identifier of the server's issuer, as the user's issuer knows it
   * @param resource never empty
   */
  record IdJag(
      @Key(
              doc = "name of the server's issuer, which is shown the assertion; required",
              derived = "the first of `discovery.issuers`")
          String issuer,
      @Key(doc = "name of the user's issuer, which makes the assertion") String identityIssuer,
      @Key(
              doc =
                  "`audience` at the user's issuer, one or a list; not where `discovery.issuers` names several",
              derived = "the `issuer` of the server's issuer")
          List<String> audience,
      @Key(
              doc = "`resource` at the user's issuer, one or a list",
              derived = "the server's `url`",
              filled = true)
          List<URI> resource,
      @Key(doc = "`scope` at both, text or list", form = Form.SCOPE) List<String> scope,
      @Key(
              doc = "`subject_token_type`, short name or URN",
              initial = "id_token",
              form = Form.TOKEN_TYPE)
          String subjectTokenType,
      @Key(doc = "name of the grant whose token is the `subject_token`, instead of the user's own")
          @Nullable String subjectTokenFrom,
      @Key(
              doc =
                  "further form fields at the user's issuer; never a name that the grant itself sends")
          Map<String, String> extraParameters)
      implements Asking {
    public IdJag {
      audience = List.copyOf(audience);
      resource = List.copyOf(resource);
      scope = List.copyOf(scope);
      extraParameters = Map.copyOf(extraParameters);
    }

    @Override
    public boolean needsUser() {
      return true;
    }

    @Override
    public @Nullable String userIssuer() {
      return subjectTokenFrom == null ? identityIssuer : null;
    }

    @Override
    public IdJag withScope(List<String> other) {
      return new IdJag(
          issuer,
          identityIssuer,
          audience,
          resource,
          other,
          subjectTokenType,
          subjectTokenFrom,
          extraParameters);
    }

    /**
     * This grant with another of the server's issuers, and with the identifier of that one where
     * {@code audience} is this one's.
     */
    public IdJag at(IssuerConfig own, IssuerConfig other) {
      boolean usual = audience.equals(List.of(own.issuer().toString()));
      return new IdJag(
          other.name(),
          identityIssuer,
          usual ? List.of(other.issuer().toString()) : audience,
          resource,
          scope,
          subjectTokenType,
          subjectTokenFrom,
          extraParameters);
    }

    /** The first leg, which gets the assertion. */
    public TokenExchange identityAssertion() {
      return new TokenExchange(
          identityIssuer,
          audience,
          resource,
          scope,
          TokenTypes.ID_JAG,
          subjectTokenType,
          null,
          subjectTokenFrom,
          null,
          null,
          null,
          extraParameters);
    }
  }

  /**
   * A token of a third party that the issuer keeps for the user.
   *
   * @param endpoint where it is fetched with the user's token as a bearer; null: it is exchanged at
   *     the token endpoint
   * @param grantType sent where there is no {@code endpoint}
   */
  record BrokeredToken(
      @Key(doc = "name of the issuer", derived = "the only one") String issuer,
      @Key(
              doc =
                  "URL from which the token is fetched with the user's token as a bearer; without it, it is exchanged at the token endpoint",
              form = Form.ENDPOINT)
          @Nullable URI endpoint,
      @Key(
              doc = "`grant_type` of the exchange",
              initial = "urn:ietf:params:oauth:grant-type:token-exchange")
          String grantType,
      @Key(doc = "`audience`, one or a list") List<String> audience,
      @Key(doc = "`resource`, one or a list") List<URI> resource,
      @Key(doc = "`scope`, text or list", form = Form.SCOPE) List<String> scope,
      @Key(doc = "`requested_token_type`, short name or URN", form = Form.TOKEN_TYPE)
          @Nullable String requestedTokenType,
      @Key(
              doc = "`subject_token_type`, short name or URN",
              initial = "access_token",
              form = Form.TOKEN_TYPE)
          String subjectTokenType,
      @Key(doc = "name of the grant whose token takes the place of the user's")
          @Nullable String subjectTokenFrom,
      @Key(doc = "further form fields; never a name that the grant itself sends")
          Map<String, String> extraParameters)
      implements Asking {
    public BrokeredToken {
      audience = List.copyOf(audience);
      resource = List.copyOf(resource);
      scope = List.copyOf(scope);
      extraParameters = Map.copyOf(extraParameters);
    }

    @Override
    public boolean needsUser() {
      return true;
    }

    @Override
    public BrokeredToken withScope(List<String> other) {
      return new BrokeredToken(
          issuer,
          endpoint,
          grantType,
          audience,
          resource,
          other,
          requestedTokenType,
          subjectTokenType,
          subjectTokenFrom,
          extraParameters);
    }
  }

  /**
   * A token of a token broker, which may ask the user for consent first.
   *
   * @param url the broker; {@code /sessions/token} is appended
   * @param maxWait longer than any call of the agent: a later call finds what came meanwhile
   * @param authorizationEndpoint null: the broker finds it
   * @param tokenEndpoint null: the broker finds it
   */
  record TokenBroker(
      @Key(doc = "the broker's base URL", form = Form.ENDPOINT) URI url,
      @Key(
              doc = "how long the broker may take, which is how long a user may think",
              initial = "300s",
              min = "1s",
              max = "10m")
          Duration maxWait,
      @Key(doc = "the server's authorization endpoint, for the broker", form = Form.ENDPOINT)
          @Nullable URI authorizationEndpoint,
      @Key(doc = "the server's token endpoint, for the broker", form = Form.ENDPOINT)
          @Nullable URI tokenEndpoint,
      @Key(doc = "accept plain http, with a warning; loopback needs it too", initial = "false")
          boolean allowHttp,
      @Key(doc = "trust for connections to it", without = "server_name") TlsConfig tls,
      @Key(doc = "calls at a time", initial = "64", min = "1", max = "1024") int maxInFlight)
      implements GrantConfig {
    @Override
    public boolean needsUser() {
      return true;
    }

    @Override
    public List<Path> files() {
      return tls.files().toList();
    }
  }

  /** A token from a file, which is read again when it changes. */
  record Static(
      @Key(doc = "file with the token", form = Form.SECRET_FILE) Path tokenFile,
      @Key(doc = "written before the token", initial = "Bearer") String scheme)
      implements GrantConfig {
    @Override
    public boolean needsUser() {
      return false;
    }

    @Override
    public boolean renewable() {
      return false;
    }

    @Override
    public List<Path> files() {
      return List.of(tokenFile);
    }
  }

  /** A public server: the user token is removed, nothing is added. */
  record None() implements GrantConfig {
    @Override
    public boolean needsUser() {
      return false;
    }

    @Override
    public boolean renewable() {
      return false;
    }
  }

  /** Every call is refused. */
  record Refuse() implements GrantConfig {
    @Override
    public boolean needsUser() {
      return false;
    }

    @Override
    public boolean renewable() {
      return false;
    }
  }
}
