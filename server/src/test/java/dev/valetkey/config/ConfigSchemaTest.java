package dev.valetkey.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** An editor that checks the file by the schema says what the reader says. */
class ConfigSchemaTest {

  private static final Schema SCHEMA =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(ConfigSchema.json());

  @TempDir private Path temp;

  @Test
  void theSchemaIsTheSameEachTime() {
    assertThat(ConfigSchema.json()).isEqualTo(ConfigSchema.json());
  }

  @Test
  void goodFilesAreGoodForBoth() {
    for (String text : List.of(ConfigFolder.SMALLEST, EveryKey.TEXT)) {
      assertThat(new ConfigFolder(temp).problems(text)).isEmpty();
      assertThat(schemaProblems(text)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "colour: red",
        "servers: {}",
        "users: []\nservers: {a: {grant: none}}",
        "audit: {hits: all}",
        "audit: summary",
        "cache: {max_entries: -1}",
        "cache: {max_entries: 1000001}",
        "cache: {max_entries: ten}",
        "cache: {max_entries: 1.5}",
        "cache: {max_bytes: 64}",
        "cache: {max_bytes: 64MB}",
        "listen: {socket_mode: 660}",
        "listen: {socket_mode: \"0980\"}",
        "listen: {allowed_uids: [-1]}",
        "listen: {allowed_uids: []}",
        "listen: {socket: \"\"}",
        "listen: {socket: 5}",
        "admin: {address: localhost}",
        "user_token: {from: cookie}",
        "user_token: {from: \"header:X-Upper\"}",
        "user_token: {from: []}",
        "unlisted_hosts: pass",
        "issuers: {Corp: {issuer: \"https://idp.example\"}}",
        "issuers: {corp: {issuer: \"https://idp.example\", allow_http: no}}",
        "issuers: {corp: {issuer: \"https://idp.example\", timeout: 8}}",
        "issuers: {corp: {issuer: \"https://idp.example\", client_id: 5}}",
        "issuers: {corp: {issuer: \"https://idp.example\", tls: {server_name: a}}}",
        "issuers: {corp: {}}",
        "issuers: {corp: null}",
        "users: [{issuer: corp, algorithms: none}]",
        "users: [{issuer: corp, audience: []}]",
        "users: {issuer: corp}",
        "servers: {a: {url: \"https://a.example\", grant: maybe}}",
        "servers: {a: {url: \"https://a.example\", grant: static}}",
        "servers: {a: {url: \"https://a.example\", grant: {type: none, audience: x}}}",
        "servers: {a: {url: \"https://a.example\", grant: {type: id_jag}}}",
        "servers: {a: {url: \"https://a.example\", grant: {audience: x, tools: y}}}",
        "servers: {a: {url: \"https://a.example\", grant: {scope: \"a\\\\b\"}}}",
        "servers: {a: {url: \"https://a.example\", grant: {scope: \"\"}}}",
        "servers: {a: {url: \"https://a.example\", grant: {extra_parameters: {a: 1}}}}",
        "servers: {a: {url: \"https://a.example\"}}",
        "servers: [a]",
        "issuers: {corp: {issuer: \"https://idp.example\", profile: keykloak}}",
        "issuers: {corp: {issuer: \"https://idp.example\", client_assertion_audience: both}}",
        "issuers: {corp: {issuer: \"https://idp.example\", errors: {a: 1}}}",
        "issuers: {corp: {issuer: \"https://idp.example\", dpop_bound_access_tokens: on}}",
        "grants: {a: allow}",
        "grants: {A: {audience: x}}",
        "grants: {a: {type: id_jag}}",
        "servers: {a: {url: \"https://a.example\", grant: {type: token_broker}}}",
        "servers: {a: {url: \"https://a.example\", grant: {type: jwt_bearer, actor_token_file: x}}}",
        "servers: {a: {url: \"https://a.example\", grant: {type: id_jag, identity_issuer: b, issuer: c, resource: []}}}",
        "servers: {a: {url: \"https://a.example\", grant: {type: token_broker, url: \"https://b.example\", max_in_flight: 0}}}",
        "servers: {a: {url: \"https://a.example\", grant: none, tools: [{name: x}]}}",
        "servers: {a: {url: \"https://a.example\", grant: none, discovery: {issuers: []}}}",
        "servers: {a: {url: \"https://a.example\", grant: {audience: x}, expect: {token_type: maybe}}}",
      })
  void badFilesAreBadForBoth(String text) {
    assertThat(new ConfigFolder(temp).problems(text)).isNotEmpty();
    assertThat(
            schemaProblems(
                text.contains("servers:") ? text : text + "\nservers: {a: {url: u, grant: none}}"))
        .isNotEmpty();
  }

  private static List<?> schemaProblems(String yaml) {
    Object tree = new Load(LoadSettings.builder().build()).loadFromString(yaml);
    return SCHEMA.validate(json(tree).toString(), InputFormat.JSON);
  }

  private static JsonElement json(Object tree) {
    return switch (tree) {
      case Map<?, ?> map -> {
        JsonObject object = new JsonObject();
        map.forEach((key, value) -> object.add(key.toString(), json(value)));
        yield object;
      }
      case List<?> list -> {
        JsonArray array = new JsonArray();
        list.forEach(element -> array.add(json(element)));
        yield array;
      }
      case Boolean flag -> new JsonPrimitive(flag);
      case Number number -> new JsonPrimitive(number);
      case String text -> new JsonPrimitive(text);
      case null, default -> com.google.gson.JsonNull.INSTANCE;
    };
  }
}
