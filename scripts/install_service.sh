#!/usr/bin/env bash
# Install edge as a service of this machine, under systemd. Called by `make install-service`;
# DESTDIR=FOLDER installs into that folder, and starts nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
stop() { echo "install-service: $*" >&2; exit 2; }

root=${DESTDIR:-}
[ -n "$root" ] || [ "$(id -u)" = 0 ] || stop "needs root: sudo make install-service"
[ -n "$root" ] || command -v systemctl >/dev/null || stop "there is no systemd here"
case "$PWD" in /root/* | /tmp/*) [ -n "$root" ] || stop "the service's user can't reach $PWD: move the checkout to /opt/edge" ;; esac
[ -x .venv/bin/edge ] || stop "make install first"

config=/etc/edge/config.yaml
mkdir -p "$root/etc/edge" "$root/etc/systemd/system"
[ -e "$root$config" ] || cp config.yaml "$root$config"
if [ ! -e "$root/etc/edge/environment" ]; then
    (umask 077; echo "# EDGE_TOKEN=…" > "$root/etc/edge/environment")
fi
sed -e "s|@EDGE@|$PWD/.venv/bin/edge|" -e "s|@CONFIG@|$config|" packaging/edge.service \
    > "$root/etc/systemd/system/edge.service"
[ -z "$root" ] || exit 0
systemctl daemon-reload
systemctl enable --now edge.service
echo "edge runs: its settings are $config, its log is journalctl -u edge, its page is" \
    "http://127.0.0.1:8765/"
