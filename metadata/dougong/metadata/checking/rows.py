"""Rules of rows: records that travel with the metadata have values that their fields take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.field_types import ValueRefused
from dougong.base.language import msg
from dougong.metadata.building.fields import plain_field
from dougong.metadata.building.rows import ADDRESS, row_named
from dougong.metadata.checking.report import READING, Spot, missing_field, need_object, need_value, spots
from dougong.metadata.component import PLATFORM, canonical_json
from dougong.metadata.index import FieldFacts, Index
from dougong.metadata.violations import near

GIVEN = frozenset({"record_type", "life_status", "currency"})
"""The system fields that a row may give."""

MOST = 2000
"""Rows of one object: they are written in the moment in which a publish has the company to itself."""


def rows(index: Index) -> Iterator[Problem]:
    """Rows belong to objects whose records are metadata, and give values that fit the fields."""
    for name, component in index.named("object").items():
        if component.body.get("rows") == "metadata":
            yield from _object(Spot(index, component), name)
    for spot, body in spots(index, "row"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "name", name)
        elif index.body("object", name).get("rows") != "metadata":
            reason = msg("The records of {object} are data, not metadata.", object=_label(index, name))
            fix = msg('Give the object "rows": "metadata", or import the record.')
            yield (spot / "name").problem("row-of-data", reason, fix)
        else:
            yield from _row(spot, name, body.get("values", {}))


def _label(index: Index, name: str) -> Any:
    return index.body("object", name).get("label") or name


def _object(spot: Spot, name: str) -> Iterator[Problem]:
    if spot.component.body.get("append_only"):
        reason = msg("Rows change with the metadata, and records of this object never do.")
        yield (spot / "append_only").problem("rows-append-only", reason, msg("Leave one of the two out."))
    listed = spot.index.of_object("row", name)
    if len(listed) > MOST:
        reason = msg("{count} rows are too many: publishing writes no more than {most}.", count=len(listed), most=MOST)
        yield (spot / "rows").problem("rows-too-many", reason, msg("Keep them as data, and import them."))
    for facts in spot.index.fields.get(name, {}).values():
        if facts.body.get("unique") or facts.body.get("external_key"):
            yield from _twice(spot.index, facts, listed.values())


def _twice(index: Index, facts: FieldFacts, listed: Iterable[Any]) -> Iterator[Problem]:
    """Two rows with one value of a unique field."""
    first: dict[str, str] = {}
    for component in listed:
        value = component.body.get("values", {}).get(facts.name)
        if value is None:
            continue
        before = first.setdefault(canonical_json(value), component.name)
        if before != component.name:
            reason = msg("{row} has the same value, and {field} is unique.", row=before, field=_called(facts))
            yield (Spot(index, component) / "values" / facts.name).problem(
                "row-twice", reason, msg("Change one of them.")
            )


def _row(spot: Spot, object_name: str, values: Mapping[str, Any]) -> Iterator[Problem]:
    given = set()
    for name, value in values.items():
        where, facts = spot / "values" / name, spot.index.field(object_name, name)
        if facts is None:
            yield missing_field(where, object_name, name)
        elif not _may_be_given(spot.index, facts):
            reason = msg("{field} gets its value by itself.", field=_called(facts))
            yield where.problem("row-value-kept", reason, msg("Leave it out."))
        else:
            given.add(facts.name)
            yield from _value(where, facts, value)
    for facts in spot.index.fields[object_name].values():
        if facts.name not in given and _is_needed(spot.index, facts, values):
            reason = msg("{field} must have a value.", field=_called(facts))
            yield (spot / "values").problem("row-value-missing", reason, msg("Add {field}.", field=facts.name))


def _called(facts: FieldFacts) -> Any:
    return facts.body.get("label") or facts.name


def _may_be_given(index: Index, facts: FieldFacts) -> bool:
    if facts.component.layer == PLATFORM:
        return facts.name in GIVEN
    if index.template(facts) is not None or index.code(facts) is not None:
        return False
    computed = facts.body.get("compute", {}).get("mode", "always") == "always" and "compute" in facts.body
    return facts.type is None or (facts.type.writable and not computed)


def _is_needed(index: Index, facts: FieldFacts, values: Mapping[str, Any]) -> bool:
    """Whether a row must give the field: it is required, and nothing else fills it."""
    if facts.component.layer == PLATFORM or not facts.body.get("required") or not _may_be_given(index, facts):
        return False
    kind = index.body("record_type", f"{facts.object}.{values.get('record_type')}")
    filled = facts.name in kind.get("defaults", {}) or "default" in kind.get("values", {}).get(facts.name, {})
    return not filled and not {"default", "compute"} & set(facts.body)


def _value(spot: Spot, facts: FieldFacts, value: Any) -> Iterator[Problem]:
    """One value: a number that is exact, a row or value that is there, what its type can read."""
    if facts.type is None or spot.index.is_open(facts):
        return
    if _has_fraction(value):
        reason = msg("{value} is no exact number.", value=str(value))
        yield spot.problem("row-number", reason, msg('Write numbers as text: "0.2".'))
    elif facts.targets:
        yield from _references(spot, facts, value)
    elif "picklist" in facts.type.keys:
        yield from _chosen(spot, facts, value)
    else:
        yield from _readable(spot, facts, value)


def _has_fraction(value: Any) -> bool:
    below = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return isinstance(value, float) or any(map(_has_fraction, below))


def _references(spot: Spot, facts: FieldFacts, value: Any) -> Iterator[Problem]:
    index = spot.index
    for target in facts.targets:
        if index.body("object", target).get("rows") != "metadata":
            reason = msg("A row can name rows alone, and {object} is data.", object=_label(index, target))
            yield spot.problem("row-reference-data", reason, msg("Leave it out."))
            return
    several = facts.type is not None and facts.type.many
    for at, each in enumerate(value if isinstance(value, list) and several else [value]):
        if row_named(index, facts, each) is None:
            known = [
                name if len(facts.targets) == 1 else f"{ADDRESS}{target}.{name}"
                for target in facts.targets
                for name in index.of_object("row", target)
            ]
            reason = msg("There is no row {name}.", name=str(each))
            where = spot / at if isinstance(value, list) else spot
            yield where.problem("reference-unknown", reason, near(str(each), known))


def _chosen(spot: Spot, facts: FieldFacts, value: Any) -> Iterator[Problem]:
    """API names of values: labels are for people."""
    if not spot.index.values(facts):
        return
    several = facts.type is not None and facts.type.many
    for at, each in enumerate(value if several and isinstance(value, list) else [value]):
        where = spot / at if isinstance(value, list) else spot
        if isinstance(each, str):
            yield from need_value(where, facts, each)
        else:
            yield from _readable(where, facts, each)


def _readable(spot: Spot, facts: FieldFacts, value: Any) -> Iterator[Problem]:
    field = plain_field(spot.index, facts)
    try:
        found = field.type.coerce(field, value, READING)
    except ValueRefused as refused:
        yield spot.problem(refused.code, refused.reason, refused.fix)
        return
    if found is not None and field.type.formula_type in ("date", "datetime", "time"):
        said = field.type.to_json(field, found)
        if said != value:
            reason = msg("Rows write it as {value}.", value=str(said))
            yield spot.problem("row-value-form", reason)
