"""Every change is kept; a record can be seen as of any moment, and any change taken back."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dougong.base.errors import BadRequest, NotFound, Rejected
from dougong.base.ids import record_id
from dougong.engine.saving import past
from dougong.engine.saving.batch import Create, Made, Update
from tests.engine.saving.conftest import Studio


def changes(studio: Studio, object_name: str, id: str) -> list[past.PastChange]:
    return list(studio.read(lambda unit: past.history(unit, object_name, id)).changes)


def test_a_change_says_who_when_what_and_why(studio: Studio) -> None:
    client = studio.create("client", name="A", region="north")
    studio.update("client", client, why="they moved", region="south", name="A")
    latest, first = changes(studio, "client", client)
    assert (latest.action, latest.actor, latest.channel, latest.why, latest.version) == (
        "update", "Li", "form", "they moved", 2,
    )  # fmt: skip
    assert latest.changes == {"region": ("north", "south")}
    assert first.action == "create" and first.changes["name"] == (None, "A")
    assert latest.operation != first.operation


REASONS = [
    ("their\0 office\x1b moved", "their office moved"),
    ("first\r\nsecond", "first\nsecond"),
    ("\0", ""),
    ("x" * 2001, "value-too-long"),
    ("half \ud83d", "text-broken"),
]


@pytest.mark.parametrize(("said", "kept"), REASONS)
@pytest.mark.parametrize("own", [True, False], ids=["of the record", "of the batch"])
def test_a_reason_is_kept_as_well_formed_text_of_bounded_length(
    studio: Studio, own: bool, said: str, kept: str
) -> None:
    client = studio.create("client", name="A", region="north")
    change = Update("client", client, {"region": "south"}, why=said if own else "")
    try:
        studio.save(change, why="" if own else said)
    except Rejected as rejected:
        assert [problem.code for problem in rejected.problems] == [kept]
        assert len(changes(studio, "client", client)) == 1
    else:
        assert changes(studio, "client", client)[0].why == kept


def test_values_computed_from_lines_are_kept_as_derived(studio: Studio) -> None:
    job = studio.create("job", name="J")
    studio.create("job_line", job=job, description="a", price=3)
    latest = changes(studio, "job", job)[0]
    assert (latest.action, latest.version) == ("derive", 1)
    assert latest.changes == {"value": (None, Decimal(3))}


def test_links_and_deletions_are_kept(studio: Studio) -> None:
    tag = studio.create("tag", name="T")
    client = studio.create("client", name="A")
    studio.update("client", client, tags=[tag])
    studio.delete("client", client)
    studio.restore("client", client)
    found = changes(studio, "client", client)
    assert [each.action for each in found] == ["restore", "delete", "update", "create"]
    assert [each.id for each in found[2].changes["tags"][1]] == [tag]


def test_one_batch_is_one_operation(studio: Studio) -> None:
    saved = studio.save(Create("client", {"name": "A"}, key="c"), Create("contact", {"client": Made("c"), "name": "C"}))
    found = [changes(studio, each.object, each.id)[0].operation for each in saved.changes]
    assert found == [saved.operation] * 2


def test_pages_follow_one_another(studio: Studio) -> None:
    client = studio.create("client", name="0")
    for number in range(1, 6):
        studio.update("client", client, name=str(number))
    first = studio.read(lambda unit: past.history(unit, "client", client, limit=4))
    second = studio.read(lambda unit: past.history(unit, "client", client, cursor=first.next, limit=4))
    names = [each.changes["name"][1] for each in (*first.changes, *second.changes)]
    assert names == ["5", "4", "3", "2", "1", "0"]
    assert second.next is None


def test_a_record_as_of_each_moment_is_what_it_was(studio: Studio) -> None:
    """After any row of changes, each state that was seen can be seen again."""
    client, other = studio.create("client", name="A", level="a"), studio.create("client", name="B")
    job = studio.create("job", name="J", client=client, value=1)
    seen: list[tuple[datetime, dict[str, Any]]] = []
    compared = ("name", "client", "value", "stage", "probability", "client_level", "client_name", "is_done", "due_on")

    def note() -> None:
        time.sleep(0.002)
        stored = studio.get("job", job, deleted="all")
        state = {name: stored[name] for name in compared} | {"deleted": stored["deleted_at"] is not None}
        seen.append((datetime.now(UTC), state))
        time.sleep(0.002)

    note()
    for step in (
        lambda: studio.update("job", job, name="K", value="2.50"),
        lambda: studio.update("client", client, name="A2", level="b"),
        lambda: studio.update("job", job, client=other, stage="offer", due_on="2026-04-01"),
        lambda: studio.create("job_line", job=job, description="a", price=9),
        lambda: studio.delete("job", job),
        lambda: studio.restore("job", job),
        lambda: studio.update("job", job, stage="lost", lost_because="price"),
    ):
        step()
        note()
    for moment, state in seen:
        record = studio.read(lambda unit, at=moment: past.record_as_of(unit, "job", job, at))
        found = {name: record.values[name] for name in compared} | {"deleted": record.deleted}
        assert _bare(found) == _bare(state)
    with pytest.raises(NotFound):
        studio.read(lambda unit: past.record_as_of(unit, "job", job, datetime(2020, 1, 1, tzinfo=UTC)))


def _bare(values: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(value, "id", value) for name, value in values.items()}


def test_a_field_and_a_version_can_be_taken_back(studio: Studio) -> None:
    client = studio.create("client", name="A", region="north", city="harbin")
    studio.update("client", client, name="B")
    studio.update("client", client, region="south", city="canton")
    entry = changes(studio, "client", client)[1]

    def write(work: Any) -> Any:
        return studio.company.write(studio.actor, work, why="taken back")

    write(lambda unit: past.restore_field(unit, "client", client, entry.id, "name"))
    assert [studio.get("client", client)[name] for name in ("name", "city")] == ["A", "canton"]
    write(lambda unit: past.restore_version(unit, "client", client, 1))
    assert [studio.get("client", client)[name] for name in ("name", "region", "city")] == ["A", "north", "harbin"]
    assert changes(studio, "client", client)[0].why == "taken back"
    with pytest.raises(BadRequest):
        write(lambda unit: past.restore_field(unit, "client", client, entry.id, "city"))
    with pytest.raises(NotFound):
        write(lambda unit: past.restore_field(unit, "client", client, record_id(), "city"))
