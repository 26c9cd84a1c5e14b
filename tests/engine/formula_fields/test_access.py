"""A formula tells nobody what they may not read: fields hide the formulas that read them, hidden parents read blank."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import ColumnElement, FromClause

from dougong.base.errors import BadRequest
from dougong.base.hooks import hook, plugin_manager
from dougong.engine.access import Access, Right
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Condition, Measure, Query, Sort, Summary
from dougong.engine.transfer.exporting import write_csv
from dougong.metadata.model import Field, Model, Object
from tests.engine.formula_fields.conftest import fill

LI = Actor(user_id=None, name="Li", login="li", kind="internal")


class Discretion(Access):
    """Hides the city of every customer, and one customer."""

    key = "discretion"

    def may_field(self, right: Any, obj: Object, field: Field) -> bool:
        return (obj.name, field.name) != ("customer", "city")

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        return table.c.name != "Wheel Club" if obj.name == "customer" else None


class Plugin:
    @hook
    def access(self, actor: Actor, model: Model) -> Access | None:
        return Discretion() if actor.login == "li" else None


@pytest.fixture
def discreet(garage: Company) -> Iterator[Company]:
    fill(garage)
    garage.hooks = plugin_manager([Plugin()]).hook
    yield garage


HIDDEN = (("repair", "town"), ("repair_line", "of_town"))


def test_fields_hide_the_formulas_that_read_them(discreet: Company) -> None:
    """Over lookups and over other formulas: as columns, sorts, filters, groups and measures, and on the record."""
    with discreet.read(LI) as unit:
        for object_name, name in HIDDEN:
            uses: tuple[Query | Summary, ...] = (
                Query(object=object_name, columns=(name,)),
                Query(object=object_name, sort=(Sort(name),)),
                Query(object=object_name, where=Condition(name, "is", "x")),
                Summary(object=object_name, by=(name,)),
                Summary(object=object_name, measures=(Measure("max", name),)),
            )
            for use in uses:
                with pytest.raises(BadRequest) as refused:
                    (unit.records.query if isinstance(use, Query) else unit.records.summarise)(use)  # type: ignore[arg-type, operator]
                assert [each.code for each in refused.value.problems] == ["field-unknown"], use
            row = unit.records.query(Query(object=object_name, columns=("id",))).rows[0]
            shown = unit.records.get(object_name, row.id).values
            assert name not in shown
            assert shown.keys() & {"of_group", "dear"}
    with discreet.read(replace(LI, login="wang")) as unit:
        for object_name, name in HIDDEN:
            assert unit.records.query(Query(object=object_name, columns=(name,))).rows


def test_hidden_parents_are_blank_in_formulas(discreet: Company) -> None:
    """What is computed in the query sees of a parent what the reader sees; a filter finds nothing by it either."""
    with discreet.read(LI) as unit:
        rows = unit.records.query(Query(object="repair", columns=("customer", "of_group"), limit=100)).rows
        assert not any("Wheel" in (row.values[1] or "") for row in rows)
        found = Query(object="repair", where=Condition("of_group", "contains", "Wheel"))
        assert unit.records.count(found).number == 0
    with discreet.read(SYSTEM) as unit:
        assert unit.records.count(found).number > 0


def test_exports_have_what_may_be_read(discreet: Company) -> None:
    """A file of everything has no hidden formula; what fails is said as such."""
    with discreet.read(LI) as unit:
        names = tuple(unit.records.get("repair", unit.records.query(Query(object="repair")).rows[0].id).values)
        assert "town" not in names
        file = io.BytesIO()
        write_csv(unit, Query(object="repair", columns=("number", "per_line", "net")), file)
    text = file.getvalue().decode("utf-8-sig")
    assert "#Error!" in text
