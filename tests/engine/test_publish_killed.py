"""A publish killed at any statement leaves the state before or the state after, and the next one comes through."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from dougong.engine.company import Company
from tests.engine.test_publish import change, field, store

STEP = 17
"""Every seventeenth statement is tried; each costs three publishes."""


def _runs(company: Company) -> list[dict[str, Any]]:
    url = company.database.writers.url.render_as_string(hide_password=False)
    company.close()
    done = subprocess.run(
        [sys.executable, "-m", "tests.engine.killed_publish", url, str(STEP)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_killed_publish_is_all_or_nothing(company: Company) -> None:
    """The tree in force and the values in it belong together, after every kill and after the next publish."""
    change(company, field("bicycle.extra", id="extra0000001", type="text", length=20))
    for at, value in enumerate(["7", "1,200", "none"]):
        store(company, "bicycle", frame_number=str(at), model=str(at), extra=value)
    found = _runs(company)
    old = {"values": ["7", "1,200", "none"]}
    new = {"values": [7, 1200, None]}
    before = next(each["hash"] for each in found if each["when"] == "back")
    after = next(each["hash"] for each in found if each["when"] == "again")
    kills = [each for each in found if each["when"] == "killed" and each["signal"]]
    assert len(kills) > 5
    assert {before} == {each["hash"] for each in kills[:2]}
    for each in found:
        expected = old if each["hash"] == before else new
        assert each["hash"] in (before, after)
        assert expected["values"] == each["values"], each
    for each in found:
        assert {"again": after, "back": before}.get(each["when"], each["hash"]) == each["hash"]
        assert each["left"] or each["when"] == "killed"
