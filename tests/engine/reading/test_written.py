"""Formulas in filters: they find the records for which they are true, over fields that the asker may read alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Literal

import pytest
from sqlalchemy import ColumnElement, FromClause, false

from dougong.base.errors import BadRequest
from dougong.base.hooks import hook, plugin_manager
from dougong.engine.access import Access, Right
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Query, Summary
from dougong.engine.reading.filters import parse
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit
from dougong.metadata.model import Field, Model, Object
from tests.companies import ADMINISTRATOR, person

ASKED = [
    ("amount > 150", {"Two", "Three"}),
    ("/* of a partner */ ISPICKVAL(source, 'partner')", {"Three"}),
    ("account.name = 'A' && amount < 250", {"One", "Two"}),
    ("ISBLANK(amount)", {"None"}),
    ("NOT(ISBLANK(amount)) && amount / (amount - 100) > 1", {"Two", "Three"}),
    ("is_closed", set()),
    ("close_date < TODAY()", {"One"}),
    ("probability > 0.05 && stage.probability > 0", {"One", "Two", "Three", "None"}),
]
"""Formulas, and the deals for which they are true."""

REFUSED = [
    ("amout > 1", "formula-unknown-field", "amount"),
    ("amount", "formula-result-type", ""),
    ("amount >", "formula-syntax", ""),
    ("ISCHANGED(amount)", "formula-save-only", ""),
    ("account.nmae = 'A'", "formula-unknown-field", "account.name"),
]
"""Formulas that are none, why, and what was probably meant."""


class Discretion(Access):
    """Amounts are hidden, the names of sources masked, and nobody sees a customer."""

    key = "discretion"

    def may_field(self, right: Literal["read", "edit"], obj: Object, field: Field) -> bool:
        return field.address not in ("field:opportunity.amount", "field:opportunity.next_step")

    def masks(self, obj: Object, field: Field) -> bool:
        return field.name == "next_step"

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        return false() if obj.name == "account" else None


class Plugin:
    @hook
    def access(self, actor: Actor, model: Model) -> Access | None:
        return None if actor.is_system else Discretion()


@pytest.fixture
def unit(sales: Company) -> Iterator[Unit]:
    """A company with four deals, read by the platform."""

    def store(unit: Unit) -> None:
        account = unit.records.save([Create("account", {"name": "A", "record_type": "enterprise"})]).changes[0].id
        deals: list[dict[str, Any]] = [
            {"name": "One", "amount": "100", "close_date": "2026-01-05", "account": account},
            {"name": "Two", "amount": "200", "account": account},
            {"name": "Three", "amount": "300", "source": "partner"},
            {"name": "None"},
        ]
        unit.records.save([Create("opportunity", {"close_date": "2099-01-01", **each}) for each in deals])

    sales.write(SYSTEM, store)
    with sales.read(SYSTEM) as found:
        yield found


def found(unit: Unit, text: str) -> set[Any]:
    query = Query(object="opportunity", columns=("name",), where=parse({"formula": text}))
    names = {row.values[0] for row in unit.records.query(query).rows}
    assert unit.records.count(query).number == len(names)
    summed = unit.records.summarise(Summary(object="opportunity", where=query.where))
    assert sum(values[0] for _, values in summed) == len(names)
    return names


def test_a_formula_finds_the_records_for_which_it_is_true(unit: Unit) -> None:
    """Rows, count and groups alike; with other conditions around it as without."""
    assert {text: found(unit, text) for text, _ in ASKED} == dict(ASKED)
    opposite = parse({"all": [{"not": {"formula": "amount > 150"}}, {"field": "amount", "op": "not_blank"}]})
    rows = unit.records.query(Query(object="opportunity", columns=("name",), where=opposite)).rows
    assert [row.values[0] for row in rows] == ["One"]


def test_what_is_no_condition_is_refused_with_what_was_meant(unit: Unit) -> None:
    """Every mistake of a filter at once, and never a failure of the database."""
    for text, code, meant in REFUSED:
        with pytest.raises(BadRequest) as raised:
            found(unit, text)
        (problem,) = raised.value.problems
        assert problem.code == code
        assert meant in str(problem.fix.text.format(**problem.fix.values) if problem.fix else "")
    both = parse([{"formula": "amout > 1"}, {"field": "stag", "op": "blank"}, {"formula": "nmae = 'A'"}])
    with pytest.raises(BadRequest) as raised:
        unit.records.query(Query(object="opportunity", where=both))
    assert len(raised.value.problems) == 3


def test_nothing_is_told_of_what_the_asker_may_not_read(unit: Unit, sales: Company) -> None:
    """A hidden field is not there, nor suggested; a masked one neither; a hidden parent is blank."""
    reader = person(sales, "reader", ADMINISTRATOR)
    sales.hooks = plugin_manager([Plugin()]).hook
    with sales.read(reader) as narrowed:
        for text in ("amount > 150", "amout > 150", "ISBLANK(next_step)", "amount_company > 1"):
            with pytest.raises(BadRequest) as raised:
                found(narrowed, text)
            (problem,) = raised.value.problems
            assert problem.code == "formula-unknown-field"
            assert problem.fix is None or problem.fix.values["name"] not in ("amount", "next_step")
        assert found(narrowed, "account.name = 'A'") == set()
        assert found(narrowed, "ISBLANK(account.name)") == {"One", "Two", "Three", "None"}
    assert found(unit, "account.name = 'A'") == {"One", "Two"}


def test_who_asks_and_when_is_asked_anew(sales: Company) -> None:
    """The statement of one person, and of one day, never answers for another."""
    first, second = (person(sales, login, ADMINISTRATOR) for login in ("first", "second"))
    for each, name in ((first, "Mine"), (second, "Yours")):
        deal = Create("opportunity", {"name": name, "close_date": "2026-03-01"})
        sales.write(each, lambda unit, deal=deal: unit.records.save([deal]))
    for each, expected in ((first, {"Mine"}), (second, {"Yours"}), (first, {"Mine"})):
        with sales.read(each) as unit:
            assert found(unit, "owner.id = $User.id") == expected
    for day, expected in ((date(2026, 3, 1), set()), (date(2026, 3, 2), {"Mine", "Yours"}), (date(2026, 3, 1), set())):
        with sales.read(first) as unit:
            unit.now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            assert found(unit, "close_date < TODAY()") == expected
