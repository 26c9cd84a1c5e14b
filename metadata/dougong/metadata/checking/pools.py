"""Rules of pools: what they hide stays hidden, who they name is there, and their dates are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.formulas import Type
from dougong.metadata.checking.formulas import stored_condition, tried
from dougong.metadata.checking.people import need_people
from dougong.metadata.checking.queues import need_queue_object, need_queue_users
from dougong.metadata.checking.report import Spot, enumerated, need_field, need_object, object_label, repeated, spots
from dougong.metadata.index import Index
from dougong.metadata.scope import FieldScope, formula_type

OPEN = ("read", "write")


def pools(index: Index) -> Iterator[Problem]:
    """What is wrong with any pool."""
    for spot, body in spots(index, "pool"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        yield from need_queue_users(spot)
        yield from _object(spot, name)
        yield from _people(spot, name, body)
        yield from stored_condition(spot / "when", body.get("when"), FieldScope(index, name))
        for key, said in (body.get("claim") or {}).items():
            yield from _of_nobody(spot / "claim" / key, name, said, "number")
        yield from _of_nobody(spot / "active", name, body.get("active"), "boolean")
        yield from _number(spot / "protect", name, body.get("protect"))
        for key in ("reclaim", "exceptions"):
            yield from repeated(spot, key, body)
        for below, rule in enumerated(spot, "reclaim", body):
            yield from _rule(below, name, rule)
        for below, rule in enumerated(spot, "exceptions", body):
            yield from stored_condition(below / "when", rule.get("when"), FieldScope(index, name))


def _object(spot: Spot, name: str) -> Iterator[Problem]:
    yield from need_queue_object(spot / "object", name)
    if spot.index.body("object", name).get("access", {}).get("default") in OPEN:
        reason = msg("Everybody sees every field of each {object}: a pool hides nothing.", object=_label(spot, name))
        fix = msg('Say "default": "private" under access of the object, or let a queue have these records.')
        yield (spot / "shows").problem("pool-open", reason, fix)


def _label(spot: Spot, name: str) -> Any:
    return object_label(spot.index, name)


def _people(spot: Spot, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    yield from need_people(spot, "members", body)
    yield from need_people(spot, "assign", body)
    for below, each in enumerated(spot, "shows", body):
        yield from need_field(below, name, each)


def _of_nobody(spot: Spot, name: str, said: Any, result: str) -> Iterator[Problem]:
    """A limit or a switch: a formula over settings, the same for every record."""
    for found in tried(spot, said, FieldScope(spot.index, name), result):
        if isinstance(found, Problem):
            yield found
        elif any(not path[0].startswith("$") for path in found.references):
            reason = msg("This is the same for every record, so it reads no field.")
            yield spot.problem("pool-limit-field", reason, msg("Use a number or a setting: $Setup.pool_days."))


def _number(spot: Spot, name: str, said: Any) -> Iterator[Problem]:
    for found in tried(spot, said, FieldScope(spot.index, name), "number"):
        if isinstance(found, Problem):
            yield found
        elif found.save_only:
            reason = msg("This condition is not asked while a record is saved, so it cannot look at what changed.")
            yield spot.problem("formula-save-only", reason)


def _rule(spot: Spot, name: str, rule: Mapping[str, Any]) -> Iterator[Problem]:
    yield from stored_condition(spot / "when", rule.get("when"), FieldScope(spot.index, name))
    yield from _number(spot / "days", name, rule.get("days"))
    for below, each in enumerated(spot, "since", rule):
        yield from _date(below, name, each)
    days, warn = rule.get("days"), rule.get("warn", 0)
    if isinstance(days, int) and isinstance(warn, int) and warn >= days:
        reason = msg("The warning comes {warn} days before the end of {days} days.", warn=warn, days=days)
        yield (spot / "warn").problem("pool-warn-long", reason, msg("Warn later, or take the record later."))


def _date(spot: Spot, object_name: str, name: Any) -> Iterator[Problem]:
    facts = spot.index.field(object_name, name) if isinstance(name, str) else None
    if facts is None:
        yield from need_field(spot, object_name, name)
        return
    kept = facts.type is not None and facts.type.stored and not facts.type.virtual
    if formula_type(spot.index, facts) not in (Type.DATE, Type.DATETIME) or not kept:
        reason = msg("{field} is no date that is kept.", field=facts.body.get("label") or facts.name)
        yield spot.problem("field-type-wrong", reason)
