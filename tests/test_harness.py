"""What the machine lacks is skipped with the reason by a developer's run, and fails in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("variable", "tests", "reason"),
    [
        ("POSTGRESQL_BIN", "tests/base/test_databases.py", "no PostgreSQL server programs found"),
        ("CHROMIUM", "tests/browser/test_chromium.py", "no Chromium found"),
    ],
)
@pytest.mark.parametrize("ci", [False, True], ids=["developer", "ci"])
def test_what_is_missing_is_never_silent(variable: str, tests: str, reason: str, ci: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {variable: "/nowhere"} | ({"CI": "true"} if ci else {})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert reason in done.stdout
    assert done.returncode == (1 if ci else 0), done.stdout
    assert ("skipped" in done.stdout) is not ci
