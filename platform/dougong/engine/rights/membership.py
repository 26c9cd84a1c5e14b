"""`dg_membership`: who belongs to what, closed over managers and departments, kept by every save that changes it.

| group | its members |
|---|---|
| `role:name`, `set:name` | who holds the role, or the permission set beside their roles |
| `below:user` | who reports to the user, over any number of levels |
| `department:id`, `also:id` | whose main department, or further department, it is |
| `within:id`, `also_within:id` | the same, of the department and of those below it |
| `group:id` | who is in the group |
| `segment:partition:value` | who belongs to the segment |
| `queue:id` | who takes from the queue |
| `queue_edit:id` | the same, of a queue whose members may change what is in it |
| `pool:id` | who sees and claims what waits in the pool that the account is for |
| `is_queue:name` | the queue itself |
| `territory:name` | whose territory it is, or one above it |
| `territory_edit:name` | the same, of a territory whose members may change its records |

Departments and groups with a code stand under the code as well, queues under their name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from dougong.base.field_types import Reference
from dougong.engine.rights.groups import group_of, plain
from dougong.engine.tables import memberships, people

if TYPE_CHECKING:
    from dougong.engine.saving.row import Batch, Row
    from dougong.engine.unit import Unit
    from dougong.metadata.model import Model
    from dougong.metadata.territories import Territory

PLACES: Mapping[str, tuple[str, ...]] = {
    "user": (
        "roles",
        "permission_sets",
        "manager",
        "department",
        "departments",
        "active",
        "frozen",
        "kind",
        "queue_members",
    ),
    "department": ("parent", "code"),
    "group": ("members", "code", "active"),
}
"""By object, the fields that say who belongs to what."""

AT_ONCE = 900
"""How many ids one statement names."""


def follow(batch: Batch) -> None:
    """After a batch is written: bring the memberships of everybody whom it concerns up to date."""
    rights = batch.unit.runtime.model.rights
    if not rights.roles:
        return
    fields = {**PLACES, "user": (*PLACES["user"], *(each.user_field for each in rights.partitions.values()))}
    changed = [row for row in batch.rows if row.plan.name in fields and _concerns(row, fields[row.plan.name])]
    if changed:
        refresh(batch.unit, _affected(batch.unit, changed))


def _concerns(row: Row, names: Sequence[str]) -> bool:
    return row.doing != "update" or any(row.differs(name) for name in names)


def _affected(unit: Unit, rows: Iterable[Row]) -> set[str]:
    """The people whose memberships the changed users, departments and groups decide."""
    found: set[str] = set()
    groups: set[str] = set()
    for row in rows:
        if row.plan.name == "user":
            found.add(row.id)
            groups |= {f"below:{row.id}", f"queue:{row.id}", f"pool:{row.id}"}
            found |= _named(row.values.get("queue_members"))
        elif row.plan.name == "department":
            groups |= {f"within:{row.id}", f"also_within:{row.id}"}
        else:
            groups.add(f"group:{row.id}")
            found |= _named(row.values.get("members"))
    for part in _parts(sorted(groups)):
        asked = select(memberships.c.user_id).where(memberships.c.grp.in_(part))
        found |= set(unit.connection.scalars(asked))
    return found


def _named(links: Any) -> set[str]:
    return {each.id for each in links or () if isinstance(each, Reference)}


def moves(before: Model, after: Model) -> bool:
    """Whether a publish changes who belongs to what.

    That are the first roles, other partitions, queues or territories, and fields of people.
    """
    if not after.rights.roles:
        return False
    old, new = before.rights, after.rights
    same = old.partitions == new.partitions and old.queues == new.queues and _known(before) == _known(after)
    same = same and old.territories == new.territories
    return not (before.rights.roles and same)


def _known(model: Model) -> set[str]:
    """The fields of the model that say who belongs to what."""
    known = {name: model.objects[name].fields for name in PLACES if name in model.objects}
    return {f"{name}.{each}" for name, fields in known.items() for each in PLACES[name] if each in fields}


def rebuild(unit: Unit) -> None:
    """Memberships of everybody, as after a change of what partitions there are."""
    users = unit.runtime.storage.tables.get("user")
    if users is not None and unit.runtime.model.rights.roles:
        refresh(unit, set(unit.connection.scalars(select(users.table.c.id))))


def refresh(unit: Unit, users: set[str]) -> None:
    """Write the memberships of `users` anew, and tell everybody that they may have changed."""
    unit.memory["people changed"] = True
    unit.connection.execute(update(people).values(version=people.c.version + 1))
    ids = sorted(users)
    for part in _parts(ids):
        unit.connection.execute(delete(memberships).where(memberships.c.user_id.in_(part)))
    rows = list(dict.fromkeys((group, user) for user, group in _Company(unit).places(ids)))
    for start in range(0, len(rows), 10_000):
        several = rows[start : start + 10_000]
        columns = {"grp": [group for group, _ in several], "user_id": [user for _, user in several]}
        unit.company.database.insert_many(unit.connection, memberships, columns)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


@dataclass(frozen=True, slots=True)
class _Department:
    parent: str | None
    code: str | None


class _Company:
    """The people, departments and groups of a company, as far as somebody's place depends on them."""

    def __init__(self, unit: Unit) -> None:
        self.unit, self.model, self.tables = unit, unit.runtime.model, unit.runtime.storage.tables
        self.departments = {
            row.id: _Department(row.parent, row.code) for row in self._all("department", "parent", "code")
        }
        self.managers = {row.id: row.manager for row in self._all("user", "manager")}

    def _all(self, name: str, *fields: str, where: Any = None) -> Iterator[Any]:
        """Live records of an object with some of their columns; NULL for a field that it has not."""
        records = self.tables.get(name)
        if records is None:
            return
        known = [records.parts[each][0].label(each) for each in fields if each in records.parts]
        asked = select(records.table.c.id, *known).where(records.table.c.deleted_at.is_(None))
        for row in self.unit.connection.execute(asked if where is None else asked.where(where(records.table))):
            yield SimpleNamespace(id=row.id, **{each: getattr(row, each, None) for each in fields})

    def places(self, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        """(user, group) for every group that each of the users is in."""
        known: dict[str, set[str]] = {}
        for user, group in self._places(ids):
            known.setdefault(user, set()).add(group)
            yield user, group
        yield from self._queues(known, ids)
        yield from self._territories(known)

    def _queues(self, known: Mapping[str, set[str]], ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Who takes from queues: the people in their records, and whom the metadata names; and the queues themselves.

        Further departments count like the main one.
        """
        queues = {each.record: each for each in self.model.rights.queues.values()}
        if not queues:
            return
        wanted = set(ids)
        inside = {user: {plain(each) for each in groups} for user, groups in known.items()}
        taking = {
            (user, name)
            for name, queue in queues.items()
            for groups in [set(map(group_of, queue.members))]
            for user, theirs in inside.items()
            if groups & theirs and user not in queues
        }
        for part in _parts(ids):
            named = self._linked("user", "queue_members", part, of_target=True)
            taking |= {(user, queue) for queue, user in named if queue in queues}
        for user, name in taking:
            if queues[name].pool:
                yield user, f"pool:{name}"
                continue
            yield from ((user, group) for group in (f"queue:{name}", f"queue:{queues[name].name}"))
            if queues[name].level == "edit":
                yield user, f"queue_edit:{name}"
        yield from ((name, f"is_queue:{each.name}") for name, each in queues.items() if name in wanted)

    def _territories(self, known: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
        """Whose each territory is: whom it names, or one above it. Further departments count like the main one."""
        territories = self.model.rights.territories
        queues = {each.record for each in self.model.rights.queues.values()}
        inside = {user: {plain(each) for each in groups} for user, groups in known.items() if user not in queues}
        for each in territories.values():
            named = {group_of(people) for one in _upwards(territories, each) for people in one.members}
            for user in (user for user, groups in inside.items() if not named.isdisjoint(groups)):
                yield user, f"territory:{each.name}"
                if each.level == "edit":
                    yield user, f"territory_edit:{each.name}"

    def _places(self, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        partitions = self.model.rights.partitions.values()
        places = dict.fromkeys(each.user_field for each in partitions)  # several partitions may go by one field
        fields = ("roles", "permission_sets", "department", *places)
        for part in _parts(ids):
            for row in self._all("user", *fields, where=lambda table, part=part: table.c.id.in_(part)):
                yield from ((row.id, f"role:{name}") for name in _listed(row.roles))
                yield from ((row.id, f"set:{name}") for name in _listed(row.permission_sets))
                yield from ((row.id, f"below:{above}") for above in self._above(row.id))
                yield from ((row.id, group) for group in self._department(row.department, "department", "within"))
                for each in partitions:
                    values = _listed(getattr(row, each.user_field))
                    yield from ((row.id, f"segment:{each.name}:{value}") for value in values)
            yield from self._further(part)
            yield from self._groups(part)

    def _above(self, user: str) -> Iterator[str]:
        seen, here = {user}, self.managers.get(user)
        while here is not None and here not in seen:
            yield here
            seen.add(here)
            here = self.managers.get(here)

    def _department(self, department: str | None, own: str, within: str) -> Iterator[str]:
        first, seen = True, set[str]()
        while department is not None and department in self.departments and department not in seen:
            seen.add(department)
            found = self.departments[department]
            for name in filter(None, (department, found.code)):
                yield f"{within}:{name}"
                if first:
                    yield f"{own}:{name}"
            first, department = False, found.parent

    def _further(self, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        for user, department in self._linked("user", "departments", ids, of_target=False):
            yield from ((user, group) for group in self._department(department, "also", "also_within"))

    def _groups(self, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        pairs = [(user, group) for group, user in self._linked("group", "members", ids, of_target=True)]
        if pairs:
            codes = {row.id: row.code for row in self._all("group", "code", "active") if row.active is not False}
            for user, group in pairs:
                if group in codes:
                    yield from ((user, f"group:{name}") for name in filter(None, (group, codes[group])))

    def _linked(self, name: str, field: str, ids: Sequence[str], of_target: bool) -> Iterator[tuple[str, str]]:
        """The pairs of a many-to-many field whose record, or whose target, is one of `ids`."""
        link = self.unit.runtime.storage.links.get(f"field:{name}.{field}")
        if link is None:
            return
        mine = link.target if of_target else link.source
        asked = select(link.source, link.target).where(mine.in_(ids))
        if "deleted_at" in link.table.c:
            asked = asked.where(link.table.c.deleted_at.is_(None))
        yield from ((source, target) for source, target in self.unit.connection.execute(asked))


def _upwards(territories: Mapping[str, Territory], first: Territory) -> Iterator[Territory]:
    """A territory and those above it."""
    here: Territory | None = first
    while here is not None:
        yield here
        here = territories.get(here.parent or "")


def _listed(stored: str | None) -> list[str]:
    """The values of a multi-value picklist (``;a;b;``) or of a plain one."""
    return [each for each in (stored or "").split(";") if each]
