"""What the machine lacks is skipped with the reason by a developer's run, and fails in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


MISSING = {
    "POSTGRESQL_BIN": ("tests/base/test_databases.py", "no PostgreSQL server programs found"),
    "CHROMIUM": ("tests/browser/test_chromium.py", "no Chromium found"),
}
"""By the variable that says where each is: tests that need it, and what they say without it."""


@pytest.mark.parametrize("ci", [False, True], ids=["developer", "ci"])
def test_what_is_missing_is_never_silent(ci: bool) -> None:
    """Where both are missing, each test that needs one says so: all of them are skipped, or in CI all fail."""
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= dict.fromkeys(MISSING, "/nowhere") | ({"CI": "true"} if ci else {})
    files = [tests for tests, _ in MISSING.values()]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    for tests, reason in MISSING.values():
        told = {line.partition(" ")[0] for line in done.stdout.splitlines() if reason in line and tests in line}
        assert told and told <= ({"FAILED", "ERROR"} if ci else {"SKIPPED"}), done.stdout
    assert done.returncode == (1 if ci else 0), done.stdout
    assert ("skipped" in done.stdout) is not ci
