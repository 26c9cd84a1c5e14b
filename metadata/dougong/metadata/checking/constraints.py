"""Rules of constraints: each kind has its own keys, what they name fits, and a formula can hold for good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.formulas import Formula
from dougong.metadata.checking.formulas import tried
from dougong.metadata.checking.report import Spot, enumerated, missing_field, need_field, spots
from dougong.metadata.index import FieldFacts, Index
from dougong.metadata.model import EFFECTIVE_DATES
from dougong.metadata.scope import FieldScope


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that a kind of constraint must have, and those that it may have."""

    needed: tuple[str, ...]
    taken: tuple[str, ...]


KEYS: Mapping[str, Keys] = {
    "unique": Keys(("fields",), ("when", "fold", "message")),
    "no_overlap": Keys(("range", "keys"), ("when", "fold", "message")),
    "balance": Keys(("field", "keys"), ("min", "max", "when", "fold", "message")),
    "check": Keys(("formula", "message"), ("at", "when")),
}
"""The keys of each kind of constraint beside its type."""

RANGE_TYPES = ("date", "datetime")
"""Types of field that a range may lie between."""


def constraints(index: Index) -> Iterator[Problem]:
    """What is wrong with the constraints and effective dates of objects."""
    for spot, body in spots(index, "object"):
        name = spot.component.name
        for key, each in body.get("constraints", {}).items():
            yield from _constraint(spot / "constraints" / key, name, each)
        if EFFECTIVE_DATES in body:
            yield from _effective_dates(spot, name, body)
        yield from _lifecycle(spot, body)


def _lifecycle(spot: Spot, body: Mapping[str, Any]) -> Iterator[Problem]:
    lifecycle = body.get("lifecycle", {})
    if "begins" in lifecycle and not lifecycle.get("effective"):
        reason = msg("Records can begin in effect only where the object says which are effective.")
        fix = msg('Give the object "lifecycle": {"effective": true}.')
        yield (spot / "lifecycle" / "begins").problem("lifecycle-begins", reason, fix)
    if body.get("append_only") and lifecycle.get("effective"):
        reason = msg("Records that are never changed cannot pass from draft to effective.")
        fix = msg("Take out append_only or lifecycle.effective.")
        yield (spot / "append_only").problem("append-only-lifecycle", reason, fix)


def _constraint(spot: Spot, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    known = KEYS.get(str(body.get("type")))
    if known is None:
        return
    yield from _keys(spot, body, known)
    for key in ("fields", "keys"):
        for below, each in enumerated(spot, key, body):
            yield from need_column(below, name, each)
    for below, each in enumerated(spot, "at", body):
        yield from need_field(below, name, each)
    if "range" in body and body["type"] == "no_overlap":
        yield from _range(spot / "range", name, body["range"])
    if body["type"] == "balance":
        yield from _balance(spot, name, body)
    for key in ("when", "formula"):
        yield from _lasting(spot / key, body.get(key), FieldScope(spot.index, name))


def _keys(spot: Spot, body: Mapping[str, Any], known: Keys) -> Iterator[Problem]:
    kind = str(body["type"])
    for key in known.needed:
        if key not in body:
            reason = msg("A constraint of type {type} needs the key {key}.", type=kind, key=key)
            yield spot.problem("constraint-key-missing", reason)
    for key in body:
        if key not in ("type", *known.needed, *known.taken):
            reason = msg("A constraint of type {type} has no key {key}.", type=kind, key=key)
            fix = msg("It takes: {names}.", names=", ".join((*known.needed, *known.taken)))
            yield (spot / key).problem("constraint-key-unused", reason, fix)


def need_column(spot: Spot, object_name: str, name: Any) -> Iterator[Problem]:
    """`name` must be a field of the object that is stored in its table."""
    if not isinstance(name, str):
        return
    facts = spot.index.field(object_name, name)
    if facts is None:
        yield missing_field(spot, object_name, name)
    elif facts.type is not None and not has_column(facts):
        called = facts.body.get("label") or name
        reason = msg("{field} has no column of its own, so no constraint can read it.", field=called)
        yield spot.problem("field-type-wrong", reason)


def has_column(facts: FieldFacts) -> bool:
    """Whether a field's values are stored with the record: not those of links and of formulas that queries compute."""
    computed = facts.body.get("type") == "formula" and not facts.option("stored")
    return facts.type is not None and facts.type.stored and not computed


def _range(spot: Spot, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    kinds = []
    for key in ("from", "to"):
        yield from need_column(spot / key, name, body.get(key))
        facts = spot.index.field(name, str(body.get(key, "")))
        if facts is None or facts.type is None or not facts.type.stored:
            continue
        kinds.append(_kind(facts))
        if kinds[-1] not in RANGE_TYPES:
            reason = msg("{field} is no date.", field=facts.body.get("label") or facts.name)
            yield (spot / key).problem("field-type-wrong", reason)
    if len(kinds) == 2 and set(kinds) <= set(RANGE_TYPES):
        if kinds[0] != kinds[1]:
            reason = msg("A range lies between two dates, or between two dates with times.")
            yield spot.problem("range-types", reason, msg("Give both fields the same type."))
        elif body.get("end") == "included" and kinds[0] != "date":
            reason = msg("Only a day can belong to a range as its end; a moment is where the next one begins.")
            yield (spot / "end").problem("range-end", reason, msg('Set it to "excluded".'))


def _kind(facts: FieldFacts) -> str:
    return str(facts.type.formula_type) if facts.type is not None else ""


def _balance(spot: Spot, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    if "field" in body:
        yield from need_column(spot / "field", name, body["field"])
        facts = spot.index.field(name, str(body["field"]))
        if facts is not None and facts.type is not None and facts.type.stored and _kind(facts) != "number":
            reason = msg("{field} is no number.", field=facts.body.get("label") or facts.name)
            yield (spot / "field").problem("field-type-wrong", reason)
    least, most = (body.get(key) for key in ("min", "max"))
    if least is None and most is None:
        reason = msg("A balance without min and max holds always.")
        yield spot.problem("balance-unbounded", reason, msg("Say min, max or both."))
    elif least is not None and most is not None and Decimal(str(least)) > Decimal(str(most)):
        yield (spot / "max").problem("balance-bounds", msg("max is less than min: no sum fits."))


def _effective_dates(spot: Spot, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    where, said = spot / EFFECTIVE_DATES, body[EFFECTIVE_DATES]
    for below, each in enumerated(where, "keys", said):
        yield from need_column(below, name, each)
    for key in ("from", "to"):
        yield from need_column(where / key, name, said.get(key))
        facts = spot.index.field(name, str(said.get(key, "")))
        if facts is not None and facts.type is not None and facts.type.stored and _kind(facts) != "date":
            reason = msg("{field} is no date.", field=facts.body.get("label") or facts.name)
            yield (where / key).problem("field-type-wrong", reason)
    if EFFECTIVE_DATES in body.get("constraints", {}):
        reason = msg("The effective dates of the object have this name.")
        yield (spot / "constraints" / EFFECTIVE_DATES).problem("constraint-name", reason, msg("Choose another name."))


def _lasting(spot: Spot, text: Any, scope: FieldScope) -> Iterator[Problem]:
    """A formula of a constraint: true or false of a record by what is stored of it, at whatever time, for everybody."""
    for found in tried(spot, text, scope, "boolean"):
        if isinstance(found, Problem):
            yield found
        else:
            yield from _always(spot, found)
            yield from _own_fields(spot, found, scope)


def _always(spot: Spot, formula: Formula) -> Iterator[Problem]:
    """A condition that holds looks at nothing that moves without the record."""
    if formula.save_only:
        reason = msg("This condition is not asked while a record is saved, so it cannot look at what changed.")
        yield spot.problem("formula-save-only", reason)
    if formula.uses_clock or formula.uses_user:
        reason = msg(
            "A constraint holds for everybody at every time, so it cannot look at the clock, a user or a setting."
        )
        yield spot.problem("constraint-fleeting", reason, msg("Compare with a field of the record."))
    elif formula.uses_calendar:
        reason = msg("A constraint holds at every time, so it cannot look at the calendar, which changes.")
        yield spot.problem("constraint-fleeting", reason, msg("Compare with a field of the record."))


def _own_fields(spot: Spot, formula: Formula, scope: FieldScope) -> Iterator[Problem]:
    """A parent may change without its children being saved: what a constraint reads is the record's own."""
    for path in formula.references:
        facts = scope.index.field(scope.object, path[0])
        if len(path) > 1 and facts is not None and facts.type is not None and facts.type.refers:
            reason = msg("A constraint reads the record itself; {path} is another record's.", path=".".join(path))
            fix = msg("Give the record a field that copies it live (copy on the lookup), and read that.")
            yield spot.problem("constraint-elsewhere", reason, fix)
