"""People as approvals look them up: by login, role, position, department, reporting line, queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.field_types import Reference
from dougong.base.ids import is_record_id
from dougong.engine.dialects.among import among
from dougong.engine.entering import USER, may_enter
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.tables import memberships

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

LONGEST_LINE = 50
"""How far up a reporting line is followed."""


class People:
    """The users of one transaction, each read once."""

    def __init__(self, unit: Unit) -> None:
        """Know nobody yet."""
        self.unit = unit
        self._users: dict[str, Mapping[str, Any] | None] = {}

    def fetch(self, ids: Iterable[str]) -> None:
        """Read those of `ids` that are not known: one statement, none where all are."""
        missing = sorted({each for each in ids if each not in self._users and is_record_id(each)})
        if not missing:
            return
        self._users.update(dict.fromkeys(missing))
        for values in self.read(USER, missing):
            self._users[str(values["id"])] = values

    def values(self, id: str | None) -> Mapping[str, Any]:
        """Somebody's user record; empty where there is none."""
        if not id:
            return {}
        self.fetch([id])
        return self._users.get(id) or {}

    def name(self, id: str | None) -> str:
        """What somebody is called; "" where there is nobody."""
        return str(self.values(id).get("name") or "")

    def active(self, id: str | None) -> bool:
        """Whether somebody can act at all: there, not switched off, not frozen, no queue."""
        values = self.values(id)
        return bool(values) and values.get("deleted_at") is None and may_enter(values)

    def living(self, ids: Iterable[str]) -> list[str]:
        """Those of `ids` that can act, in order, each once."""
        every = list(dict.fromkeys(ids))
        self.fetch(every)
        return [each for each in every if self.active(each)]

    # -- who belongs to what --------------------------------------------------------------------------------------
    def in_group(self, group: str) -> list[str]:
        """Those of a group of `dg_membership` (``role:sales``, ``queue:leads``) who can act, by name."""
        rows = self.unit.connection.scalars(select(memberships.c.user_id).where(memberships.c.grp == group)).all()
        return self.by_name(self.living(map(str, rows)))

    def in_position(self, code: str) -> list[str]:
        """Those with the position of this code, or where none has it of this name, who can act, by name."""
        positions = self._where("position", "code", code) or self._where("position", "name", code)
        if not positions:
            return []
        users = plan_of(self.unit.runtime, USER)
        column = users.table.c[users.slots["position"].keys[0]]
        found = self.unit.connection.scalars(select(users.table.c.id).where(column.in_(positions))).all()
        return self.by_name(self.living(map(str, found)))

    def with_login(self, login: str) -> list[str]:
        """The user of this login, where they can act."""
        return self.living(self._where(USER, "login", login.lower()))

    def by_name(self, ids: Iterable[str]) -> list[str]:
        """`ids` in an order that does not change: by name, then by id."""
        return sorted(ids, key=lambda each: (self.name(each), each))

    # -- the reporting line ---------------------------------------------------------------------------------------
    def superiors(self, id: str) -> list[str]:
        """Somebody's managers who can act, the direct one first."""
        found: list[str] = []
        seen, here = {id}, self.superior(id)
        while here is not None and here not in seen and len(seen) < LONGEST_LINE:
            seen.add(here)
            if self.active(here):
                found.append(here)
            here = self.superior(here)
        return found

    def superior(self, id: str) -> str | None:
        """Somebody's direct manager, whether they can act or not."""
        named = self.values(id).get("manager")
        return named.id if isinstance(named, Reference) else None

    def holds_position(self, id: str, code: str) -> bool:
        """Whether somebody has the position of this code (or name)."""
        named = self.values(id).get("position")
        if not isinstance(named, Reference):
            return False
        return named.id in (self._where("position", "code", code) or self._where("position", "name", code))

    def head_of(self, department: str | None) -> str | None:
        """The head of a department who can act; of the one above where it has none."""
        seen: set[str] = set()
        while department and department not in seen:
            seen.add(department)
            values = next(iter(self.read("department", [department])), {})
            head = values.get("head")
            if isinstance(head, Reference) and self.active(head.id):
                return head.id
            parent = values.get("parent")
            department = parent.id if isinstance(parent, Reference) else None
        return None

    def department_of(self, id: str) -> str | None:
        """Somebody's main department."""
        named = self.values(id).get("department")
        return named.id if isinstance(named, Reference) else None

    # -- reading --------------------------------------------------------------------------------------------------
    def _where(self, object_name: str, field: str, value: str) -> Sequence[str]:
        plan = self._plan(object_name)
        if plan is None or field not in plan.slots:
            return []
        column = plan.table.c[plan.slots[field].keys[0]]
        found = select(plan.table.c.id).where(column == value, plan.table.c.deleted_at.is_(None))
        return [str(each) for each in self.unit.connection.scalars(found)]

    def read(self, object_name: str, ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """Records by id, in full, whoever may see them."""
        plan = self._plan(object_name)
        if plan is None:
            return []
        statement = select(*plan.columns).where(among(plan.table.c.id, "ids"))
        return [plan.read(row) for row in self.unit.connection.execute(statement, {"ids": list(ids)})]

    def _plan(self, object_name: str) -> ObjectPlan | None:
        return plan_of(self.unit.runtime, object_name) if object_name in self.unit.runtime.model.objects else None
