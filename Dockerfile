# valetkey's image: its jar, a Java runtime with only the modules it needs, and the AOT cache of both. Build the jar first:
#   mvn -q -pl server -am -DskipTests package && docker build -t valetkey:0.1.0 .
# Runs as uid 1337 and needs no shell, no capability and nothing writable but the folder of its sockets, /run/valetkey,
# and, where TLS is opened, the agent's trust folder, /run/valetkey-trust.
# Any base with glibc will do, a distroless one too: --build-arg BASE_IMAGE=...
ARG JDK_IMAGE=eclipse-temurin:25-jdk
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${JDK_IMAGE} AS build
WORKDIR /opt/valetkey
# java.naming: certificates name their issuers in its syntax; java.management: heap sizes; jdk.unsupported: Netty and protobuf.
RUN jlink --output runtime --no-header-files --no-man-pages --strip-java-debug-attributes --compress zip-6 \
    --add-modules java.base,java.logging,java.management,java.naming,java.net.http,jdk.httpserver,jdk.unsupported
COPY server/target/valetkey.jar server/src/main/launcher/jvm.options ./
# Netty looks for its natives beside the JVM's own before it unpacks them from the jar, which a read-only root would not allow.
RUN jar -xf valetkey.jar META-INF/native && mv META-INF/native/*.so runtime/lib/ && rm -r META-INF
# The JVM accepts the cache only with this runtime, this jar at this path, and the flags of jvm.options.
RUN MALLOC_ARENA_MAX=1 runtime/bin/java @jvm.options -XX:AOTCacheOutput=/opt/valetkey/valetkey.aot \
    -cp /opt/valetkey/valetkey.jar dev.valetkey.cli.training.Training >/dev/null
RUN mkdir -p /image/run/valetkey /image/run/valetkey-trust /image/etc/valetkey

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="valetkey" \
      org.opencontainers.image.description="Envoy ext_authz sidecar: a token of its own for each MCP server and user" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /opt/valetkey /opt/valetkey
COPY --from=build --chown=1337:1337 /image/run/valetkey /run/valetkey
COPY --from=build --chown=1337:1337 /image/run/valetkey-trust /run/valetkey-trust
COPY --from=build /image/etc/valetkey /etc/valetkey
COPY LICENSE /opt/valetkey/
# One malloc arena: glibc would keep one per thread, some 10 MiB of memory for nothing.
ENV MALLOC_ARENA_MAX=1
USER 1337:1337
EXPOSE 9464
ENTRYPOINT ["/opt/valetkey/runtime/bin/java", "@/opt/valetkey/jvm.options", "-XX:AOTCache=/opt/valetkey/valetkey.aot", "-jar", "/opt/valetkey/valetkey.jar"]
CMD ["serve"]
