"""Two people's rights beside each other: what one has beyond the other, and where each right comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from dougong.base.language import Labels, Message, msg
from dougong.engine.access import EVERYTHING, Access, Right
from dougong.engine.rights.grants import gives_field, opens
from dougong.engine.rights.holder import Holder, find
from dougong.engine.rights.names import BY_FORMULA, OBJECT_RIGHT_NAMES, REACH_NAMES, SYSTEM_RIGHT_NAMES
from dougong.metadata.app import App
from dougong.metadata.model import Field, Model, Object
from dougong.metadata.rights import EVERY, PermissionSet

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Gives = Callable[[PermissionSet], bool]
"""Whether a permission set gives something."""

MOST_PAIRS = 1000
"""Of how many pairs of people a process remembers what one has beyond the other, per revision."""

SCOPED: tuple[Right, ...] = ("read", "edit", "delete", "transfer")
"""Rights that data scopes limit."""


# -- whether one has more ----------------------------------------------------------------------------------------
def beyond(mine: Unit, theirs: Unit) -> tuple[Message, ...]:
    """What the actor of `theirs` may do or see that the actor of `mine` may not: rights, fields, rows of an object.

    Where somebody may see records of an object at all, the other one must see every record of it: which rows two
    people see is not compared one by one. Empty says that nothing shown to them is more than `mine` may see.
    """
    if mine.access is EVERYTHING:
        return ()
    memory: dict[tuple[str, str], tuple[Message, ...]] = mine.runtime.prepared.setdefault("rights.beyond", {})
    key = mine.access.key, theirs.access.key
    if key not in memory:
        if len(memory) >= MOST_PAIRS:
            memory.clear()
        memory[key] = tuple(_beyond(mine, mine.access, theirs.access))
    return memory[key]


def _beyond(unit: Unit, mine: Access, theirs: Access) -> Iterator[Message]:
    for right, said in SYSTEM_RIGHT_NAMES.items():
        if theirs.has(right) and not mine.has(right):
            yield said
    for app in unit.runtime.model.apps.values():
        if theirs.may_open(app.name) and not mine.may_open(app.name):
            yield msg("The app {name}", name=app.label)
    for obj in unit.runtime.model.objects.values():
        yield from _beyond_of(unit, obj, mine, theirs)


def _beyond_of(unit: Unit, obj: Object, mine: Access, theirs: Access) -> Iterator[Message]:
    for right in get_args(Right):
        if theirs.may(right, obj) and not mine.may(right, obj):
            yield msg("{object}: {right}", object=obj.label, right=OBJECT_RIGHT_NAMES[right])
    if not theirs.may("read", obj):
        return
    if mine.visible("read", obj, unit.runtime.storage.tables[obj.name].table) is not None:
        yield msg("{object}: {right}", object=obj.label, right=OBJECT_RIGHT_NAMES["view_all"])
    for field in obj.fields.values():
        whole = theirs.may_field("read", obj, field) and not mine.may_field("read", obj, field)
        if whole or (theirs.masks(obj, field) and mine.seen(obj, field) is None):
            yield msg("{object}: {right}", object=obj.label, right=field.label)


# -- what differs -------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Gain:
    """Rights that one of two people has and the other has not, and what gives or holds them back."""

    rights: tuple[Message, ...]
    sources: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Things in which the two differ alike: what the left one has there beyond the right one, and the reverse."""

    things: tuple[Message, ...]
    left: tuple[Gain, ...]
    right: tuple[Gain, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """In what two people differ, by part: "system", "apps", "objects", "fields", "scopes"; empty parts are left out."""

    parts: Mapping[str, tuple[Row, ...]]


def difference(unit: Unit, left: str, right: str) -> Difference:
    """In what the rights of two users differ, as roles and permission sets give them.

    Which objects and fields are named is for the unit's actor: those that they may not see are left out.
    """
    pair = _Pair(unit, _Side(find(unit, left)), _Side(find(unit, right)))
    parts = {"system": pair.system(), "apps": pair.apps(), "objects": pair.objects(), "fields": pair.fields(),
             "scopes": pair.scopes()}  # fmt: skip
    return Difference({name: rows for name, found in parts.items() if (rows := _together(found))})


def _together(found: Iterator[Row]) -> tuple[Row, ...]:
    """Rows that say the same as one row."""
    alike: dict[str, list[Row]] = {}
    for row in found:
        alike.setdefault(str((row.left, row.right)), []).append(row)
    return tuple(
        Row(tuple(thing for row in rows for thing in row.things), rows[0].left, rows[0].right)
        for rows in alike.values()
    )


def _by_source(found: Iterable[tuple[Message, tuple[Message, ...]]]) -> tuple[Gain, ...]:
    """Rights with what gives each, those of the same sources together; those that nothing gives are left out."""
    names: dict[str, list[Message]] = {}
    known: dict[str, tuple[Message, ...]] = {}
    for name, sources in found:
        if sources:
            key = str(sources)
            known[key] = sources
            names.setdefault(key, []).append(name)
    return tuple(Gain(tuple(names[key]), sources) for key, sources in known.items())


def _system(right: str) -> Gives:
    return lambda each: right in each.system


def _app(name: str) -> Gives:
    return lambda each: name in each.apps or EVERY in each.apps


def _object(right: str, name: str) -> Gives:
    return lambda each: right in each.rights(name)


class _Side:
    """One of the two."""

    def __init__(self, holder: Holder) -> None:
        self.holder = holder

    def rights(self, obj: Object) -> frozenset[str]:
        return frozenset[str]().union(*(each.rights(obj.name) for each in self.holder.sets))

    def sources(self, gives: Gives) -> tuple[Message, ...]:
        """The permission sets that give something, each with the roles that bring it."""
        return tuple(self._source(each) for each in self.holder.sets if gives(each))

    def _source(self, each: PermissionSet) -> Message:
        roles = [role.label for role in self.holder.roles if each.name in role.permission_sets]
        if not roles:
            return msg("{set}, held by itself", set=each.label)
        return msg("{set} (role {role})", set=each.label, role=roles[0])

    def opened(self, app: App) -> tuple[Message, ...]:
        """The permission sets by which an app is offered."""
        return self.sources(_app(app.name)) if opens(self.holder, app, app.name) else ()

    def field(self, right: str, field: Field) -> tuple[bool, tuple[Message, ...]]:
        """Whether a field is given, whole where it is to be seen, and by what; where it is not, what holds it back."""
        giving = self.sources(lambda each: gives_field(each, right, field.object, field))
        if giving:
            return True, giving
        address = f"{field.object}.{field.name}"
        return False, self.sources(lambda each: each.fields.get(address, {}).get(right) in (False, "masked"))

    def reach(self, obj: Object, right: Right) -> tuple[tuple[str, Labels], ...]:
        """How far a right reaches, and the role that says so."""
        if "modify_all" in self.rights(obj) or (right == "read" and "view_all" in self.rights(obj)):
            return (("all", {}),)
        found = []
        for role in self.holder.roles:
            scope = role.scope(obj.name, right)
            found.append(("formula" if scope.when is not None else scope.reach, role.label))
        return tuple(found) or (("own", {}),)


class _Pair:
    """The two beside each other."""

    def __init__(self, unit: Unit, left: _Side, right: _Side) -> None:
        self.unit, self.left, self.right = unit, left, right
        self.model: Model = unit.runtime.model
        self.known = [each for each in self.model.objects.values() if unit.access.may("read", each)]

    def _row(self, thing: Message, rights: Iterable[tuple[Message, Gives]]) -> Iterator[Row]:
        """One thing and the rights on it in which the two differ."""
        asked = tuple(rights)
        gains = tuple(
            _by_source((name, mine.sources(gives)) for name, gives in asked if not other.sources(gives))
            for mine, other in ((self.left, self.right), (self.right, self.left))
        )
        if any(gains):
            yield Row((thing,), gains[0], gains[1])

    def system(self) -> Iterator[Row]:
        """Rights that belong to no object."""
        for right, name in SYSTEM_RIGHT_NAMES.items():
            yield from self._row(name, [(msg("has it"), _system(right))])

    def apps(self) -> Iterator[Row]:
        """Apps that are offered."""
        for app in self.model.apps.values():
            more, less = (_by_source([(msg("has it"), each.opened(app))]) for each in (self.left, self.right))
            if bool(more) is not bool(less):
                yield Row((msg("The app {name}", name=app.label),), more, less)

    def objects(self) -> Iterator[Row]:
        """Rights on records."""
        for obj in self.known:
            rights = [(said, _object(right, obj.name)) for right, said in OBJECT_RIGHT_NAMES.items()]
            yield from self._row(msg("{name}", name=obj.label), rights)

    def fields(self) -> Iterator[Row]:
        """Fields of objects that both may see, or change."""
        for obj in self.known:
            rights = [each.rights(obj) for each in (self.left, self.right)]
            if not all("read" in each for each in rights):
                continue
            changing = ("read", "edit") if all(each & {"create", "edit"} for each in rights) else ("read",)
            for field in obj.fields.values():
                if self.unit.access.may_field("read", obj, field):
                    thing = msg("{object}: {right}", object=obj.label, right=field.label)
                    yield from self._field(thing, field, changing)

    def _field(self, thing: Message, field: Field, changing: tuple[str, ...]) -> Iterator[Row]:
        gains: tuple[list[Gain], list[Gain]] = ([], [])
        for right in changing:
            (left, by_left), (has, by_right) = self.left.field(right, field), self.right.field(right, field)
            if left != has:
                gains[0 if left else 1].append(Gain((OBJECT_RIGHT_NAMES[right],), by_left if left else by_right))
        if any(gains):
            yield Row((thing,), tuple(gains[0]), tuple(gains[1]))

    def scopes(self) -> Iterator[Row]:
        """How far rights reach that both have."""
        for obj in self.known:
            default = obj.access.get("default", "private")
            if default == "by_parent" or obj.owner == "none":
                continue
            gains: tuple[list[Gain], list[Gain]] = ([], [])
            for right in SCOPED:
                public = right in {"write": ("read", "edit"), "read": ("read",)}.get(default, ())
                if not public and all(right in each.rights(obj) for each in (self.left, self.right)):
                    self._scope(obj, right, gains)
            if any(gains):
                yield Row((msg("{name}", name=obj.label),), tuple(gains[0]), tuple(gains[1]))

    def _scope(self, obj: Object, right: Right, gains: tuple[list[Gain], list[Gain]]) -> None:
        """Add how far `right` reaches for each, where that differs."""
        sides = self.left.reach(obj, right), self.right.reach(obj, right)
        if {reach for reach, _ in sides[0]} != {reach for reach, _ in sides[1]}:
            for found, side in zip(gains, sides, strict=True):
                found += [_reach(right, reach, role) for reach, role in side]


def _reach(right: Right, reach: str, role: Labels) -> Gain:
    far = BY_FORMULA if reach == "formula" else REACH_NAMES[reach]
    said = msg("{object}: {right}", object=OBJECT_RIGHT_NAMES[right], right=far)
    return Gain((said,), (msg("role {role}", role=role),) if role else ())
