#!/bin/bash
# Runs PHP and nginx as one node: when either ends, so does the node.
set -u
dir=$(cd "$(dirname "$0")" && pwd) && cd "$dir" || exit 1

# php-fpm's name bears its version: php-fpm8.2.
fpm=$(IFS=:; for d in $PATH; do ls "$d"/php-fpm "$d"/php-fpm[0-9]*; done 2>/dev/null | tail -n 1)
[ -n "$fpm" ] || { echo "php-fpm is not on PATH=$PATH" >&2; exit 127; }

# Without the machine's own php.ini, so that all labs are alike. Scripts are
# compiled once: they never change here.
php=("$fpm" -n -d zend_extension=opcache.so -d opcache.memory_consumption=16
	-d opcache.validate_timestamps=0 -d opcache.file_update_protection=0
	-d display_errors=0 -d log_errors=1)
{ nginx -v; "${php[@]}" -v; } >version.txt 2>&1

user=
[ "$(id -u)" != 0 ] || user='user root;'
mkdir -p tmp

"${php[@]}" --nodaemonize --allow-to-run-as-root --fpm-config "$dir/php-fpm.conf" &
fpm=$!
nginx -p "$dir" -c "$dir/nginx.conf" -e stderr -g "daemon off; $user" &
nginx=$!
trap 'kill -TERM "$fpm" "$nginx" 2>/dev/null' TERM INT

wait -n
status=$?
kill -TERM "$fpm" "$nginx" 2>/dev/null
wait
exit "$status"
