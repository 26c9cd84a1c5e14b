"""What a layout asks for and locks holds on every way in, where its conditions say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from dougong.base.errors import DougongError
from dougong.engine.actor import SYSTEM
from dougong.engine.saving.batch import Create, Made, Update
from dougong.engine.saving.layouts import state_of
from dougong.metadata.component import Component
from tests.companies import Copies
from tests.engine.saving.conftest import STUDIO, Studio
from tests.engine.test_publish import LABEL, change

ITEMS: list[dict[str, Any]] = [
    {"field": "name", "read_only_when": 'ISPICKVAL(stage, "work")'},
    {"field": "stage"},
    {"field": "client", "required_when": "line_total > 100"},
    {"field": "due_on", "required_when": 'client.name = "Hurried"'},
    {"field": "lost_because", "visible_when": 'stage.outcome = "lost"', "required_when": "TRUE"},
]
LAYOUT: dict[str, Any] = {
    "kind": "layout",
    "name": "job.default",
    "object": "job",
    "tabs": [
        {
            "key": "main",
            "label": LABEL,
            "sections": [
                {"key": "all", "items": ITEMS},
                {"key": "late", "visible_when": "value > 5", "items": [{"field": "region", "required_when": "TRUE"}]},
            ],
        }
    ],
}


@pytest.fixture
def studio(company_copy: Copies, database_kind: str) -> Iterator[Studio]:
    """A studio whose jobs have a layout with conditions."""
    with company_copy(database_kind, "studio", (STUDIO,)) as company:
        change(company, Component("layout", "job.default", LAYOUT))
        yield Studio(company)


def refused(work: Any) -> list[tuple[str | None, str]]:
    """The fields and codes of what a call is refused for."""
    try:
        work()
    except DougongError as error:
        assert error.status == 422
        return sorted((each.place.field, each.code) for each in error.problems)
    return []


def test_a_field_is_asked_for_where_it_is_shown_and_its_condition_holds(studio: Studio) -> None:
    hurried = studio.create("client", name="Hurried")
    assert refused(lambda: studio.create("job", name="A", client=hurried)) == [("due_on", "layout-required")]
    assert refused(lambda: studio.create("job", name="A", client=hurried, due_on="2026-05-01")) == []
    assert refused(lambda: studio.create("job", name="B")) == []
    assert refused(lambda: studio.create("job", name="C", value=6)) == [("region", "layout-required")]
    assert refused(lambda: studio.create("job", name="D", value=5)) == []


def test_what_asks_by_roll_ups_waits_for_the_lines(studio: Studio) -> None:
    def save(price: int) -> None:
        line = Create("job_line", {"job": Made("own"), "quantity": 1, "price": price})
        studio.save(Create("job", {"name": "A", "region": "north"}, key="own"), line)

    assert refused(lambda: save(101)) == [("client", "layout-required")]
    assert refused(lambda: save(100)) == []


def test_an_older_record_is_asked_when_it_concerns_the_change(studio: Studio) -> None:
    """A record from before the layout asks for nothing until the field, or what decides on it, changes."""
    hurried = studio.create("client", name="Calm")
    job = studio.create("job", name="A", client=hurried)
    studio.update("client", hurried, name="Hurried")
    assert refused(lambda: studio.update("job", job, name="B")) == []
    other = studio.create("client", name="Hurried")
    assert refused(lambda: studio.update("job", job, client=other)) == [("due_on", "layout-required")]


def test_a_locked_field_stays_and_may_change_with_what_locks_it(studio: Studio) -> None:
    client = studio.create("client", name="Calm")
    given = {"client": client, "value": 4, "due_on": "2026-05-01", "stage": "offer"}
    job = studio.create("job", name="A", **given)
    studio.update("job", job, stage="work", name="B")
    assert refused(lambda: studio.update("job", job, name="C")) == [("name", "layout-read-only")]
    assert refused(lambda: studio.update("job", job, name="B", due_on="2026-06-01")) == []
    assert studio.get("job", job)["name"] == "B"


@pytest.mark.parametrize("channel", ["form", "inline", "bulk", "api", "import", "conversion", "cli"])
def test_every_way_in_is_held_to_it(studio: Studio, channel: str) -> None:
    actor = replace(studio.actor, channel=channel)
    assert refused(lambda: studio.save(Create("job", {"name": "A", "value": 6}), actor=actor)) == [
        ("region", "layout-required")
    ]


def test_the_platform_itself_is_not(studio: Studio) -> None:
    """What a workflow sets is not typed into a form."""
    job = studio.create("job", name="A")
    workflow = replace(SYSTEM, channel="workflow")
    assert refused(lambda: studio.save(Update("job", job, {"value": 6}), actor=workflow)) == []


def test_the_state_of_a_form(studio: Studio) -> None:
    """The same conditions, for a form that shows them."""

    def look(unit: Any) -> list[Any]:
        layout = unit.runtime.model.objects["job"].layouts["default"]
        return [
            state_of(unit, layout, values)
            for values in ({"stage": "idea"}, {"stage": "lost"}, {"stage": "work", "value": 6})
        ]

    idea, lost, work = studio.read(look)
    assert (idea.hidden, idea.required, idea.hidden_sections) == ({"lost_because", "region"}, set(), {"late"})
    assert (lost.hidden, lost.required) == ({"region"}, {"lost_because"})
    assert (work.read_only, work.required, work.hidden_sections) == ({"name"}, {"region"}, set())


# -- lines ------------------------------------------------------------------------------------------------------
COLUMNS: list[dict[str, Any]] = [
    {"field": "description", "visible_when": "quantity > 5", "required_when": "price > 100"},
    {"field": "price", "read_only_when": 'ISPICKVAL(job.stage, "work")'},
    {"field": "quantity"},
]
SECTION: dict[str, Any] = {"key": "lines", "lines": "job_line.job", "columns": COLUMNS}


@pytest.fixture
def lined(studio: Studio) -> Studio:
    """A studio whose jobs show their lines, under conditions; those of one region do not show them at all."""
    tab = {"key": "more", "label": LABEL, "visible_when": 'NOT(ISPICKVAL(region, "north"))', "sections": [SECTION]}
    change(studio.company, Component("layout", "job.default", {**LAYOUT, "tabs": [*LAYOUT["tabs"], tab]}))
    return studio


@pytest.mark.parametrize("channel", ["form", "bulk", "api", "import", "conversion"])
def test_a_line_is_held_to_the_layout_of_its_document(lined: Studio, channel: str) -> None:
    actor = replace(lined.actor, channel=channel)
    job, hidden = lined.create("job", name="A"), lined.create("job", name="B", region="north")

    def save(**line: Any) -> list[tuple[str | None, str]]:
        return refused(lambda: lined.save(Create("job_line", {"job": job, **line}), actor=actor))

    assert save(quantity=6, price=101) == [("description", "layout-required")]
    assert save(quantity=6, price=101, description="x") == []
    assert save(quantity=6, price=100) == []
    assert save(quantity=5, price=101) == []
    assert save(job=hidden, quantity=6, price=101) == []


def test_the_document_may_lock_a_column_of_its_lines(lined: Studio) -> None:
    client = lined.create("client", name="Calm")
    job = lined.create("job", name="A", client=client, value=4, due_on="2026-05-01", stage="offer")
    line = lined.create("job_line", job=job, quantity=1, price=10)
    lined.update("job_line", line, price=11)
    lined.update("job", job, stage="work")
    assert refused(lambda: lined.update("job_line", line, price=12)) == [("price", "layout-read-only")]
    assert refused(lambda: lined.update("job_line", line, quantity=2)) == []
