package dev.valetkey.cli.training;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import javax.net.ssl.SSLContext;

/**
 * As much of an issuer as a training run needs: metadata, one key, and a token for whoever asks. It
 * listens on loopback and lives as long as the run; its tokens open nothing.
 */
final class MadeUpIssuer implements AutoCloseable {
  /** In every issued token, after its second dot. */
  static final String MARK = ".made-up";

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private final HttpsServer server;
  private final KeyPair key;

  private MadeUpIssuer(HttpsServer server, KeyPair key) {
    this.server = server;
    this.key = key;
  }

  static MadeUpIssuer start(SSLContext tls) throws IOException, GeneralSecurityException {
    KeyPairGenerator keys = KeyPairGenerator.getInstance("RSA");
    keys.initialize(2048);
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    MadeUpIssuer issuer = new MadeUpIssuer(server, keys.generateKeyPair());
    server.createContext("/", issuer::answer);
    server.start();
    return issuer;
  }

  String uri() {
    return "https://localhost:" + server.getAddress().getPort();
  }

  /** A token of the only user, signed with RS256. */
  String userToken(String session) throws GeneralSecurityException {
    String signed =
        encode("{\"alg\":\"RS256\",\"kid\":\"1\",\"typ\":\"at+jwt\"}") + "." + claims(session);
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(key.getPrivate());
    signature.update(signed.getBytes(UTF_8));
    return signed + "." + BASE64.encodeToString(signature.sign());
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      String answer =
          switch (exchange.getRequestURI().getPath()) {
            case "/token" -> token();
            case "/keys" -> keys();
            default -> metadata();
          };
      byte[] body = answer.getBytes(UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private String metadata() {
    return """
    {"issuer": "%1$s", "token_endpoint": "%1$s/token", "jwks_uri": "%1$s/keys",
     "token_endpoint_auth_methods_supported": ["client_secret_basic"]}
    """
        .formatted(uri());
  }

  /** Its own key, and those of RFC 7517 A.1 and RFC 8037 A.2: all kinds are read at start. */
  private String keys() {
    RSAPublicKey open = (RSAPublicKey) key.getPublic();
    return """
    {"keys": [
      {"kty": "RSA", "use": "sig", "kid": "1", "alg": "RS256", "n": "%s", "e": "%s"},
      {"kty": "EC", "crv": "P-256", "kid": "2", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
       "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
      {"kty": "OKP", "crv": "Ed25519", "kid": "3", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwaaPJHURo"}]}
    """
        .formatted(unsigned(open.getModulus()), unsigned(open.getPublicExponent()));
  }

  /** RFC 8693 §2.2.1. */
  private String token() {
    return """
    {"access_token": "%s", "token_type": "Bearer", "expires_in": 300, "scope": "training",
     "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
    """
        .formatted(encode("{\"alg\":\"none\"}") + "." + claims("issued") + MARK);
  }

  private String claims(String session) {
    return encode(
        """
        {"iss": "%s", "sub": "user", "aud": "training", "sid": "%s", "scope": "training", "exp": %d}
        """
            .formatted(uri(), session, Instant.now().getEpochSecond() + 3600));
  }

  private static String encode(String json) {
    return BASE64.encodeToString(json.getBytes(UTF_8));
  }

  /** RFC 7518 §2: big-endian without a leading zero octet. */
  private static String unsigned(BigInteger number) {
    byte[] bytes = number.toByteArray();
    return BASE64.encodeToString(
        bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes);
  }
}
