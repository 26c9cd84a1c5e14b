"""Two people edit one record: what merges, what conflicts, and what the conflict carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dougong.engine.saving.batch import StaleRecord, Update
from tests.engine.saving.conftest import Studio

BASE = {"name": "A", "code": "1", "region": None}

CASES: list[tuple[str, Mapping[str, Any], Mapping[str, Any], Mapping[str, Any] | list[str]]] = [
    ("each another field", {"name": "B"}, {"code": "2"}, {"name": "B", "code": "2"}),
    ("both the same to the same", {"name": "B"}, {"name": "B"}, {"name": "B", "code": "1"}),
    ("both the same to different", {"name": "B"}, {"name": "C"}, ["name"]),
    ("one of two overlaps", {"name": "B", "code": "2"}, {"name": "C", "code": "1"}, ["name"]),
    ("the whole form with one change", {"name": "B"}, {**BASE, "code": "2"}, {"name": "B", "code": "2"}),
    ("the whole form without change", {"name": "B", "code": "3"}, BASE, {"name": "B", "code": "3"}),
    ("emptied against set", {"region": "north"}, {"region": None}, {"region": "north"}),
    ("set against set", {"region": "north"}, {"region": "south"}, ["region"]),
]


def test_a_stale_change_merges_field_by_field(studio: Studio) -> None:
    for case, theirs, mine, expected in CASES:
        client = studio.create("client", **_own(case, BASE))
        base = _own(case, BASE)
        studio.update("client", client, **_own(case, theirs))
        change = Update("client", client, _own(case, mine), version=1, base=base)
        if isinstance(expected, list):
            with pytest.raises(StaleRecord) as caught:
                studio.save(change)
            assert [each.field for each in caught.value.overlaps] == expected, case
            assert caught.value.version == 2
            for each in caught.value.overlaps:
                assert (each.mine, each.theirs, each.base) == (mine[each.field], theirs[each.field], BASE[each.field])
            continue
        studio.save(change)
        stored = studio.get("client", client)
        assert {name: stored[name] for name in expected} == _own(case, expected), case


def _own(case: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with a code that is this case's own, for codes are unique."""
    return {name: f"{case} {value}"[-20:] if name == "code" else value for name, value in values.items()}


def test_a_version_without_base_is_a_conflict_once_the_record_moved_on(studio: Studio) -> None:
    client = studio.create("client", name="A")
    studio.save(Update("client", client, {"code": "1"}, version=1))
    with pytest.raises(StaleRecord):
        studio.save(Update("client", client, {"name": "B"}, version=1))


def test_without_version_the_last_one_wins(studio: Studio) -> None:
    client = studio.create("client", name="A")
    studio.update("client", client, name="B")
    studio.update("client", client, name="C")
    assert studio.get("client", client)["name"] == "C"


def test_lines_do_not_make_the_form_of_their_document_stale(studio: Studio) -> None:
    """Roll-ups and values computed from them leave the version as it is."""
    job = studio.create("job", name="J")
    studio.create("job_line", job=job, description="a", price=3)
    stored = studio.get("job", job)
    assert (stored["version"], stored["value"]) == (1, 3)
    studio.save(Update("job", job, {"name": "K"}, version=1))
