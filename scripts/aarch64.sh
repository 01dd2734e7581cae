#!/usr/bin/env bash
# Do the models give the same on 64-bit ARM as here? Runs them on an emulated Cortex-A72 (Raspberry
# Pi 4), with LiteRT and with tflite-runtime, and here with both, on the same inputs; compares with
# LiteRT on x86-64. Emulation says nothing about speed. Called by `make test-aarch64`, which makes
# .venv and .venv-tflite.
#
#   scripts/aarch64.sh [FILE…]      default: the manifest's files in models/
#
# Needs qemu-user-static and, the first time, root and debootstrap. What is fetched (150 MB of
# Debian, 700 MB of wheels once unpacked) stays in build/aarch64.
# SUITE, MIRROR    of Debian; default bookworm, whose Python 3.11 is the last with tflite-runtime
set -euo pipefail
cd "$(dirname "$0")/.."
here=build/aarch64
root=$here/root
python=$root/usr/bin/python3.11
stop() { echo "aarch64: $*" >&2; exit 2; }

command -v qemu-aarch64-static >/dev/null ||
    stop "qemu-aarch64-static is missing: apt-get install qemu-user-static"

if [ ! -x "$python" ]; then
    command -v debootstrap >/dev/null || stop "debootstrap is missing: apt-get install debootstrap"
    [ "$(id -u)" = 0 ] || stop "debootstrap needs root for the first run: sudo make test-aarch64"
    rm -rf --one-file-system "$root" "$root.part"
    mkdir -p "$here"
    debootstrap --arch=arm64 --foreign --variant=minbase --include=python3 \
        "${SUITE:-bookworm}" "$root.part" ${MIRROR:+"$MIRROR"}
    # Its programs run by name in an emulator, never as a system: unpacking is enough.
    for package in "$root.part"/var/cache/apt/archives/*.deb; do dpkg-deb -x "$package" "$root.part"; done
    mv "$root.part" "$root"
fi

wheels() {  # LOCK: print the folder with its packages for ARM, unpacked again when it has changed
    local lock=requirements/$1.txt folder
    folder=$here/$1-$(sha256sum "$lock" | cut -c1-12)
    if [ ! -d "$folder" ]; then
        rm -rf "$here/$1"-*
        install_for_arm "$folder.part" "$lock" >&2
        mv "$folder.part" "$folder"
    fi
    echo "$folder"
}

install_for_arm() {  # FOLDER LOCK
    local options=(--target "$1" --python-version 3.11 --only-binary :all: --no-deps
        --require-hashes --requirement "$2")
    if command -v uv >/dev/null; then
        uv pip install --python-platform aarch64-manylinux_2_36 "${options[@]}"
    else
        .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
            stop "pip can't choose packages for another Python than its own: pip install uv"
        .venv/bin/python -m pip install --disable-pip-version-check \
            --platform manylinux_2_34_aarch64 --platform manylinux_2_28_aarch64 \
            --platform manylinux_2_27_aarch64 --platform manylinux2014_aarch64 \
            --implementation cp --abi cp311 --abi abi3 --abi none "${options[@]}"
    fi
}

litert=$(wheels runtime)
tflite=$(wheels tflite)
emulated() { PYTHONPATH=$1 qemu-aarch64-static -cpu cortex-a72 -L "$root" "$python" "${@:2}"; }

results=$here/results
rm -rf "$results"
mkdir -p "$results"
.venv/bin/python -m tests.aarch64.compare inputs "$results" "$@"
outputs=(-m tests.aarch64.outputs "$results")
.venv/bin/python "${outputs[@]}" reference inputs
.venv/bin/python "${outputs[@]}" jitter jittered
.venv-tflite/bin/python "${outputs[@]}" tflite-x86-64 inputs
emulated "$litert" "${outputs[@]}" litert-aarch64 inputs
emulated "$tflite" "${outputs[@]}" tflite-aarch64 inputs
.venv/bin/python -m tests.aarch64.compare table "$results" tflite-x86-64 litert-aarch64 tflite-aarch64
