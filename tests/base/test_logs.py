"""The log, read as an operator reads it: one form for all libraries, and no secrets in it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, structlog
from dougong.base import logs
logs.configure("info", {form!r})
log = structlog.stdlib.get_logger("dougong.test")
log.info("signed_in", user="何雨桐", password="hunter2", token="hunter2")
log.debug("too much")
logging.getLogger("library").warning("used %s%%", 90)
logging.getLogger("alembic.runtime.plugins").info("setup plugin")
try:
    secret_of_a_person = "hunter2"
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
"""


def logged(form: str) -> str:
    """What a process that logs in `form` writes to standard error."""
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(form=form)], capture_output=True, check=True)
    return done.stderr.decode()


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_stay_out(form: str) -> None:
    """Not as values and not as local variables of a traceback."""
    text = logged(form)
    assert "何雨桐" in text
    assert "ZeroDivisionError" in text
    assert "hunter2" not in text
    assert "too much" not in text


def test_json_is_one_object_per_line_whoever_logs() -> None:
    events = [json.loads(line) for line in logged("json").splitlines()]
    assert [(event["logger"], event["level"], event["event"]) for event in events] == [
        ("dougong.test", "info", "signed_in"),
        ("library", "warning", "used 90%"),
        ("dougong.test", "error", "failed"),
    ]
