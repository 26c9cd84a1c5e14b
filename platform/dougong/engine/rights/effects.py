"""Whom a change of rights would touch, counted beforehand: how many gain or lose what, what a rule would open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Select, and_, func, or_, select

from dougong.base.language import Message, msg
from dougong.engine.entering import people as people_only
from dougong.engine.rights.grants import Granted, gives_field
from dougong.engine.rights.groups import group_of
from dougong.engine.rights.holder import Holder, held
from dougong.engine.rights.names import BY_FORMULA, EVERY_OBJECT, OBJECT_RIGHT_NAMES, REACH_NAMES, SYSTEM_RIGHT_NAMES
from dougong.engine.rights.sharing_rules import opened_by
from dougong.engine.tables import memberships
from dougong.metadata.model import Model
from dougong.metadata.rights import Queue, SharingRule

if TYPE_CHECKING:
    from dougong.engine.storage import RecordTable
    from dougong.engine.unit import Unit


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that `count` people would gain, or lose."""

    gained: bool
    what: Message
    count: int


Holding = tuple[str, frozenset[str]]
"""What decides which permission sets a person holds: their kind, and their roles and sets in `dg_membership`."""


def holders(unit: Unit) -> Counter[Holding]:
    """How many active people hold the same."""
    users = unit.runtime.storage.tables["user"]
    column = {name: users.table.c[users.parts[name][0].key] for name in ("active", "kind")}
    asked = (
        select(memberships.c.user_id, memberships.c.grp, column["kind"])
        .select_from(memberships.join(users.table, users.table.c.id == memberships.c.user_id))
        .where(
            users.table.c.deleted_at.is_(None),
            column["active"].is_(True),
            or_(memberships.c.grp.startswith("role:"), memberships.c.grp.startswith("set:")),
        )
    )
    groups: dict[str, set[str]] = {}
    kinds: dict[str, str] = {}
    for user_id, group, kind in unit.connection.execute(asked):
        groups.setdefault(user_id, set()).add(group)
        kinds[user_id] = kind or "internal"
    return Counter((kinds[each], frozenset(found)) for each, found in groups.items())


def effects(unit: Unit, after: Model) -> tuple[Effect, ...]:
    """What people would gain and lose by the rights of `after`: of objects, fields and the system, and data scopes."""
    gained: Counter[tuple[bool, str]] = Counter()
    said: dict[str, Message] = {}
    before = unit.runtime.model
    sets = (*before.rights.permission_sets.values(), *after.rights.permission_sets.values())
    named = {address for each in sets for address in each.fields}
    for (kind, groups), count in holders(unit).items():
        now = dict(_rights(before, kind, groups, named))
        then = dict(_rights(after, kind, groups, named))
        said |= now | then
        for key in now.keys() ^ then.keys():
            gained[key in then, key] += count
    found = (Effect(is_gain, said[key], count) for (is_gain, key), count in gained.items())
    return tuple(sorted(found, key=lambda each: (not each.gained, str(each.what))))


def _rights(model: Model, kind: str, groups: frozenset[str], named: Set[str]) -> Iterator[tuple[str, Message]]:
    """Everything that the holders of `groups` may do, each by a key."""
    holder = held(model.rights, "", groups, {"kind": kind})
    for each in holder.sets:
        for right in each.system:
            yield f"system {right}", SYSTEM_RIGHT_NAMES[right]
    for obj in model.objects.values():
        rights = frozenset[str]().union(*(each.rights(obj.name) for each in holder.sets))
        for right in rights:
            said = msg("{object}: {right}", object=obj.label, right=OBJECT_RIGHT_NAMES[right])
            yield f"{obj.id} {right}", said
        yield from _fields(model, holder, obj.name, rights, named)
    yield from _scopes(model, holder)


def _scopes(model: Model, holder: Holder) -> Iterator[tuple[str, Message]]:
    """How far the rights of the holder reach, as their roles say it: on every object, and on single ones."""
    for role in holder.roles:
        for name, scopes in role.scopes.items():
            obj = model.objects.get(name)
            for right, scope in scopes.items():
                by = scope.when.source if scope.when is not None else scope.reach
                reach = BY_FORMULA if scope.when is not None else REACH_NAMES[scope.reach]
                said = msg("{object}: {right} – {reach}", object=EVERY_OBJECT if obj is None else obj.label,
                           right=OBJECT_RIGHT_NAMES[right], reach=reach)  # fmt: skip
                yield f"scope {name} {right} {by}", said


def _fields(
    model: Model, holder: Holder, name: str, rights: frozenset[str], named: Set[str]
) -> Iterator[tuple[str, Message]]:
    """The rights on the fields `named` by some permission set: those on all others follow from the object."""
    obj = model.objects[name]
    for field in obj.fields.values():
        address = f"{name}.{field.name}"
        if address not in named or not rights:
            continue
        for right in ("read", "edit"):
            if any(gives_field(each, right, name, field) for each in holder.sets):
                what = msg("{field} of {object}", object=obj.label, field=field.label)
                said = msg("{object}: {right}", object=what, right=OBJECT_RIGHT_NAMES[right])
                yield f"{obj.id} {field.id} {right}", said


def takers(unit: Unit, queue: Queue) -> int:
    """How many people would take from a queue: those whom it names, and those in its record."""
    users = unit.runtime.storage.tables["user"]
    groups = [group_of(each) for each in queue.members]
    found = {str(each) for each in unit.connection.scalars(_people(users).where(memberships.c.grp.in_(groups)))}
    link = unit.runtime.storage.links.get("field:user.queue_members")
    if link is not None:
        found |= {str(each) for each in unit.connection.scalars(select(link.target).where(link.source == queue.record))}
    return len(found)


def _people(users: RecordTable) -> Select[tuple[str]]:
    """The members of groups that are people."""
    somebody = memberships.join(users.table, users.table.c.id == memberships.c.user_id)
    return select(memberships.c.user_id).select_from(somebody).where(*people_only(users)).distinct()


def assigned(unit: Unit, kind: str, name: str) -> int:
    """How many people there are, whether they may enter or not, to whom a role or permission set is given."""
    users = unit.runtime.storage.tables["user"].table
    group = f"{'role' if kind == 'role' else 'set'}:{name}"
    asked = select(func.count(memberships.c.user_id.distinct())).select_from(
        memberships.join(users, users.c.id == memberships.c.user_id)
    )
    return int(unit.connection.scalar(asked.where(memberships.c.grp == group, users.c.deleted_at.is_(None))) or 0)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a sharing rule opens: `records` of `total`, to `people`; None where it depends on who looks."""

    records: int | None
    total: int
    people: int


def opening(unit: Unit, rule: SharingRule) -> Opening:
    """What a rule would open, counted on live records."""
    table = unit.runtime.storage.tables[rule.object].table
    live = table.c.deleted_at.is_(None)
    count = select(func.count()).select_from(table)
    total = int(unit.connection.scalar(count.where(live)) or 0)
    groups = [group_of(each) for each in rule.to]
    reached = _people(unit.runtime.storage.tables["user"]).where(memberships.c.grp.in_(groups)).subquery()
    people = int(unit.connection.scalar(select(func.count()).select_from(reached)) or 0)
    if rule.when is not None and any(path[0] == "$User" for path in rule.when.variables):
        return Opening(None, total, people)
    holds, _ = opened_by(Granted(unit, Holder("")).rows, rule)
    return Opening(int(unit.connection.scalar(count.where(and_(live, holds(table)))) or 0), total, people)
