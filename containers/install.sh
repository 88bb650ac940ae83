#!/bin/sh
# Installs the programs that haproof's labs run. Idempotent, quick when all is
# there. Usage: install.sh demo|test|bench
#   demo  what one engine needs: mmdebstrap where a Docker daemon answers and no
#         registry does, else haproxy, nginx and php-fpm
#   test  what both engines need, and what tests of the tracker do: PostgreSQL,
#         a browser, openssl, curl and sqlite3
#   bench what make bench-driver compares: haproxy, and the clients wrk and h2load
# Exit codes: 0 all there; 3 something is missing and could not be installed.
set -eu

say() { printf '%s\n' "install: $*" >&2; }

# have PROGRAM: on PATH, or where Debian keeps daemons.
have() {
	command -v "$1" >/dev/null 2>&1 || [ -n "$(find /usr/sbin /usr/local/sbin -maxdepth 1 -name "$1*" 2>/dev/null | head -n 1)" ]
}

docker_answers() {
	command -v docker >/dev/null 2>&1 && timeout 5 docker version >/dev/null 2>&1
}

images_present() {
	[ -n "$(timeout 5 docker images -q --filter label=haproof=image haproof/web 2>/dev/null)" ]
}

registry_answers() {
	timeout 60 docker pull -q debian:bookworm-slim >/dev/null 2>&1 # which the images are then built from
}

packages=""
need() { have "$1" || packages="$packages $2"; }

process_engine() { need haproxy haproxy; need nginx nginx-light; need php-fpm php-fpm; }
docker_engine() { images_present || have mmdebstrap || registry_answers || need mmdebstrap mmdebstrap; }

has_postgresql() {
	command -v initdb >/dev/null 2>&1 || [ -n "$(find /usr/lib/postgresql -name initdb 2>/dev/null | head -n 1)" ]
}

tracker_tests() {
	has_postgresql || packages="$packages postgresql"
	need chromium chromium
	need openssl openssl
	need curl curl
	need sqlite3 sqlite3
}

case "${1:-}" in
demo) if docker_answers; then docker_engine; else process_engine; fi ;;
test) process_engine; if docker_answers; then docker_engine; fi; tracker_tests ;;
bench) need haproxy haproxy; need wrk wrk; need h2load nghttp2-client; need taskset util-linux ;;
*) say "usage: install.sh demo|test|bench"; exit 3 ;;
esac

[ -n "$packages" ] || exit 0

command_line="apt-get update && apt-get install -y --no-install-recommends$packages"
if ! command -v apt-get >/dev/null 2>&1; then
	say "missing:$packages. This is no Debian-like machine: install them by its own means and run make again."
	exit 3
fi
if [ "$(id -u)" -ne 0 ]; then
	say "missing:$packages. Run this as root, then make again:"
	say "  sudo sh -c '$command_line'"
	exit 3
fi
say "installing$packages"
# A policy that says no keeps the packages from starting daemons of their own.
policy=/usr/sbin/policy-rc.d
log=$(mktemp)
ours=$log
trap 'rm -f $ours' EXIT
trap 'exit 130' INT TERM HUP # a shell that dies of a signal runs no EXIT trap
if [ ! -e "$policy" ]; then
	ours="$log $policy"
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
fi
if ! DEBIAN_FRONTEND=noninteractive sh -c "$command_line" >"$log" 2>&1; then
	cat "$log" >&2
	say "could not install$packages; see above"
	exit 3
fi
