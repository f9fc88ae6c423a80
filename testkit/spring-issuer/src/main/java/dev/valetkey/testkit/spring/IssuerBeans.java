package dev.valetkey.testkit.spring;

import static org.springframework.security.config.Customizer.withDefaults;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import java.net.MalformedURLException;
import java.net.URI;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.config.annotation.web.configuration.OAuth2AuthorizationServerConfiguration;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.server.authorization.client.InMemoryRegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.settings.AuthorizationServerSettings;
import org.springframework.security.oauth2.server.authorization.token.JwtEncodingContext;
import org.springframework.security.oauth2.server.authorization.token.OAuth2TokenCustomizer;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.context.HttpSessionSecurityContextRepository;

/** What Spring builds the issuer from. */
@Configuration
@EnableWebSecurity
public class IssuerBeans {
  /** The system property that holds the issuer identifier. */
  static final String ISSUER = "spring.issuer";

  /**
   * Users sign in anywhere by HTTP Basic and have a session then: the authorization endpoint comes
   * before Basic in Spring's order.
   */
  @Bean
  SecurityFilterChain endpoints(HttpSecurity http) {
    return http.oauth2AuthorizationServer(server -> server.oidc(withDefaults()))
        .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
        .httpBasic(
            basic -> basic.securityContextRepository(new HttpSessionSecurityContextRepository()))
        .build();
  }

  @Bean
  AuthorizationServerSettings settings() {
    return AuthorizationServerSettings.builder().issuer(issuer()).build();
  }

  @Bean
  RegisteredClientRepository clients() {
    return new InMemoryRegisteredClientRepository(Clients.all());
  }

  /** Every name is a user's. */
  @Bean
  UserDetailsService users() {
    return name ->
        User.withUsername(name)
            .password("{noop}CANARY-" + name + "-password")
            .roles("user")
            .build();
  }

  @Bean
  JWKSource<SecurityContext> keys() throws JOSEException {
    return new ImmutableJWKSet<>(new JWKSet(new RSAKeyGenerator(2048).keyID("spring").generate()));
  }

  @Bean
  JwtDecoder ownTokens(JWKSource<SecurityContext> keys) {
    return OAuth2AuthorizationServerConfiguration.jwtDecoder(keys);
  }

  @Bean
  OAuth2TokenCustomizer<JwtEncodingContext> claims() throws MalformedURLException {
    return new Claims(URI.create(issuer()).toURL());
  }

  private static String issuer() {
    return System.getProperty(ISSUER, "");
  }
}
