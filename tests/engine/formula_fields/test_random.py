"""Any formula: pages over it, sorted, filtered and grouped by it, are those that Python would make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from dougong.base.errors import FormulaError
from dougong.base.field_types import FIELD_TYPES
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.fields.formula import ERROR
from dougong.engine.query import Condition, Query, Sort, Summary
from dougong.engine.runtime import Runtime
from dougong.engine.unit import Unit
from dougong.formulas import compile as compile_formula
from dougong.metadata.check import check
from dougong.metadata.index import Index
from dougong.metadata.model import Field
from dougong.metadata.scope import FieldScope
from tests.companies import WORKSHOP, tree_of
from tests.engine.formula_fields.conftest import GARAGE, by_python, fill
from tests.engine.formula_fields.test_reading import in_order, read

RETURNS = {"decimal": "number", "text": "text", "boolean": "boolean", "date": "date", "integer": "number"}


def grown(leaves: str, *shapes: str) -> st.SearchStrategy[str]:
    """Formulas from the templates `shapes`: ``%n`` a number, ``%t`` a text, ``%b`` a condition, ``%d`` a date."""
    return st.deferred(lambda: st.one_of(st.sampled_from(leaves.split(";")), *(filled_in(shape) for shape in shapes)))


def filled_in(shape: str) -> st.SearchStrategy[str]:
    kinds = {"n": NUMBER, "t": TEXT, "b": CONDITION, "d": DATE}
    pieces = shape.split("%")
    parts: list[st.SearchStrategy[str]] = [st.just(pieces[0])]
    for piece in pieces[1:]:
        parts += [kinds[piece[0]], st.just(piece[1:])]
    return st.tuples(*parts).map("".join)


NUMBER = grown(
    "total;discount;line_count;customer.weight;customer.repair_total;0;2;0.5;-3.25;LEN(customer.name);YEAR(due_on)",
    "(%n + %n)", "(%n - %n)", "(%n * %n)", "(%n / %n)", "IF(%b, %n, %n)", "ROUND(%n, 1)", "ABS(%n)", "MAX(%n, %n)",
    "BLANKVALUE(%n, %n)", "FLOOR(%n)", "IFERROR(%n, %n)", "(%d - %d)",
)  # fmt: skip
TEXT = grown(
    'number;customer.name;customer.city;TEXT(stage);TEXT(customer.level);"é";customer.parent.name;of_group',
    "(%t & %t)", "UPPER(%t)", "LEFT(%t, 3)", "IF(%b, %t, %t)", 'SUBSTITUTE(%t, "e", "上")', "TRIM(%t)",
    "IFERROR(%t, %t)",
)  # fmt: skip
CONDITION = grown(
    "is_big;TRUE;customer.active;ISBLANK(due_on)",
    "%n > %n", "%n = %n", "%t = %t", "(%b && %b)", "(%b || %b)", "NOT(%b)", "ISBLANK(%t)", "CONTAINS(%t, %t)",
    "%d < %d",
)  # fmt: skip
DATE = grown("due_on;customer.since;DATE(2024, 2, 29);TODAY()", "(%d + 1)", "IF(%b, %d, %d)", "BLANKVALUE(%d, %d)")
FORMULAS = st.sampled_from(sorted(RETURNS)).flatmap(
    lambda returns: st.tuples(
        st.just(returns),
        {"number": NUMBER, "text": TEXT, "boolean": CONDITION, "date": DATE}[RETURNS[returns]],
        st.sampled_from(["blank", "zero"]),
    )
)


@cache
def index() -> Index:
    return Index(check(tree_of(WORKSHOP, GARAGE)).effective)


@contextmanager
def with_formula(company: Company, returns: str, text: str, blanks: Any) -> Iterator[tuple[Unit, Field]]:
    """The company with one more formula field at its repairs, which needs no column."""
    options = {"returns": returns, "formula": text, "blanks": blanks}
    kind = FIELD_TYPES["formula"].bound(options, None)
    field = Field(object="repair", name="made_up", id="made_up", type=kind, label={"en": "Made up"}, options=options)
    formula = compile_formula(text, FieldScope(index(), "repair"), RETURNS[returns], blanks, scale=kind.scale(field))
    field = replace(field, formula=formula)
    with company.read(SYSTEM) as unit:
        model = unit.runtime.model
        repair = replace(model.objects["repair"], fields={**model.objects["repair"].fields, "made_up": field})
        model = replace(model, objects={**model.objects, "repair": repair})
        unit.runtime = Runtime(unit.runtime.revision, model, unit.runtime.storage)
        yield unit, field


@pytest.fixture
def filled(garage: Company) -> Company:
    fill(garage)
    return garage


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(made=FORMULAS)
def test_pages_are_those_of_python(filled: Company, made: tuple[str, str, str]) -> None:
    """Values, order, what a filter finds, groups with their counts."""
    note(str(made))
    assume(len(made[1]) < 250)
    with with_formula(filled, *made) as (unit, field):
        try:
            found = read(unit, "repair", "made_up")
        except FormulaError:
            assume(False)
        expected = by_python(unit, field)
        assert dict(found) == expected
        for descending in (False, True):
            order = [id for id, _ in read(unit, "repair", "made_up", sort=(Sort("made_up", descending),))]
            assert order == in_order(expected, descending)
        for op in ("error", "blank") if RETURNS[made[0]] != "boolean" else ("error",):
            wanted = {id for id, value in expected.items() if (value is ERROR if op == "error" else value is None)}
            rows = read(unit, "repair", "made_up", where=Condition("made_up", op))
            assert {id for id, _ in rows} == wanted
        groups = {key: count for (key,), (count,) in unit.records.summarise(Summary(object="repair", by=("made_up",)))}
        assert groups == Counter(expected.values())
        assert unit.records.count(Query(object="repair")).number == len(expected)
