#!/usr/bin/env bash
# Make .venv from the locked requirements, with uv where it is present. Called by the Makefile:
#   install.sh fresh CV2      a new .venv with what edge needs to run; CV2: screen or headless
#   install.sh add LOCK…      more locked packages into the same .venv
#   install.sh edge           the checkout itself, editable, with .venv/bin/edge
#   install.sh peer LOCK      another program to measure against, with VENV=FOLDER of its own
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=${VENV:-.venv}
export VIRTUAL_ENV="$PWD/$venv"

stop() { echo "install: $*" >&2; exit 2; }

if command -v uv >/dev/null; then
    pip() { uv pip "$@"; }
    remove() { uv pip uninstall --quiet "$@"; }
else
    pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }
    remove() { pip uninstall --quiet --yes "$@"; }
fi

locked() {
    local files=()
    for lock in "$@"; do files+=(-r "requirements/$lock.txt"); done
    pip install --no-deps --require-hashes --only-binary :all: "${files[@]}"
}

make_venv() {
    command -v "$python" >/dev/null || stop "no $python here: apt-get install python3 python3-venv"
    "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' ||
        stop "$("$python" --version) can't run edge, 3.10 to 3.13 can: make PYTHON=python3.12 …"
    rm -rf "$venv"
    if command -v uv >/dev/null; then
        uv venv --seed --python "$python" "$venv"  # with pip: the model registry downloads by it
    else
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            stop "this Python can't make environments: apt-get install python3-venv"
        "$python" -m venv "$venv"
    fi
}

# A window needs opencv-python and its system libraries; both packages write the same cv2, so
# only one may be installed.
choose_cv2() {  # screen or headless
    [ "$1" = screen ] || return 0
    remove opencv-python-headless
    locked screen
    "$venv/bin/python" -c 'import cv2' 2>/dev/null && return 0
    remove opencv-python
    locked runtime
    echo "install: no windows, videos are written instead; for windows:" \
        "apt-get install libgl1 libglib2.0-0 libsm6 libxext6 libxcb1, then make clean install"
}

hint_at_sound() {
    "$venv/bin/python" -c 'import sounddevice' 2>/dev/null ||
        echo "install: no microphone without PortAudio (all else works):" \
            "apt-get install libportaudio2"
}

case ${1:-} in
    fresh) make_venv; locked build runtime; choose_cv2 "${2:-headless}"; hint_at_sound ;;
    add) locked "${@:2}" ;;
    peer) make_venv; locked "$2" ;;
    edge) pip install --quiet --no-deps --no-build-isolation --editable . ;;
    *) stop "fresh CV2, add LOCK…, edge or peer LOCK, not '${1:-}'" ;;
esac
