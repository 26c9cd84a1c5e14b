"""People as steps name them: ``initiator``, ``field:owner``, ``role:sales``, ``queue:desk``, ``user:li``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import select

from dougong.base.step_types import StepFormula
from dougong.engine.entering import entering
from dougong.engine.rights.groups import group_of
from dougong.engine.tables import memberships
from dougong.engine.unit import Unit
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating

PEOPLE: Mapping[str, Any] = {
    "type": "array", "minItems": 1, "maxItems": 20, "uniqueItems": True,
    "items": {
        "type": "string",
        "pattern": "^(initiator|approvers|(field:[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*)|((role|queue|user):[^\\s:]+))$",
        "description": "initiator, field:owner.manager, role:sales, queue:desk, user:li",
        "x-zh-CN": "initiator、field:owner.manager、role:sales、queue:desk、user:li",
    },
    "description": "Who: initiator, field:<path to a user>, role:<name>, queue:<name>, user:<login>.",
    "x-zh-CN": "人员：initiator、field:<用户字段路径>、role:<角色>、queue:<队列>、user:<登录名>。",
}  # fmt: skip

Named = Callable[[str], list[str]]
"""From a record to the ids of the people meant for it."""


def user_paths(given: Mapping[str, Any], key: str = "to") -> Iterator[StepFormula]:
    """The fields under `key` that name people, as formulas over the record."""
    for at, each in enumerate(given.get(key, ())):
        if isinstance(each, str) and each.startswith("field:"):
            yield StepFormula(f"/{key}/{at}", each.removeprefix("field:"), "text")


def references_to(given: Mapping[str, Any], key: str = "to") -> Iterator[tuple[str, str]]:
    """The roles and queues under `key`."""
    for at, each in enumerate(given.get(key, ())):
        if isinstance(each, str) and each.startswith(("role:", "queue:")):
            yield f"/{key}/{at}", each


def people_of(doing: Doing, evaluating: Evaluating, key: str = "to") -> Named:
    """Who is meant under `key`; formulas of the step must be loaded. Groups are read once for all records."""
    everywhere: list[str] = []
    fields = []
    for at, each in enumerate(doing.step.given.get(key, ())):
        if each.startswith("field:"):
            fields.append(doing.step.formulas[f"/{key}/{at}"])
        elif each in ("initiator", "approvers"):
            everywhere += doing.people.get(each, ())
        else:
            everywhere += group(doing.unit, each)

    def named(id: str) -> list[str]:
        own = [str(found) for formula in fields if (found := evaluating.text(formula, id))]
        return list(dict.fromkeys((*own, *everywhere)))

    return named


def group(unit: Unit, name: str) -> list[str]:
    """The people whom ``role:``, ``queue:`` or ``user:`` names."""
    kind, _, value = name.partition(":")
    if kind == "user":
        users = unit.runtime.storage.tables["user"]
        login = users.table.c.login
        found = select(users.table.c.id).where(login == value, users.table.c.deleted_at.is_(None), entering(users))
    else:
        found = select(memberships.c.user_id).where(memberships.c.grp == group_of(name)).order_by(memberships.c.user_id)
    return list(map(str, unit.connection.scalars(found)))
