"""Validation rules: told all at once, at their fields, on every way in, and with warnings that a reason settles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from dougong.base.errors import DougongError
from dougong.engine.saving.batch import Create, Made, Update
from dougong.engine.tables import history
from dougong.metadata.component import Component
from tests.companies import Copies
from tests.engine.saving.conftest import STUDIO, Studio
from tests.engine.test_publish import change

RULES: dict[str, dict[str, Any]] = {
    "job.not_past": {"when": "due_on < DATE(2026, 1, 1)", "at": ["due_on"]},
    "job.named": {"when": "LEN(name) < 3", "at": ["name", "client"]},
    "job.changed_name": {"when": "ISCHANGED(name)", "on": ["update"], "at": ["name"]},
    "job.good_client": {"when": 'client.name = "Bad"', "at": ["client"]},
    "job.dear": {"when": "line_total > 500", "at": ["job_line.job"]},
    "job.big": {"when": "value > 900", "severity": "warning", "at": ["value"]},
    "job.share": {"when": "100 / LEN(lost_because) > 50"},
    "job.entering": {"when": "ISBLANK(due_on)", "on": ["stage"], "at": ["due_on"]},
    "client.people_only": {"when": 'ISPICKVAL(region, "south")', "record_types": ["person"], "at": ["region"]},
    "client.off": {"when": "TRUE", "active": False},
    "client.switched": {"when": 'name = "Switch"', "active": "$Setup.strict"},
}
STRICT = Component(
    "setting",
    "strict",
    {
        "kind": "setting",
        "name": "strict",
        "label": {"en": "Strict", "zh-CN": "严格"},
        "type": "boolean",
        "default": False,
    },
)


def rule(name: str, **keys: Any) -> Component:
    """A validation rule whose message is its name."""
    label = {"en": name, "zh-CN": name}
    body = {"kind": "validation_rule", "name": name, "object": name.partition(".")[0], "message": label, **keys}
    return Component("validation_rule", name, body)


@pytest.fixture
def studio(company_copy: Copies, database_kind: str) -> Iterator[Studio]:
    """A studio with rules."""
    with company_copy(database_kind, "studio", (STUDIO,)) as company:
        change(company, STRICT, *(rule(name, **keys) for name, keys in RULES.items()))
        yield Studio(company)


JOB: dict[str, Any] = {"name": "Roof", "due_on": "2026-05-01", "lost_because": "nothing was said"}
CREATES: list[tuple[str, dict[str, Any], list[tuple[str | None, str]]]] = [
    ("nothing wrong", {}, []),
    ("at its field", {"due_on": "2025-12-31"}, [("due_on", "not_past")]),
    ("blank is not wrong", {"due_on": None}, []),
    ("at several", {"name": "Ro"}, [("client", "named"), ("name", "named")]),
    ("all at once", {"name": "Ro", "due_on": "2025-12-31"},
     [("client", "named"), ("due_on", "not_past"), ("name", "named")]),
    ("one that has no value is told", {"lost_because": None}, [(None, "share")]),
    ("a warning without a reason", {"value": 901}, [("value", "big")]),
]  # fmt: skip


def broken(work: Any) -> list[tuple[str | None, str]]:
    """The places and names of the rules that a call breaks."""
    try:
        work()
    except DougongError as error:
        assert error.status == 422
        assert all(each.text("en") and each.text("zh-CN") for each in error.problems)
        found = [(each.place.field, each.thing.partition(".")[2]) for each in error.problems]
        return sorted(found, key=str)
    return []


def test_a_new_record_keeps_the_rules(studio: Studio) -> None:
    for at, (case, values, expected) in enumerate(CREATES):
        given = JOB | {"name": f"Roof {at}"} | values
        assert broken(lambda values=given: studio.create("job", **values)) == sorted(expected, key=str), case


def test_a_change_is_judged_as_a_whole_record(studio: Studio) -> None:
    """A rule for changes sees what was before; one on parents reads them."""
    job = studio.create("job", **JOB)
    bad = studio.create("client", name="Bad")
    assert broken(lambda: studio.update("job", job, name="Wall")) == [("name", "changed_name")]
    assert broken(lambda: studio.update("job", job, client=bad)) == [("client", "good_client")]
    assert broken(lambda: studio.update("job", job, due_on="2026-06-01")) == []


def test_a_rule_on_roll_ups_waits_for_the_lines(studio: Studio) -> None:
    """Lines of the same save count; its message stands at them."""

    def save(price: int) -> None:
        lines = [Create("job_line", {"job": Made("own"), "quantity": 3, "price": price})]
        studio.save(Create("job", JOB, key="own"), *lines)

    assert broken(lambda: save(200)) == [("job_line.job", "dear")]
    assert broken(lambda: save(100)) == []


def test_a_warning_is_let_through_with_a_reason(studio: Studio) -> None:
    """The reason stands in the history; the warning is told again with the answer."""
    saved = studio.save(Create("job", JOB | {"value": 901}), why="The board agreed")
    assert [(each.code, each.severity, each.place.field) for each in saved.warnings] == [
        ("rule-warning", "warning", "value")
    ]
    whys = studio.read(lambda unit: list(unit.connection.scalars(select(history.c.why))))
    assert "The board agreed" in whys


def test_an_import_tells_a_warning_and_goes_on(studio: Studio) -> None:
    """Its reason is the import, which history names."""
    importer = replace(studio.actor, channel="import")
    saved = studio.save(Create("job", JOB | {"value": 901}), actor=importer)
    assert [each.code for each in saved.warnings] == ["rule-warning"]


def test_a_rule_for_stages_is_asked_where_the_stage_changes(studio: Studio) -> None:
    job = studio.create("job", **JOB | {"due_on": None})
    client = studio.create("client", name="Good")
    assert broken(lambda: studio.update("job", job, client=client)) == []
    assert broken(lambda: studio.update("job", job, stage="offer", value=5)) == [("due_on", "entering")]


def test_rules_of_a_record_type_and_switched_rules(studio: Studio) -> None:
    """A rule switched off by a setting holds once the setting says so."""
    assert broken(lambda: studio.create("client", name="A", record_type="person", region="south")) == [
        ("region", "people_only")
    ]
    assert broken(lambda: studio.create("client", name="A", record_type="company", region="south")) == []
    assert broken(lambda: studio.create("client", name="Switch")) == []
    change(studio.company, Component("setting", "strict", {**STRICT.body, "default": True}))
    assert broken(lambda: studio.create("client", name="Switch")) == [(None, "switched")]


def test_each_row_of_a_batch_is_judged_in_few_statements(studio: Studio) -> None:
    """Every row is told with its number; rules over parents cost no statement a row."""
    bad, good = studio.create("client", name="Bad"), studio.create("client", name="Good")

    def rows(count: int) -> list[Create]:
        return [Create("job", JOB | {"name": f"Roof {at}", "client": bad if at % 2 else good}) for at in range(count)]

    with pytest.raises(DougongError) as caught:
        studio.save(*rows(10))
    assert [each.place.row for each in caught.value.problems] == [2, 4, 6, 8, 10]
    counts = []
    for count in (4, 40):
        with studio.counting() as statements, pytest.raises(DougongError):
            studio.save(*rows(count))
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_taking_back_is_not_judged(studio: Studio) -> None:
    """What was there before a rule came may come back."""
    job = studio.create("job", **JOB)
    studio.delete("job", job)
    change(studio.company, rule("job.never", when="TRUE"))
    studio.restore("job", job)
    assert broken(lambda: studio.save(Update("job", job, {"due_on": "2026-06-02"}))) == [(None, "never")]
