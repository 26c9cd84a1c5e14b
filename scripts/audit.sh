#!/bin/sh
# Asks the Python Packaging Advisory Database about each version in requirements.lock. It needs the network, so it is no
# part of the tests; without the network it says so and is no failure.
set -eu
cd "$(dirname "$0")/.."

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"${PYTHON:-python3}" -m venv "$place/venv"
if ! "$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check pip-audit >"$place/log" 2>&1; then
    echo "Skipped: pip-audit cannot be had from the package index ($(tail -n 1 "$place/log"))."
    exit 0
fi
# requirements.lock holds exact versions of everything: nothing is resolved, and nothing is installed.
if "$place/venv/bin/pip-audit" --requirement "${1:-requirements.lock}" --no-deps --disable-pip >"$place/found" 2>"$place/log"; then
    cat "$place/found" "$place/log"
    unasked=$(grep -c "could not be audited" "$place/found" || true)
    [ "$unasked" = 0 ] || echo "Skipped: the package index did not answer about $unasked packages; they were not judged."
elif grep -q "ServiceError\|ConnectionError\|Max retries\|failed to connect" "$place/log"; then
    echo "Skipped: the advisory database cannot be reached."
else
    cat "$place/found" "$place/log"
    exit 1
fi
