#!/usr/bin/env bash
# A real Keycloak with the realm of realm-valetkey.json, over http and https, on 127.0.0.1. Idempotent.
#   eval "$(keycloak-up.sh)"     start if it is not running; prints export lines on stdout, progress on stderr
#   keycloak-up.sh down          stop it        keycloak-up.sh reset     stop, start from the fresh realm
# The first run fetches, builds and imports (minutes); later runs start from a copy of that state (some 15-25 s on two cores).
set -euo pipefail

VERSION=26.7.3
HERE=$(cd "$(dirname "$0")" && pwd)
REALM=${KEYCLOAK_REALM_FILE:-$HERE/../src/main/resources/dev/valetkey/testkit/realm-valetkey.json}
HTTP=${KEYCLOAK_HTTP_PORT:-28080} HTTPS=${KEYCLOAK_HTTPS_PORT:-28443}
CACHE=${VALETKEY_CACHE:-$HOME/.cache/valetkey}
HOME_DIR=$CACHE/keycloak-$VERSION
SEED=$HOME_DIR/seed-$(cat "$REALM" "$0" | sha256sum | cut -c1-12)
PID=$HOME_DIR/pid LOG=$HOME_DIR/log
URL=http://127.0.0.1:$HTTP

say() { echo "keycloak-up: $*" >&2; }
die() { say "$*"; exit 1; }
ready() { curl -sf -o /dev/null --max-time 5 "$URL/realms/valetkey/.well-known/openid-configuration"; }
stop() {
  [ -f "$PID" ] || return 0
  local p; p=$(cat "$PID"); rm -f "$PID"
  kill "$p" 2>/dev/null || return 0
  for _ in $(seq 100); do kill -0 "$p" 2>/dev/null || return 0; sleep 0.2; done
  kill -9 "$p"
}
java_home() { # any JDK from 17 on
  for d in "${JAVA_HOME:-}" /usr/lib/jvm/*25* /usr/lib/jvm/*21* /usr/lib/jvm/*17*; do
    [ -x "$d/bin/java" ] && "$d/bin/java" -version 2>&1 | grep -qE 'version "(1[7-9]|[2-9][0-9])' && { echo "$d"; return; }
  done
  die "no JDK 17 or newer found"
}
start() { # further arguments for Keycloak
  KC_BOOTSTRAP_ADMIN_USERNAME=admin KC_BOOTSTRAP_ADMIN_PASSWORD=admin \
  JAVA_OPTS="-Xms256m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError" \
    setsid "$HOME_DIR/bin/kc.sh" start --optimized --cache=local --hostname-strict=false --http-enabled=true --http-host=127.0.0.1 \
      --http-port="$HTTP" --https-port="$HTTPS" --https-certificate-file="$HOME_DIR/tls/tls.crt" \
      --https-certificate-key-file="$HOME_DIR/tls/tls.key" "$@" >"$LOG" 2>&1 </dev/null 9>&- &
  echo $! >"$PID"
  for _ in $(seq 600); do
    ready && return
    kill -0 "$(cat "$PID")" 2>/dev/null || { tail -20 "$LOG" >&2; rm -f "$PID"; die "it did not start"; }
    sleep 0.3
  done
  die "it did not become ready: $LOG"
}

mkdir -p "$CACHE"; exec 9>"$CACHE/keycloak.lock"; flock 9   # two callers at once: the second finds it running
case "${1:-}" in
  down) stop; exit 0 ;;
  reset) stop ;;
  '') ;;
  *) die "usage: keycloak-up.sh [down|reset]" ;;
esac

# one that runs another realm file is replaced
if ! { [ "$(cat "$HOME_DIR/running" 2>/dev/null)" = "$SEED" ] && [ -f "$PID" ] && kill -0 "$(cat "$PID")" 2>/dev/null && ready; }; then
  stop
  JAVA_HOME=$(java_home); export JAVA_HOME
  if [ ! -x "$HOME_DIR/bin/kc.sh" ]; then
    say "fetching Keycloak $VERSION"
    mkdir -p "$CACHE"; tmp=$(mktemp -d "$CACHE/kc.XXXX")
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy -Dartifact=org.keycloak:keycloak-quarkus-dist:$VERSION:tar.gz -DoutputDirectory="$tmp" >&2
    mkdir "$tmp/kc"; tar xzf "$tmp"/*.tar.gz -C "$tmp/kc" --strip-components=1
    mv "$tmp/kc" "$HOME_DIR"; rm -rf "$tmp"
  fi
  if [ ! -f "$HOME_DIR/tls/tls.crt" ]; then
    mkdir -p "$HOME_DIR/tls"; cd "$HOME_DIR/tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=valetkey test CA' -keyout ca.key -out ca.crt \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout tls.key -out tls.csr 2>/dev/null
    openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 -out tls.crt \
      -extfile <(printf 'subjectAltName=DNS:localhost,DNS:keycloak,IP:127.0.0.1') 2>/dev/null
    cd - >/dev/null
  fi
  if [ ! -d "$SEED" ]; then
    [ -f "$HOME_DIR/built" ] || { say "building"; "$HOME_DIR/bin/kc.sh" build --db=dev-file >"$LOG" 2>&1 || { tail -20 "$LOG" >&2; die "build failed"; }; touch "$HOME_DIR/built"; }
    say "importing the realm"
    rm -rf "$HOME_DIR"/data "$HOME_DIR"/seed-*; mkdir -p "$HOME_DIR/data/import"; cp "$REALM" "$HOME_DIR/data/import/"
    start --import-realm
    stop
    cp -a "$HOME_DIR/data" "$SEED"
  fi
  say "starting"
  rm -rf "$HOME_DIR/data"; cp -a "$SEED" "$HOME_DIR/data"
  start
  echo "$SEED" >"$HOME_DIR/running"
fi
say "ready: $(grep -oE 'started in [0-9.]+s' "$LOG" || true)"
echo "export KEYCLOAK_URL=$URL"
echo "export KEYCLOAK_HTTPS_URL=https://localhost:$HTTPS"
echo "export KEYCLOAK_CA=$HOME_DIR/tls/ca.crt"
