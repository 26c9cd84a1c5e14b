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
.venv/bin/pytest --quiet --numprocesses=auto --dist=worksteal "$@"
tested=$?
[ $checked = 0 ] || printf '%s\n' "The tests are one thing; the checks above them failed." >&2
[ $checked = 0 ] && [ $tested = 0 ]
