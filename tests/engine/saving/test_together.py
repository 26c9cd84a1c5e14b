"""Many records saved at once become what each of them becomes alone, and what is wrong with them is the same."""

from __future__ import annotations

from random import Random
from typing import Any

from dougong.engine.saving import past
from dougong.engine.saving.batch import Create, Delete
from dougong.engine.saving.writing import MANY
from tests.engine.saving.conftest import Studio

OWN = frozenset({"id", "number", "created_at", "updated_at", "stage_since"})
"""What every record has for itself."""

STAGES = ("idea", "offer", "work", "done", None)


def some(chance: Random, at: int, clients: list[str]) -> dict[str, Any]:
    """The values of a job as somebody might give them, a few of them wrong."""
    values = {
        "name": f"Job {at}",
        "client": chance.choice([*clients, None]),
        "stage": chance.choice(STAGES),
        "value": chance.choice([None, "0", "12.50", 7, 7, 7, "99.999"]),
        "currency": chance.choice(["CNY", "USD", None]),
        "probability": chance.choice([None, "70%", 5]),
        "due_on": chance.choice([None, *["2026-03-01", "2026-07-01"] * 3, "1 March"]),
    }
    return {name: value for name, value in values.items() if chance.random() < 0.9 or name == "name"}


def seen(studio: Studio, id: str) -> tuple[dict[str, Any], list[Any]]:
    """A job without what is its own, and what history tells of it."""
    changes = studio.read(lambda unit: past.history(unit, "job", id)).changes
    told = [{name: pair for name, pair in each.changes.items() if name not in OWN} for each in changes]
    values = studio.read(lambda unit: unit.records.get("job", id)).values
    return {name: value for name, value in values.items() if name not in OWN}, told


def test_records_saved_at_once_are_as_if_each_had_been_saved_alone(studio: Studio) -> None:
    """Defaults, copies, computed values, amounts in two currencies, roll-ups, problems and history."""
    studio.create("currency_rate", code="USD", rate="7.00", valid_from="2026-01-01")
    ways = []
    for together in (True, False):
        chance = Random(7)
        clients = [studio.create("client", name=f"C{at}", region="north", level="a") for at in range(3)]
        given = [Create("job", some(chance, at, clients)) for at in range(2 * MANY)]
        batches = [given] if together else [[each] for each in given]
        saved = [studio.save(*each, partial=True) for each in batches]
        ids = [change.id for each in saved for change in each.changes]
        problems = [(one.code, one.place.field, str(one.reason)) for each in saved for one in each.problems]
        names = {id: f"C{at}" for at, id in enumerate(clients)}
        jobs = [_by_name(seen(studio, id), names) for id in ids]
        rolled = [studio.get("client", id)["job_count"] for id in clients]
        ways.append((jobs, problems, rolled))
        studio.save(*(Delete("job", id) for id in ids))
    first, second = ways
    for got, want in zip(first, second, strict=True):
        assert got == want
    assert len(first[0]) >= MANY and first[1]


def _by_name(found: Any, names: dict[str, str]) -> str:
    """What was seen as text, with clients called by name: either way has its own."""
    text = repr(found)
    for id, name in names.items():
        text = text.replace(id, name)
    return text
