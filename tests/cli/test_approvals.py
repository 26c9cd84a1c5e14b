"""`dougong approval move`, `replay` and `figures`: what they print, what they do, and which arguments they refuse."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dougong.cli import approval_moves, approval_past
from dougong.cli.program import program
from dougong.engine.company import Company
from tests.companies import company_copy
from tests.web.conftest import settings
from tests.workflows.approvals.conftest import LARGE, Office, office
from tests.workflows.pages.test_approval_moves import NAME, republish, second
from tests.workflows.pages.test_approval_past import draft_of, left, past

__all__ = ["company_copy", "office", "settings"]


@pytest.fixture
def dougong(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A function that runs `dougong approval` at the office."""

    @contextmanager
    def opened() -> Iterator[Company]:
        yield office.company

    for module in (approval_moves, approval_past):
        monkeypatch.setattr(module, "open_company", opened)

    def run(*arguments: str, code: int = 0, language: str = "C") -> Result:
        words = ("approval", *arguments)
        found = CliRunner().invoke(program, words, env={"LC_ALL": language}, catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found

    return run


def test_move(dougong: Callable[..., Result], office: Office) -> None:
    """Without --yes nothing is moved; with it, those that are meant are, and each says why."""
    first, other = (office.submit("clerk", office.make("clerk", name, amount=LARGE)) for name in ("paper", "pens"))
    for each in (first, other):
        office.approve("boss", each)
    republish(office, second)
    steps = ("--step", "joint=finance", "--as", "admin")
    before = left(office)
    told = dougong("move", NAME, *steps).output
    assert first in told and other in told and "  * joint → finance" in told
    assert told.endswith("2 run on earlier versions\n") and left(office) == before
    assert "why" in dougong("move", NAME, *steps, "--only", first, "--yes", code=1).output.lower()
    done = dougong("move", NAME, *steps, "--only", first, "--why", "finance is one", "--yes").output
    assert other not in done and done.endswith("1 moved\n")
    assert office.waiting(first) == {"flo"} and office.waiting(other) == {"fay", "finn", "flo"}
    assert dougong("move", NAME, *steps).output.endswith("1 runs on an earlier version\n")


def test_move_refuses(dougong: Callable[..., Result]) -> None:
    """Nobody named, a step that becomes nothing, an approval or a person that there is not, one who may not."""
    assert "--as" in dougong("move", NAME, code=2).output
    for said in ("joint", "=finance", "joint="):
        assert "OLD=NEW" in dougong("move", NAME, "--step", said, "--as", "admin", code=2).output
    assert "purchase.nothing" in dougong("move", "purchase.nothing", "--as", "admin", code=1).output
    assert "nobody" in dougong("move", NAME, "--as", "nobody", code=1).output
    dougong("move", NAME, "--as", "clerk", code=1)


def test_replay(dougong: Callable[..., Result], office: Office, tmp_path: Path) -> None:
    """Those that differ on the document of a file, as lines or as CSV; nothing is written."""
    past(office)
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(draft_of(office)), encoding="utf-8")
    before = left(office)
    told = dougong("replay", NAME, "--draft", str(file)).output
    assert "small" in told and "  + joint\n" in told and "large  rejected → approved\n  ~ joint\n" in told
    assert told.endswith("2 of 3 would have gone another way. Nothing was written.\n")
    head, *rows = csv.reader(dougong("replay", NAME, "--draft", str(file), "--csv").output.splitlines())
    assert len(rows) == 2 and all(len(row) == len(head) for row in rows)
    assert "3 个审批中有 2 个" in dougong("replay", NAME, "--draft", str(file), language="zh_CN.UTF-8").output
    assert left(office) == before


def test_replay_refuses(dougong: Callable[..., Result], office: Office, tmp_path: Path) -> None:
    """No draft, a file that is not there or is no JSON, a document with a fault, a period that is none."""
    file = tmp_path / "draft.json"
    file.write_text("{", encoding="utf-8")
    assert "--draft" in dougong("replay", NAME, code=2).output
    assert "replay-file" in dougong("replay", NAME, "--draft", str(tmp_path / "none.json"), code=1).output
    assert "replay-file" in dougong("replay", NAME, "--draft", str(file), code=1).output
    file.write_text("[]", encoding="utf-8")
    dougong("replay", NAME, "--draft", str(file), code=1)
    file.write_text(json.dumps(draft_of(office, first="nowhere")), encoding="utf-8")
    assert "nowhere" in dougong("replay", NAME, "--draft", str(file), code=1).output
    file.write_text(json.dumps(draft_of(office)), encoding="utf-8")
    assert "90d" in dougong("replay", NAME, "--draft", str(file), "--since", "soon", code=2).output
    assert "purchase.nothing" in dougong("replay", "purchase.nothing", "--draft", str(file), code=1).output


def test_figures(dougong: Callable[..., Result], office: Office) -> None:
    """How many began, a line for each step and each person; what there is not is refused."""
    past(office)
    lines = dougong("figures", NAME).output.splitlines()
    assert lines[0] == "3 begun, 0 submitted again"
    assert any(line.strip().startswith("Finance together") and "1/3" in line for line in lines)
    assert any(line.strip().startswith("Boss") for line in lines)
    assert "90d" in dougong("figures", NAME, "--since", "0d", code=2).output
    assert "purchase.nothing" in dougong("figures", "purchase.nothing", code=1).output
