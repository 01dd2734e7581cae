#!/usr/bin/env bash
# Prove that a newcomer needs only Python, git and make: run make targets on a fresh clone of this
# checkout (what is committed) in a bare Debian root, which has no compiler, camera, sound or
# display. Needs root and debootstrap (apt-get install debootstrap).
#
#   scripts/bare_debian.sh [TARGET…]      default: demo test
#
# ROOT=FOLDER      where the root is, made if it isn't there; else a temporary one, removed at the end
# SUITE, MIRROR    of Debian; default bookworm, from debootstrap's own mirror
# CARRY="FILE…"    more files of this machine that the network there takes, such as certificates
# How to reach the network goes along: resolv.conf, hosts, pip.conf, the certificates and proxies
# that the environment names.
set -euo pipefail
checkout=$(cd "$(dirname "$0")/.." && pwd)
targets=("${@:-demo test}")

if [ -z "${ROOT:-}" ]; then
    ROOT=$(mktemp -d)
    trap 'rm -rf --one-file-system "$ROOT"' EXIT
fi
if [ ! -x "$ROOT/usr/bin/make" ]; then
    command -v debootstrap >/dev/null ||
        { echo "bare: debootstrap is missing: apt-get install debootstrap" >&2; exit 2; }
    debootstrap --variant=minbase --include=python3,python3-venv,git,make,ca-certificates \
        "${SUITE:-bookworm}" "$ROOT" ${MIRROR:+"$MIRROR"}
fi

# The way to the network, as it is here.
for file in /etc/resolv.conf /etc/hosts /etc/pip.conf "${SSL_CERT_FILE:-}" "${PIP_CERT:-}" ${CARRY:-}; do
    [ -f "$file" ] && install -D -m 644 "$file" "$ROOT$file"
done
mapfile -t network < <(env | grep -E '^(PIP_(INDEX_URL|CERT|PROXY|DEFAULT_TIMEOUT)|SSL_CERT_FILE|[a-zA-Z]+_proxy|[A-Z]+_PROXY)=' || true)

rm -rf "$ROOT/srv/edge"
git clone --quiet --no-hardlinks "$checkout" "$ROOT/srv/edge"

# In a mount namespace of its own: /proc goes when the command ends. No /dev of this machine, so
# none of its cameras and sound cards.
unshare --mount --fork bash -c '
    set -euo pipefail
    root=$1; shift
    mount -t proc proc "$root/proc"
    exec chroot "$root" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
' bare "$ROOT" "${network[@]}" make -C /srv/edge ${targets[*]}
