"""Rules of formula fields: they mean something, end somewhere, and the database can compute those not stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Numeric, Text, literal_column
from sqlalchemy.types import TypeEngine

from dougong.base.errors import FormulaError, Problem
from dougong.base.language import msg
from dougong.formulas import Context, Formula, Path
from dougong.metadata.building.fields import build_picklist, plain_field
from dougong.metadata.checking.formulas import placed
from dougong.metadata.checking.report import Spot, spots
from dougong.metadata.component import PLATFORM
from dougong.metadata.index import FieldFacts, Index
from dougong.metadata.references import references
from dougong.metadata.scope import compiled, formula_of, is_stored

EXACT_DIGITS = (18, 39)
"""The digits that SQLite and PostgreSQL compute exactly with: a formula field must work on both."""

UNFIT_KEYS = ("required", "unique", "external_key", "searchable", "default", "compute")
"""Common keys that mean nothing for a value that nobody enters."""

_MOMENT = Context(now=datetime(2026, 1, 1, tzinfo=UTC), variables=lambda path: None)


def formula_fields(index: Index) -> Iterator[Problem]:
    """What is wrong with formula fields, beside the shape of their documents."""
    circles = _Circles(index)
    for spot, body in spots(index, "field"):
        facts = index.fields.get(spot.component.object or "", {}).get(spot.component.own_name)
        if facts is None or body.get("type") != "formula" or not isinstance(body.get("formula"), str):
            continue
        yield from _unfit(spot, facts)
        circle = circles.through(spot.component.address)
        if circle:
            way = " → ".join(each.removeprefix("field:") for each in (*circle, circle[0]))
            reason = msg("The formula reads itself: {circle}.", circle=way)
            yield (spot / "formula").problem("formula-cycle", reason, msg("Take one of these references out."))
            continue
        yield from _formula(spot / "formula", facts, body["formula"])


def without_columns(index: Index) -> Iterator[Problem]:
    """What saving reads of records needs a column, and roll-ups cannot follow the clock or a reader."""
    for component in index.components.values():
        for each in references(index, component) if component.kind in _NEEDS else ():
            found = index.components.get(each.target)
            if found is None or found.body.get("type") != "formula" or found.body.get("stored"):
                continue
            facts = index.fields[found.object or ""][found.own_name]
            spot, label = Spot(index, component, each.pointer), found.body.get("label") or found.name
            if any(re.fullmatch(pattern, each.pointer) for pattern in _NEEDS[component.kind]):
                reason = msg("{field} is computed in each query; what stands here needs a stored value.", field=label)
                yield spot.problem("formula-not-stored", reason, msg("Store the formula field."))
            elif each.pointer == "/field" and component.body.get("type") == "rollup":
                yield from _countable(spot, facts, label)


def _countable(spot: Spot, facts: FieldFacts, label: Any) -> Iterator[Problem]:
    formula = formula_of(spot.index, facts)
    if formula is not None and (formula.uses_clock or formula.uses_user):
        reason = msg("{field} depends on the clock or on who reads it, so nothing can be counted over it.", field=label)
        yield spot.problem("formula-not-countable", reason, msg("Put the condition on the clock under where."))
    elif formula is not None and formula.uses_calendar:
        reason = msg("{field} depends on the calendar, which changes, so nothing can be counted over it.", field=label)
        yield spot.problem("formula-not-countable", reason, msg("Count over fields of the record."))


_NEEDS: Mapping[str, tuple[str, ...]] = {
    "object": ("/search/[0-9]+/field", "/constraints/.*/fields/[0-9]+", "/currency/rate_date", "/hierarchy/parent"),
    "field": ("/depends_on/field", "/copy/.*/from", "/order/[0-9]+/field"),
    "path": ("/field", "/stages/[0-9]+/required/[0-9]+"),
}
"""Where fields are named that saving reads; what stands there must have a column."""


def _unfit(spot: Spot, facts: FieldFacts) -> Iterator[Problem]:
    for key in UNFIT_KEYS:
        if facts.body.get(key):
            reason = msg("A formula field cannot have the key {key}: nobody enters its value.", key=key)
            yield (spot / key).problem("formula-key", reason, msg("Leave it out."))
    if facts.body.get("indexed") and not is_stored(facts):
        reason = msg("There is no column to index: the formula is computed in each query.")
        yield (spot / "indexed").problem("formula-indexed", reason, msg("Store the formula field."))


def _formula(spot: Spot, facts: FieldFacts, text: str) -> Iterator[Problem]:
    try:
        formula = compiled(spot.index, facts, text)
    except FormulaError as error:
        if spot.component.layer != PLATFORM:  # what the platform makes of conditions is reported at these
            yield from placed(spot, text, error.problems)
        return
    if spot.component.layer != PLATFORM:
        yield from placed(spot, text, formula.warnings)
    if formula.save_only:
        reason = msg("A formula field is not asked while a record is saved, so it cannot look at what changed.")
        yield spot.problem("formula-save-only", reason)
    elif is_stored(facts):
        yield from _lasting(spot, formula)
    else:
        yield from _in_sql(spot, text, formula)


def _lasting(spot: Spot, formula: Formula) -> Iterator[Problem]:
    """A stored value must not depend on when and by whom it is read."""
    fix = msg("Leave stored out: then the value is computed whenever it is asked for.")
    if formula.uses_clock:
        yield spot.problem("formula-stored-clock", msg("What depends on the clock cannot be stored."), fix)
    elif formula.uses_user:
        yield spot.problem("formula-stored-user", msg("What depends on who reads it cannot be stored."), fix)
    elif formula.uses_calendar:
        reason = msg("What depends on the calendar cannot be stored: the calendar changes without the record.")
        yield spot.problem("formula-stored-calendar", reason, fix)


# -- in SQL ---------------------------------------------------------------------------------------------------
def _in_sql(spot: Spot, text: str, formula: Formula) -> Iterator[Problem]:
    yield from placed(spot, text, sql_refusals(spot.index, spot.component.object or "", formula))


def sql_refusals(index: Index, object_name: str, formula: Formula) -> tuple[Problem, ...]:
    """Why a formula over an object has no SQL, each reason once; nothing where it has."""
    columns = {path: _column(index, object_name, path) for path in formula.references}
    found: dict[str, Problem] = {}
    for digits in EXACT_DIGITS:
        try:
            formula.sql(columns, _MOMENT, digits=digits)
        except FormulaError as error:
            for each in error.problems:
                found.setdefault(str(each.reason), each)
    return tuple(found.values())


def _column(index: Index, object_name: str, path: Path) -> ColumnElement[Any]:
    """A column of the type that the reference `path` has in the database."""
    return literal_column("c", _column_type(index, object_name, path))


def _column_type(index: Index, object_name: str, path: Path) -> TypeEngine[Any]:
    facts = index.field(object_name, path[0])
    if facts is None or facts.type is None:
        return Text()
    rest = path[1:]
    if not rest:
        parts = plain_field(index, facts).type.parts(plain_field(index, facts))
        return parts[0].type if parts else _counted_type(index, facts)
    if facts.leads_to:
        return _column_type(index, facts.leads_to, rest)
    if rest == ("company",):
        return plain_field(index, facts).type.parts(plain_field(index, facts))[1].type
    picklist = build_picklist("", index.picklist_body(facts) or {})
    kind = picklist.attributes_schema.get(rest[0])
    if kind in ("integer", "decimal", "percent"):
        return Numeric(*picklist.digits(rest[0]))
    return Boolean() if kind == "boolean" else Text()


def _counted_type(index: Index, facts: FieldFacts) -> TypeEngine[Any]:
    """Of a field without column: a roll-up has the type of what it reads, or is a number."""
    read = index.result(facts)
    if facts.body.get("type") != "rollup":
        return Text()
    return Numeric(18, 0) if read is None else _column_type(index, read.object, (read.name,))


# -- circles --------------------------------------------------------------------------------------------------
class _Circles:
    """Finds ways of formula fields and roll-ups that come back to where they began."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._reads: dict[str, tuple[str, ...]] = {}

    def through(self, address: str) -> tuple[str, ...]:
        """The shortest circle through a field, beginning with it; none where there is none."""
        before: dict[str, str | None] = {address: None}
        waiting = [address]
        for here in waiting:
            for each in self._read(here):
                if each == address:
                    return self._way(before, here)
                if each not in before:
                    before[each] = here
                    waiting.append(each)
        return ()

    @staticmethod
    def _way(before: Mapping[str, str | None], last: str) -> tuple[str, ...]:
        way: list[str] = []
        here: str | None = last
        while here is not None:
            way.append(here)
            here = before[here]
        return tuple(reversed(way))

    def _read(self, address: str) -> tuple[str, ...]:
        """The computed fields that a computed field reads."""
        if address not in self._reads:
            component = self.index.components[address]
            self._reads[address] = tuple(
                dict.fromkeys(
                    each.target
                    for each in (references(self.index, component) if self._computed(address) else ())
                    if each.pointer in _READ and self._computed(each.target)
                )
            )
        return self._reads[address]

    def _computed(self, address: str) -> bool:
        component = self.index.components.get(address)
        if component is None or component.kind != "field":
            return False
        return component.body.get("type") in ("formula", "rollup") or "compute" in component.body


_READ = frozenset({"/formula", "/field", "/where", "/compute/formula", "/compute/when"})
"""Where the references of a computed field stand that are read for its value."""
