"""Rules of access: what permission sets, roles, sharing rules and partitions name is there and makes sense."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import Message, msg
from dougong.formulas import FUNCTIONS, Formula
from dougong.metadata.building.rights import lookups_to
from dougong.metadata.checking.formulas import tried
from dougong.metadata.checking.masks import maskable
from dougong.metadata.checking.people import need_people
from dougong.metadata.checking.report import Spot, enumerated, need_field, need_object, spots, unknown
from dougong.metadata.index import Index, texts
from dougong.metadata.rights import EVERY
from dougong.metadata.scope import FieldScope

WIDTHS = ("none", "own", "own_and_subordinates", "all")
"""Data scopes that contain one another, the narrowest first."""


def permission_sets(index: Index) -> Iterator[Problem]:
    """Everything that permission sets name, and which of them go together."""
    for spot, body in spots(index, "permission_set"):
        for below, name in ((spot / key, name) for key in ("objects", "tabs") for name in body.get(key, {})):
            yield from need_object(below / name, name) if name != EVERY else ()
        for name, said in body.get("fields", {}).items():
            yield from _field(spot / "fields" / name, name)
            if said.get("read") == "masked":
                yield from maskable(spot / "fields" / name / "read", index.field(*name.split(".", 1)))
        for kind in ("record_type", "action"):
            key = f"{kind}s"
            for name in body.get(key, {}):
                yield from _need(spot / key / name, kind, name)
        for name in body.get("apps", {}):
            if name != EVERY:
                yield from _need(spot / "apps" / name, "app", name)
        for key in ("requires", "excludes"):
            for below, name in enumerated(spot, key, body):
                yield from _need(below, "permission_set", name)
        yield from _together(spot, [spot.component.name, *texts(body.get("requires"))], "requires")


_CALLED: Mapping[str, Message] = {
    "permission_set": msg("permission set"),
    "role": msg("role"),
    "record_type": msg("record type"),
    "action": msg("action"),
    "app": msg("app"),
}


def _need(spot: Spot, kind: str, name: Any) -> Iterator[Problem]:
    known = spot.index.named(kind)
    if isinstance(name, str) and name not in known:
        yield unknown(spot, _CALLED[kind], name, known)


def _field(spot: Spot, name: str) -> Iterator[Problem]:
    object_name, _, own = name.partition(".")
    yield from need_object(spot, object_name)
    yield from need_field(spot, object_name, own)


def _together(spot: Spot, names: Iterable[str], key: str) -> Iterator[Problem]:
    """Nobody can hold `names` at once where one of them excludes another."""
    listed = list(dict.fromkeys(names))
    for name in listed:
        for other in texts(spot.index.body("permission_set", name).get("excludes")):
            if other in listed:
                reason = msg("The permission set {name} excludes {other}.", name=name, other=other)
                yield (spot / key).problem("permission-sets-exclude", reason, msg("Take one of the two out."))


def roles(index: Index) -> Iterator[Problem]:
    """Roles name permission sets and a tree of roles; a right to change reaches no further than to see."""
    known = index.named("role")
    for spot, body in spots(index, "role"):
        yield from _need(spot / "parent", "role", body.get("parent"))
        circle = _circle(index, spot.component.name)
        if circle and min(circle) == spot.component.name:
            reason = msg("Roles stand above each other in a circle: {circle}.", circle=" → ".join((*circle, circle[0])))
            yield (spot / "parent").problem("role-circle", reason, msg("Take one parent out."))
        for below, name in enumerated(spot, "permission_sets", body):
            yield from _need(below, "permission_set", name)
        held = texts(body.get("permission_sets"))
        yield from _together(spot, held, "permission_sets")
        yield from _required(spot, held)
        for name, rights in body.get("scope", {}).items():
            yield from _scope(spot / "scope" / name, name, rights, known)


def _circle(index: Index, name: str) -> tuple[str, ...]:
    way: list[str] = []
    here: Any = name
    while isinstance(here, str) and here not in way:
        way.append(here)
        here = index.body("role", here).get("parent")
    return tuple(way) if here == name else ()


def _required(spot: Spot, held: tuple[str, ...]) -> Iterator[Problem]:
    for name in held:
        for other in texts(spot.index.body("permission_set", name).get("requires")):
            if other not in held:
                reason = msg("The permission set {name} requires {other}.", name=name, other=other)
                fix = msg("Add {field}.", field=other)
                yield (spot / "permission_sets").problem("permission-set-required", reason, fix)


def _scope(spot: Spot, name: str, rights: Mapping[str, Any], known: Iterable[str]) -> Iterator[Problem]:
    if name != EVERY and name not in spot.index.named("object"):
        yield from need_object(spot, name)
        return
    for right, said in rights.items():
        if isinstance(said, Mapping):
            yield from _condition(spot / right / "when", name, said.get("when"))
        elif said == "segment" and name != EVERY and not _partitioned(spot.index, name):
            reason = msg("No partition says to which segment a record of {object} belongs.", object=name)
            yield (spot / right).problem("scope-no-partition", reason, msg("Add a partition with this object."))
        elif _wider(said, rights.get("read", "own")):
            reason = msg("The right {right} reaches further than the right to see.", right=right)
            yield (spot / right).problem("scope-wider", reason, msg("Widen read, or narrow this."))


def _partitioned(index: Index, object_name: str) -> bool:
    return any(object_name in each.body.get("objects", {}) for each in index.named("partition").values())


def _wider(said: Any, read: Any) -> bool:
    return said in WIDTHS and read in WIDTHS and WIDTHS.index(said) > WIDTHS.index(read)


def _condition(spot: Spot, object_name: str, text: Any) -> Iterator[Problem]:
    """A formula over the records of an object that a query can ask."""
    if not isinstance(text, str):
        return
    if object_name == EVERY:
        reason = msg("A formula reads the fields of one object.")
        yield spot.problem("scope-formula-every", reason, msg("Name the object instead of *."))
        return
    for found in tried(spot, text, FieldScope(spot.index, object_name), "boolean"):
        yield from (found,) if isinstance(found, Problem) else _asked(spot, found)


def _asked(spot: Spot, formula: Formula) -> Iterator[Problem]:
    """What is wrong with a condition of access that compiles."""
    if formula.save_only:
        reason = msg("This condition is not asked while a record is saved, so it cannot look at what changed.")
        yield spot.problem("formula-save-only", reason)
    moment = sorted(name for name in formula.functions - {"TODAY"} if FUNCTIONS[name].uses_clock)
    if moment:
        reason = msg("Access cannot depend on the moment: {name} changes between two looks.", name=moment[0])
        yield spot.problem("access-moment", reason, msg("Use TODAY(), or a date field."))


def sharing_rules(index: Index) -> Iterator[Problem]:
    """Sharing rules say which records, and to whom."""
    for spot, body in spots(index, "sharing_rule"):
        name = spot.component.object or ""
        if name not in index.named("object"):
            yield from need_object(spot / "object", name)
            continue
        if "when" not in body and "owned_by" not in body:
            reason = msg("The rule does not say which records it opens.")
            yield spot.problem("sharing-rule-empty", reason, msg("Add when, owned_by, or both."))
        yield from _condition(spot / "when", name, body.get("when"))
        for key in ("to", "owned_by"):
            yield from need_people(spot, key, body)
        for below, each in enumerated(spot, "with", body):
            yield from _child(below, each, name)
        yield from _until(spot / "until", body.get("until"))


def _child(spot: Spot, child: Any, object_name: str) -> Iterator[Problem]:
    if child not in spot.index.named("object"):
        yield from need_object(spot, child)
    elif not lookups_to(spot.index, child, object_name):
        reason = msg("{object} has no lookup to {target}.", object=child, target=object_name)
        yield spot.problem("sharing-rule-child", reason, msg("Name an object with a lookup that leads there alone."))


def _until(spot: Spot, text: Any) -> Iterator[Problem]:
    try:
        date.fromisoformat(text or "2000-01-01")
    except ValueError:
        yield spot.problem("calendar-day", msg("There is no day {day}.", day=text))


def partitions(index: Index) -> Iterator[Problem]:
    """Partitions name a field of users, a field of each object with the same values, and roles."""
    seen: dict[str, str] = {}
    for spot, body in spots(index, "partition"):
        users = str(body.get("user_field", ""))
        yield from need_field(spot / "user_field", "user", users)
        for name, field in body.get("objects", {}).items():
            below = spot / "objects" / name
            yield from need_object(below, name)
            yield from need_field(below, name, field)
            yield from _comparable(below, name, str(field), users)
            if name in seen:
                reason = msg("{object} is in the partition {name} already.", object=name, name=seen[name])
                yield below.problem("partition-twice", reason, msg("An object stands in one partition."))
            seen.setdefault(name, spot.component.name)
        for key in ("across", "may_move"):
            for below, each in enumerated(spot, key, body):
                yield from _need(below, "role", str(each).partition(":")[2])


def _comparable(spot: Spot, object_name: str, field: str, users: str) -> Iterator[Problem]:
    """Both fields are picklists over the same values, or lookups to the same object."""
    mine, theirs = spot.index.field(object_name, field), spot.index.field("user", users)
    if mine is None or theirs is None or mine.type is None or theirs.type is None:
        return
    several = ("multi_picklist", "picklist")
    same = (
        mine.type.name == "picklist"
        and theirs.type.name in several
        and set(spot.index.values(mine)) <= set(spot.index.values(theirs))
    )
    if not same:
        reason = msg("Records and users are compared by a picklist with the same values on both sides.")
        fix = msg("Give {field} the picklist of the field of users.", field=f"{object_name}.{field}")
        yield spot.problem("partition-field", reason, fix)


def parents(index: Index) -> Iterator[Problem]:
    """Access that follows the parent comes to an end."""
    for spot, _ in spots(index, "object"):
        circle = _way_back(index, spot.component.name)
        if circle and min(circle) == spot.component.name:
            reason = msg("Access follows the parents in a circle: {circle}.", circle=" → ".join((*circle, circle[0])))
            fix = msg("Let one of them have an access of its own.")
            yield (spot / "access" / "parent").problem("access-circle", reason, fix)


def _way_back(index: Index, name: str) -> tuple[str, ...]:
    """The objects on a way of controlling parents from `name` back to it; none where there is none."""
    waiting: list[tuple[str, ...]] = [(name,)]
    seen: set[str] = set()
    while waiting:
        way = waiting.pop()
        for parent in _parents(index, way[-1]):
            if parent == name:
                return way
            if parent not in seen:
                seen.add(parent)
                waiting.append((*way, parent))
    return ()


def _parents(index: Index, name: str) -> tuple[str, ...]:
    access = index.body("object", name).get("access", {})
    facts = index.field(name, str(access.get("parent", ""))) if access.get("default") == "by_parent" else None
    return facts.targets if facts is not None else ()
