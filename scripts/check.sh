#!/bin/sh
# The checks that run no code. All of them run, whatever the first ones say.
set -u
cd "$(dirname "$0")/.."

failed=
step() {
    printf '%s\n' "== $1"
    shift
    "$@" || failed="$failed $1"
}

step "style (ruff)" .venv/bin/ruff check --quiet .
step "types (mypy)" .venv/bin/mypy
step "imports between rooms (import-linter)" .venv/bin/lint-imports --no-cache
[ -z "$failed" ]
