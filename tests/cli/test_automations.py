"""`dougong automation`: what there is and ran, setting off, going on, looking ahead."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner, Result

from dougong.cli import automations
from dougong.cli.program import program
from dougong.engine.company import Company
from tests.companies import ADMINISTRATOR, company_copy, person
from tests.workflows.automations.conftest import all_runs, change, desk, make, press, values, work

__all__ = ["company_copy", "desk"]


@pytest.fixture
def dougong(desk: Company, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A function that runs `dougong automation` at the desk."""

    @contextmanager
    def opened() -> Iterator[Company]:
        yield desk

    monkeypatch.setattr(automations, "open_company", opened)

    def run(*arguments: str, code: int = 0, language: str = "C") -> Result:
        words = ("automation", *arguments)
        found = CliRunner().invoke(program, words, env={"LC_ALL": language}, catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found

    return run


def test_list_and_run(dougong: Callable[..., Result], desk: Company) -> None:
    """A line for each; setting one off asks for its run, in the name of who is said."""
    li = person(desk, "li", ADMINISTRATOR)
    lines = dougong("list").output.splitlines()
    assert [line.split() for line in lines if line.startswith("ticket.sort")] == [
        ["ticket.sort", "button", "on", "Sort"]
    ]
    id = make(desk, "ticket", name="One", amount="500")
    run = dougong("run", "ticket.sort", id, "--as", "li").output.strip()
    work(desk)
    assert values(desk, "ticket", id)["reminded"] == "big"
    (found,) = all_runs(desk)
    assert (found.id, found.status, found.actor_id) == (run, "done", li.user_id)
    assert "no automation ticket.nothing" in dougong("run", "ticket.nothing", id, code=1).output
    assert "automation-by-hand" in dougong("run", "ticket.won", id, code=1).output
    dougong("run", "ticket.sort", "nobody", code=1)
    assert len(all_runs(desk)) == 1


def test_runs_and_resume(dougong: Callable[..., Result], desk: Company) -> None:
    """What failed is listed with its reason and shown with its steps; mended, it goes on."""
    id = make(desk, "ticket", name="bad")
    change(desk, "ticket", id, status="won")
    work(desk)
    (run,) = all_runs(desk)
    assert run.id in (line := dougong("runs", "--state", "failed", "--of", "ticket.won").output)
    assert "No bad notes" in line
    assert dougong("runs", "--state", "done").output == ""
    (told,) = json.loads(dougong("runs", "--json").output)
    assert (told["id"], told["status"], told["records"]) == (run.id, "failed", [id])
    assert "备注不合规" in dougong("runs", run.id, language="zh_CN.UTF-8").output.splitlines()[1]
    change(desk, "ticket", id, name="good")
    assert dougong("resume", run.id).output == "1 run goes on\n"
    work(desk)
    assert values(desk, "ticket", id)["note"] == "won: good"
    assert "run-not-failed" in dougong("resume", run.id, code=1).output
    assert "There is no run" in dougong("runs", "nothing", code=1).output
    assert "run-not-failed" in dougong("resume", "nothing", code=1).output


def test_again(dougong: Callable[..., Result], desk: Company) -> None:
    """A run that has ended, also well, is done once more, in the name of who is said; what is not there is refused."""
    li = person(desk, "li", ADMINISTRATOR)
    id = make(desk, "ticket", name="One", amount="5")
    press(desk, "ticket.once", id)
    (run,) = all_runs(desk)
    new, told = dougong("again", run.id, "--as", "li").output.splitlines()
    assert "not undone" in told
    work(desk)
    assert str(values(desk, "ticket", id)["amount"]) == "7.00"
    (shown,) = json.loads(dougong("runs", new, "--json").output)
    assert (shown["repeats"], shown["status"]) == (run.id, "done")
    assert [each.actor_id for each in all_runs(desk)] == [None, li.user_id]
    assert "run-unknown" in dougong("again", "nothing", code=1).output
    assert "run-not-ended" in dougong("again", dougong("again", run.id).output.splitlines()[0], code=1).output


def test_preview(dougong: Callable[..., Result], desk: Company) -> None:
    """Each step with what it would write and tell, in the terminal's language; nothing is there afterwards."""
    li = person(desk, "li", ADMINISTRATOR)
    id = make(desk, "ticket", name="One", amount="5", owner=li.user_id, status="won")
    told = dougong("preview", "ticket.won", id).output
    assert f"note  set\n  would change: Ticket {id}\n    Note: — → won: One\n" in told
    assert "entry  create\n  would create: Entry\n    Name: won 5\n" in told
    assert "would tell Li: Won: One\n" in told
    assert told.endswith("Nothing was written.\n")
    assert f"将修改：工单 {id}" in dougong("preview", "ticket.won", id, language="zh_CN.UTF-8").output
    lost = make(desk, "ticket", name="Lost", status="lost")
    assert "would do nothing" in dougong("preview", "ticket.sort", lost).output
    assert values(desk, "ticket", id)["note"] is None


def test_preview_over_a_period(dougong: Callable[..., Result], desk: Company) -> None:
    """How often it would have fired, and the steps of the latest; a wrong period, or two ways at once, is refused."""
    id = make(desk, "ticket", name="One", amount="5")
    change(desk, "ticket", id, status="won")
    change(desk, "ticket", id, name="Two")
    found = dougong("preview", "ticket.won", "--since", "7d").output
    assert "It would have fired 1 times, for 1 records (3 events were looked at).\n" in found
    assert f"\n{id}  " in found and f"  note  set\n    would change: Ticket {id}\n      Note: — → won: Two\n" in found
    assert found.endswith("Nothing was written.\n") and values(desk, "ticket", id)["note"] is None
    assert f"将修改：工单 {id}" in dougong("preview", "ticket.won", "--since", "7d", language="zh_CN.UTF-8").output
    for said in ("7", "0d", "-1d", "4000d", "week"):
        assert "90d" in dougong("preview", "ticket.won", "--since", said, code=2).output
    for more in ((), (id, "--since", "7d"), ("--since", "7d", "--offset", "1d"), ("--since", "7d", "--as", "li")):
        assert "either a record or --since" in dougong("preview", "ticket.won", *more, code=2).output
    assert "no automation ticket.nothing" in dougong("preview", "ticket.nothing", "--since", "7d", code=1).output
    assert "preview-before-save" in dougong("preview", "ticket.level", "--since", "7d", code=1).output
