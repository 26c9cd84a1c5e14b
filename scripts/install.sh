#!/bin/sh
# Makes .venv with Dougong (editable) and everything that its tests need, at the versions of
# requirements.lock. Does nothing when that is already so.
#
#   PYTHON=/path/to/python3  the interpreter to build on (otherwise the newest suitable one on PATH)
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

suits() { "$1" -c 'import sys, sqlite3, ssl; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3 /usr/bin/python3 python; do
        if suits "$candidate"; then command -v "$candidate"; return; fi
    done
    say "Dougong needs Python 3.11 or later (with its sqlite3 and ssl modules); none was found on PATH."
    say "Install one (Debian and Ubuntu: apt install python3 python3-venv; macOS: brew install python)"
    say "or name it: make install PYTHON=/path/to/python3"
    return 1
}

make_venv() {
    if "$1" -c 'import ensurepip, venv' 2>/dev/null; then "$1" -m venv --clear .venv
    elif "$1" -m venv --clear --without-pip .venv && "$1" scripts/bootstrap_pip.py .venv/bin/python; then :
    else
        rm -rf .venv
        say "$1 came without ensurepip, and pip could not be fetched from PyPI instead."
        say "Debian and Ubuntu: apt install python3-venv. Then run make install again."
        return 1
    fi
}

install() {
    stamp=.venv/.installed
    wanted="$(cat pyproject.toml requirements.lock scripts/install.sh | cksum) ${PYTHON:-}"
    if [ -x .venv/bin/python ] && [ "$(cat $stamp 2>/dev/null)" = "$wanted" ]; then return; fi
    if [ ! -x .venv/bin/python ] || ! suits .venv/bin/python || [ -n "${PYTHON:-}" ]; then
        make_venv "$(find_python)"
    fi
    say "Installing into .venv ($(.venv/bin/python --version)) ..."
    .venv/bin/python -m pip install -qq --disable-pip-version-check \
        --constraint requirements.lock --editable '.[test,bench]'
    printf '%s\n' "$wanted" >$stamp
}

if command -v flock >/dev/null; then   # two terminals at once: the second waits, then finds it done
    exec 9<pyproject.toml
    flock 9
fi
install
