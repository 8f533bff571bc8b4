#!/bin/sh
# Makes at the first start what a person would otherwise have to: a TLS certificate and the secrets of the system.
# Nothing that is there is replaced, except a certificate of our own making that ends within 30 days.
#
#   DOMAIN         the name or address under which the system is reached
#   CERTIFICATES   folder for fullchain.pem and privkey.pem, read by Nginx (user 101)
#   SECRETS        folder for edge_token (of edges), bot_token (of the bot, an operator) and hub_tokens (both, as the hub
#                  reads them), all of user 10001; metrics_token (hub, and Prometheus as group 65534);
#                  grafana_password (user 472)
set -eu
umask 077

DOMAIN=${DOMAIN:-localhost}
CERTIFICATES=${CERTIFICATES:-/certificates}
SECRETS=${SECRETS:-/secrets}

alternative_names() {
  case $DOMAIN in
    *[!0-9.]*) echo "DNS:$DOMAIN,DNS:localhost,IP:127.0.0.1" ;;
    *) echo "IP:$DOMAIN,DNS:localhost,IP:127.0.0.1" ;;
  esac
}

certificate_is_good() {
  [ -s "$CERTIFICATES/fullchain.pem" ] && [ -s "$CERTIFICATES/privkey.pem" ] || return 1
  [ -e "$CERTIFICATES/self-signed" ] || return 0 # somebody else's, such as one from an ACME authority
  openssl x509 -in "$CERTIFICATES/fullchain.pem" -noout -checkend 2592000 >/dev/null || return 1
  [ "$(cat "$CERTIFICATES/self-signed")" = "$DOMAIN" ]
}

make_certificate() {
  echo "making a self-signed certificate for $DOMAIN"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -sha256 -nodes -days 397 \
    -subj "/CN=$DOMAIN" -addext "subjectAltName=$(alternative_names)" -addext "extendedKeyUsage=serverAuth" \
    -keyout "$CERTIFICATES/privkey.new" -out "$CERTIFICATES/fullchain.new" 2>/dev/null
  mv "$CERTIFICATES/privkey.new" "$CERTIFICATES/privkey.pem"
  mv "$CERTIFICATES/fullchain.new" "$CERTIFICATES/fullchain.pem"
  echo "$DOMAIN" >"$CERTIFICATES/self-signed"
  chmod 0644 "$CERTIFICATES/fullchain.pem"
}

make_secret() { # make_secret NAME MODE
  [ -s "$SECRETS/$1" ] && return 0
  echo "making $1"
  openssl rand -hex 32 >"$SECRETS/$1.new"
  chmod "$2" "$SECRETS/$1.new"
  mv "$SECRETS/$1.new" "$SECRETS/$1"
}

write_hub_tokens() { # as AIMONITOR_TOKENS has them: one for any edge, one for a program that is an operator
  wanted="$(cat "$SECRETS/edge_token"),@operator:$(cat "$SECRETS/bot_token")"
  [ "$(cat "$SECRETS/hub_tokens" 2>/dev/null)" = "$wanted" ] && return 0
  echo "$wanted" >"$SECRETS/hub_tokens.new"
  chmod 0400 "$SECRETS/hub_tokens.new"
  mv "$SECRETS/hub_tokens.new" "$SECRETS/hub_tokens"
}

give() { # give OWNER PATH...: only root can, and only root has to
  [ "$(id -u)" -eq 0 ] || return 0
  owner=$1
  shift
  chown "$owner" "$@"
}

certificate_is_good || make_certificate
make_secret edge_token 0400
make_secret bot_token 0400
write_hub_tokens
make_secret metrics_token 0440
make_secret grafana_password 0400
give 101:101 "$CERTIFICATES" "$CERTIFICATES/fullchain.pem" "$CERTIFICATES/privkey.pem"
give 10001:10001 "$SECRETS/edge_token" "$SECRETS/bot_token" "$SECRETS/hub_tokens"
give 10001:65534 "$SECRETS/metrics_token"
give 472:472 "$SECRETS/grafana_password"
