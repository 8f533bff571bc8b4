#!/bin/sh
# Starts Nginx as process 1, told which name server this container has (Docker's and Podman's differ), and lets it
# read its certificate again twice a day, so that a renewed one needs nobody.
set -eu
server=$(awk '$1 == "nameserver" { print ($2 ~ /:/ ? "[" $2 "]" : $2); exit }' /etc/resolv.conf)
echo "resolver ${server:?no name server in /etc/resolv.conf} valid=2s;" >/tmp/resolver.conf
(while sleep 43200; do nginx -c /etc/aimonitor/nginx.conf -s reload; done) &
exec nginx -c /etc/aimonitor/nginx.conf -g 'daemon off;'
