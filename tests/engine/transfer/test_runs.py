"""Runs of imports: killed, resumed, taken back; other people's writes meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from dougong.base.errors import BadRequest
from dougong.engine import tables
from dougong.engine.actor import SYSTEM
from dougong.engine.saving.batch import Create, Delete, Update
from dougong.engine.transfer import sheets
from dougong.engine.transfer.importing import run_import
from dougong.engine.transfer.runs import Unfinished, unfinished
from tests.cli.records import address, contents
from tests.engine.transfer import killed
from tests.engine.transfer.office import Office, codes, counts

ROOT = Path(__file__).parents[3]
ROWS = 70


def open_runs(office: Office) -> list[Unfinished]:
    with office.company.read(SYSTEM) as unit:
        return list(unfinished(unit))


@pytest.fixture
def broken_off(office: Office, tmp_path: Path) -> tuple[Path, str]:
    """An import killed with -9 in its third batch: its file and its run. Row 5 had been left out."""
    file = tmp_path / "accounts.csv"
    rows = "".join(f"{number},{'' if number == 5 else f'Name {number}'}\n" for number in range(ROWS))
    file.write_text("external_no,name\n" + rows)
    command = [sys.executable, "-m", killed.__name__, address(office.company), str(file), "3"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    (run,) = open_runs(office)
    return file, run.id


def test_a_killed_import_leaves_whole_batches_and_is_resumed(office: Office, broken_off: tuple[Path, str]) -> None:
    """Two batches are there in whole, of the third nothing; resumed, all is there once; what was refused is told."""
    file, run = broken_off
    (left,) = open_runs(office)
    assert (left.progress.done, left.progress.created, left.progress.refused) == (40, 39, [7])
    assert len(office.rows("account", "name")) == 39
    table = sheets.read(file.name, file.read_bytes())
    report = run_import(
        office.company, SYSTEM, table, object_name="account", key=("external_no",), resume=run, batch=killed.BATCH
    )
    assert (counts(report), codes(report), report.run) == ((ROWS - 1, 0, 0, 1), {7: ["required"]}, run)
    assert len(office.rows("account", "name")) == ROWS - 1
    assert open_runs(office) == []
    with pytest.raises(BadRequest):
        run_import(office.company, SYSTEM, table, object_name="account", key=("external_no",), resume=run)


def test_a_killed_import_is_taken_back(office: Office, broken_off: tuple[Path, str]) -> None:
    from dougong.engine.undoing import undo

    _, run = broken_off
    assert undo(office.company, office.actor, run, ("import",)) == (39, [])
    assert (office.rows("account", "name"), open_runs(office)) == ([], [])


def test_another_file_does_not_resume_it(office: Office, broken_off: tuple[Path, str]) -> None:
    _, run = broken_off
    other = sheets.read("accounts.csv", b"external_no,name\n1,A\n")
    with pytest.raises(BadRequest) as refused:
        run_import(office.company, SYSTEM, other, object_name="account", key=("external_no",), resume=run)
    assert [problem.code for problem in refused.value.problems] == ["import-resume"]
    assert len(open_runs(office)) == 1


def test_other_people_write_during_an_import(office: Office) -> None:
    """Between batches they come to their turn, and neither loses anything."""
    nova = office.make("account", name="Nova", external_no="shared")
    done = threading.Event()
    waits: list[float] = []

    def others() -> None:
        number = 0
        while not done.is_set():
            began = time.monotonic()
            office.make("account", name=f"Other {number}")
            waits.append(time.monotonic() - began)
            number += 1
            time.sleep(0.01)

    people = threading.Thread(target=others)
    people.start()
    try:
        text = "name,parent\n" + "".join(f"Mine {number},{nova}\n" for number in range(400))
        report = office.load("account", text, batch=20)
    finally:
        done.set()
        people.join()
    assert counts(report) == (400, 0, 0, 0)
    assert len(waits) >= 10, "they had a turn between most of the 20 batches"
    names = [name for (name,) in office.rows("account", "name")]
    assert len(names) == 401 + len(waits)


def test_undo_gives_everything_back(office: Office) -> None:
    """Made records go, changed ones get their old values, roll-ups and computed values follow; both stay in history."""
    nova = office.make("account", name="Nova", external_no="1", employees=5)
    office.make("opportunity", name="Old", account=nova, amount="10", stage="qualify", external_no="D1")
    before = contents(office.company)
    accounts = office.load("account", "external_no,name,employees\n1,Nova AG,\n2,Vega,7\n", key=("external_no",))
    text = "external_no,name,account,amount,stage,close_date\nD1,New,Vega,,,\nD2,Won,Nova AG,500,won,2024-01-01\n"
    deals = office.load("opportunity", text, key=("external_no",))
    assert (codes(accounts), codes(deals)) == ({}, {})
    assert office.rows("account", "name", "won_amount", "open_deals") == [("Nova AG", 500, 0), ("Vega", 0, 1)]
    assert office.undo(deals) == (2, [])
    assert office.undo(accounts) == (2, [])
    assert contents(office.company) == before
    with office.company.read(SYSTEM) as unit:
        history = tables.history
        found = unit.connection.execute(
            select(history.c.channel, history.c.action, history.c.why)
            .where(history.c.record_id == nova, history.c.action == "update")
            .order_by(history.c.id)
        ).all()
    assert [tuple(row) for row in found] == [("import", "update", "file.csv"), ("undo", "update", "file.csv")]
    with pytest.raises(BadRequest):
        office.undo(deals)


def test_undo_leaves_what_was_changed_since(office: Office) -> None:
    """And names it; what only followed other changes is no edit."""
    report = office.load("account", "external_no,name\n1,Nova\n2,Vega\n3,Lyra\n", key=("external_no",))
    vega, lyra = (id for id, row in sorted(contents(office.company)["account"].items()) if row["external_no"] in "23")
    office.save(Update("account", vega, {"employees": 9}))
    office.make("opportunity", name="Deal", stage="prospecting", account=lyra)
    done, kept = office.undo(report)
    assert done == 1
    assert kept == ["Customer Vega was changed since and stays.", "Customer Lyra is needed by other records and stays."]
    assert [name for (name,) in office.rows("account", "name")] == ["Lyra", "Vega"]


def test_undo_restores_what_people_may_not(office: Office) -> None:
    """A step back that the path forbids without a reason, a user who is never deleted: it never was."""
    deal = office.make("opportunity", name="A", stage="prospecting", external_no="1")
    text = "external_no,stage,lost_reason\n1,lost,price\n"
    moved = office.load("opportunity", text, key=("external_no",))
    assert codes(moved) == {}
    people = office.load("user", "name,manager\nLi Wei,\n")
    assert office.undo(moved) == (1, [])
    assert office.undo(people) == (1, [])
    assert office.rows("opportunity", "name", "stage", "lost_reason") == [("A", "prospecting", None)]
    assert ("Li Wei",) not in office.rows("user", "name")
    assert deal


def test_an_undo_that_was_interrupted_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it did is not taken for somebody's change."""
    from dougong.engine import undoing

    office.make("account", name="Old", external_no="0", employees=1)
    text = "external_no,name,employees\n0,New,2\n" + "".join(f"{number},Name {number},\n" for number in range(1, 9))
    report = office.load("account", text, key=("external_no",))
    monkeypatch.setattr(undoing, "BATCH", 2)
    save, calls = undoing._save, []

    def failing(operation, changes, unit):  # type: ignore[no-untyped-def]
        calls.append(changes)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return save(operation, changes, unit)

    monkeypatch.setattr(undoing, "_save", failing)
    with pytest.raises(KeyboardInterrupt):
        office.undo(report)
    assert len(office.rows("account", "name")) == 6
    assert office.undo(report) == (5, [])
    assert office.rows("account", "name", "employees") == [("Old", 1)]


def test_a_batch_is_tried_again_when_others_were_first(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unique value that somebody takes between the check and the write is told of, not a reason to stop."""
    from dougong.base.errors import Conflict, Problem
    from dougong.base.language import msg
    from dougong.engine.transfer import importing

    carry_out, calls = importing.carry_out, []

    def late(*arguments):  # type: ignore[no-untyped-def]
        calls.append(arguments)
        if len(calls) == 1:
            raise Conflict(Problem(code="not-unique", reason=msg("x")))
        return carry_out(*arguments)

    monkeypatch.setattr(importing, "carry_out", late)
    assert counts(office.load("account", "external_no,name\n1,A\n")) == (1, 0, 0, 0)
    assert len(calls) == 2


def test_deleting_and_making_again_after_an_undo(office: Office) -> None:
    """Unique values of what was taken back are free."""
    report = office.load("account", "external_no,name\n1,A\n")
    office.undo(report)
    again = office.load("account", "external_no,name\n1,A\n")
    assert counts(again) == (1, 0, 0, 0)
    (id,) = contents(office.company)["account"]
    office.save(Delete("account", id))
    office.save(Create("account", {"name": "B", "external_no": "1"}))
