#!/bin/sh
# Everything that must hold before a change goes in. Options go to pytest: scripts/test.sh tests/engine -k money
set -u
cd "$(dirname "$0")/.."

# Every command and server that a test starts would compile every module anew.
unset PYTHONDONTWRITEBYTECODE

scripts/prepare.sh || exit 1
scripts/check.sh
checked=$?
printf '%s\n' "== tests (pytest)"
# One process more than there are cores: a test that waits for a browser, a server or PostgreSQL leaves its core idle.
workers=$(.venv/bin/python -c 'import os; print(len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else "auto")')
.venv/bin/pytest --quiet --numprocesses="$workers" --dist=worksteal "$@"
tested=$?
[ $checked = 0 ] || printf '%s\n' "The tests are one thing; the checks above them failed." >&2
[ $checked = 0 ] && [ $tested = 0 ]
