"""A parent's rules over its roll-ups hold where lines are saved without it, and are told at the lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import ColumnElement, select

from dougong.base.errors import DougongError, Problem
from dougong.base.hooks import hook, plugin_manager
from dougong.engine.access import Access
from dougong.engine.actor import SYSTEM
from dougong.engine.saving.batch import Create, Delete, Restore, Update
from dougong.engine.tables import history
from dougong.engine.trials import standing
from dougong.engine.unit import Unit
from dougong.metadata.model import Object
from tests.companies import Copies
from tests.engine.saving.conftest import STUDIO, Studio
from tests.engine.saving.test_validation import rule
from tests.engine.test_publish import change

RULES: dict[str, dict[str, Any]] = {
    "job.dear": {"when": "line_total > 500", "at": ["job_line.job", "name"]},
    "job.empty": {"when": 'ISPICKVAL(stage, "offer") && line_count = 0', "at": ["stage"]},
    "job.long": {"when": "line_count > 3", "severity": "warning"},
    "job.made": {"when": "line_total > 400", "on": ["create"]},
    "job.entered": {"when": "line_total > 400", "on": ["stage"]},
    "job.grown": {"when": "ISCHANGED(line_total) && PRIORVALUE(line_count) = 2 && line_count = 1"},
    "client.committed": {"when": "open_value > 900"},
    "client.overpaid": {"when": "received > 100"},
}
LINE: dict[str, Any] = {"quantity": 1, "price": 300}


@pytest.fixture
def studio(company_copy: Copies, database_kind: str) -> Iterator[Studio]:
    """A studio whose jobs and clients have rules over roll-ups."""
    with company_copy(database_kind, "studio", (STUDIO,)) as company:
        change(company, *(rule(name, **keys) for name, keys in RULES.items()))
        yield Studio(company)


def job(studio: Studio, name: str, prices: list[int], **values: Any) -> tuple[str, list[str]]:
    """A job with lines at `prices`, made by one who breaks no rule."""
    made = studio.create("job", name=name, **values)
    lines = [studio.create("job_line", job=made, quantity=1, price=price) for price in prices]
    return made, lines


def refused(work: Callable[[], Any]) -> list[Problem]:
    try:
        work()
    except DougongError as error:
        return list(error.problems)
    return []


def told(work: Callable[[], Any]) -> list[tuple[int | None, str | None, str]]:
    """Row, field and English text of what a call is refused for."""
    return [(each.place.row, each.place.field, each.text("en")) for each in refused(work)]


DEAR = "Job Roof: job.dear"


def test_a_line_alone_is_held_to_its_parents_rules(studio: Studio) -> None:
    """Made, changed, moved and deleted; each message once, at the line, in the reader's language."""
    roof, (line,) = job(studio, "Roof", [300])
    _, (other,) = job(studio, "Wall", [300])
    assert told(lambda: studio.create("job_line", job=roof, **LINE)) == [(1, None, DEAR)]
    assert told(lambda: studio.update("job_line", line, price=501)) == [(1, None, DEAR)]
    assert told(lambda: studio.update("job_line", other, job=roof)) == [(1, None, DEAR)]
    assert refused(lambda: studio.update("job_line", line, price=501))[0].text("zh-CN") == "Job“Roof”：job.dear"
    assert studio.get("job", roof)["line_total"] == 300
    studio.update("job", roof, client=studio.create("client", name="Good"), stage="offer")
    assert told(lambda: studio.delete("job_line", line)) == [(1, None, "Job Roof: job.empty")]
    assert told(lambda: studio.update("job_line", line, price=200)) == []


def test_every_parent_is_told_at_its_own_lines(studio: Studio) -> None:
    """All failures at once, in the number of statements of one."""
    parents = [job(studio, f"Job {at}", [300]) for at in range(12)]

    def save(count: int) -> list[tuple[int | None, str | None, str]]:
        lines = [Create("job_line", {"job": each, **LINE}) for each, _ in parents[:count]]
        return told(lambda: studio.save(Create("client", {"name": "New"}), *lines))

    assert save(2) == [(2, None, "Job Job 0: job.dear"), (3, None, "Job Job 1: job.dear")]
    counts = []
    for count in (3, 12):
        with studio.counting() as statements:
            assert len(save(count)) == count
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_rule_that_reads_nothing_that_changed_waits(studio: Studio) -> None:
    """What was wrong before, and is not touched, keeps nobody from saving lines."""
    roof, (line,) = job(studio, "Roof", [300])
    change(studio.company, rule("job.named", when='name = "Roof"'), rule("job.few", when="line_count > 0"))
    assert told(lambda: studio.update("job_line", line, price=100)) == []
    assert told(lambda: studio.update("job_line", line, description="Tiles")) == []
    assert told(lambda: studio.create("job_line", job=roof, quantity=1)) == [(1, None, "Job Roof: job.few")]


def test_a_rule_sees_what_the_roll_up_was(studio: Studio) -> None:
    _, lines = job(studio, "Roof", [100, 100])
    assert told(lambda: studio.delete("job_line", lines[0])) == [(1, None, "Job Roof: job.grown")]


def test_the_rules_of_what_stands_above_the_parent_hold(studio: Studio) -> None:
    """Roll-ups of computed fields of roll-ups, and roll-ups over two steps, lead to the line that moved them."""
    client = studio.create("client", name="Good")
    lines = [job(studio, name, [400], client=client)[1][0] for name in ("Roof", "Wall")]
    lone = studio.create("job", name="Lone")
    extra = Create("job_line", {"job": lone, "quantity": 1, "price": 1})
    changes = [extra, *(Update("job_line", line, {"price": 480}) for line in lines)]
    assert told(lambda: studio.save(*changes)) == [(row, None, "Client Good: client.committed") for row in (2, 3)]
    bill = studio.create("bill", client=client, amount=100, life_status="effective")
    paid = Create("receipt", {"bill": bill, "amount": 101})
    assert told(lambda: studio.save(extra, paid)) == [(2, None, "Client Good: client.overpaid")]


def test_a_warning_of_a_parent_asks_why(studio: Studio) -> None:
    """The reason stands in the line's history."""
    roof, _ = job(studio, "Roof", [100, 100, 100])
    line = Create("job_line", {"job": roof, "quantity": 1, "price": 10})
    (problem,) = refused(lambda: studio.save(line))
    assert (problem.code, problem.place.row) == ("rule-warning", 1)
    saved = studio.save(line, why="The client wants it so")
    assert [(each.code, each.place.row, each.text("en")) for each in saved.warnings] == [
        ("rule-warning", 1, "Job Roof: job.long")
    ]
    whys = studio.read(lambda unit: list(unit.connection.scalars(select(history.c.why))))
    assert "The client wants it so" in whys


def test_an_import_leaves_out_the_lines_of_the_parent_alone(studio: Studio) -> None:
    """Warnings are told with the rows and go on."""
    importer = replace(studio.actor, channel="import")
    roof, wall = job(studio, "Roof", [])[0], job(studio, "Wall", [])[0]
    lines = [Create("job_line", {"job": each, **LINE}) for each in (roof, wall, roof)]
    saved = studio.save(*lines, actor=importer, partial=True)
    assert [(each.place.row, each.code) for each in saved.problems] == [(1, "rule"), (3, "rule")]
    assert [each.row for each in saved.changes] == [2]
    long = [Create("job_line", {"job": wall, "quantity": 1, "price": 1}) for _ in range(3)]
    saved = studio.save(*long, actor=importer, partial=True)
    assert [(each.place.row, each.code) for each in saved.warnings] == [(row, "rule-warning") for row in (1, 2, 3)]


def test_what_comes_back_is_held_to_the_rules_of_a_parent_that_stayed(studio: Studio) -> None:
    """A record that comes back is as it was; what it does to others is a change of these. Taking back is no change."""
    roof, (line,) = job(studio, "Roof", [300])
    studio.delete("job_line", line)
    studio.create("job_line", job=roof, **LINE)
    assert told(lambda: studio.restore("job_line", line)) == [(1, None, DEAR)]
    change(studio.company, rule("job.never", when="line_count >= 0"))
    studio.save(Delete("job", roof))
    assert told(lambda: studio.restore("job", roof)) == []
    assert told(lambda: studio.restore("job_line", line)) != []
    assert told(lambda: studio.save(Restore("job_line", line), reverting=True)) == []


class Blind(Access):
    """Sees no job."""

    key = "blind"

    def visible(self, right: str, obj: Object, table: Any) -> ColumnElement[bool] | None:
        return table.c.name == "" if obj.name == "client" else None


class Blinded:
    @hook
    def access(self) -> Access:
        return Blind()


def test_a_parent_that_may_not_be_seen_is_not_named(studio: Studio) -> None:
    client = studio.create("client", name="Secret")
    _, (line,) = job(studio, "Roof", [450], client=client)
    job(studio, "Wall", [450], client=client)
    studio.company.hooks = plugin_manager([Blinded()]).hook
    assert told(lambda: studio.update("job_line", line, price=460)) == [(1, None, "Client: client.committed")]
    assert told(lambda: studio.save(Update("job_line", line, {"price": 460}), actor=SYSTEM)) == [
        (1, None, "Client Secret: client.committed")
    ]


def test_records_that_stand_against_a_rule_in_force_are_found(studio: Studio) -> None:
    """Those that were there before it; not by rules for new records alone, nor by those that are switched off."""
    roof, (line,) = job(studio, "Roof", [300])
    change(
        studio.company,
        rule("job.any", when="line_count > 0"),
        rule("job.off", when="TRUE", active=False),
        rule("job.new", when="TRUE", on=["create"]),
    )

    def found(unit: Unit) -> list[tuple[str, int, list[str]]]:
        table = unit.runtime.storage.tables["job"]
        return [(each.rule.address, each.count, each.records) for each in standing(unit, table, 5)]

    assert studio.read(found) == [("validation_rule:job.any", 1, [roof])]
    studio.delete("job_line", line)
    assert studio.read(found) == []
