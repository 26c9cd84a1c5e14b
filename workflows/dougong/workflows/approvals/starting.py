"""Whether an approval may be started on a record, by whom, and who has to be chosen for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.errors import Problem
from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine.rights.shares import SHARES
from dougong.engine.saving.plan import plan_of
from dougong.metadata.approval import Approval, Approvers
from dougong.metadata.model import Object
from dougong.workflows.approvals.told import Choice, Person

if TYPE_CHECKING:
    from dougong.engine.unit import Unit
    from dougong.workflows.approvals.people import People
    from dougong.workflows.approvals.world import CompanyWorld

MOST_CANDIDATES = 500
"""Of how many people one is offered to choose from."""


def is_active(approval: Approval, world: CompanyWorld) -> bool:
    """Whether the approval is switched on."""
    return approval.active if isinstance(approval.active, bool) else world.holds(approval.active)


def is_needed(approval: Approval, world: CompanyWorld) -> bool:
    """Whether the record, as the world has it, needs this approval."""
    return approval.start.when is None or world.holds(approval.start.when)


def may_start(unit: Unit, approval: Approval, obj: Object, values: Mapping[str, Any]) -> bool:
    """Whether the actor is one of those who start it."""
    if unit.actor.is_system:
        return True
    return any(_is_one(unit, by, obj, values) for by in approval.start.by)


def not_one_of_them(approval: Approval) -> Problem:
    """What is said to whoever may not start it."""
    reason = msg("You are not one of those who start this approval.")
    return Problem(code="approval-start", reason=reason, thing=f"approval:{approval.name}")


def _is_one(unit: Unit, by: str, obj: Object, values: Mapping[str, Any]) -> bool:
    me, (kind, _, name) = unit.actor.user_id, by.partition(":")
    match kind:
        case "anyone":
            return True
        case "owner":
            return _names(values.get("owner"), me)
        case "creator":
            return _names(values.get("created_by"), me)
        case "role":
            return name in unit.roles
        case "team":
            return _in_team(unit, name, obj, str(values["id"]))
    return False


def _names(value: Any, user: str | None) -> bool:
    return isinstance(value, Reference) and value.id == user


def _in_team(unit: Unit, team_role: str, obj: Object, record_id: str) -> bool:
    if SHARES not in unit.runtime.model.objects or "team_role" not in unit.runtime.model.objects[SHARES].fields:
        return False
    plan = plan_of(unit.runtime, SHARES)
    column = {name: plan.table.c[plan.slots[name].keys[0]] for name in ("record", "user", "team_role", "until")}
    today = unit.now.astimezone(unit.company.zone).date()
    mine = select(plan.table.c.id).where(
        column["record"] == record_id, column["user"] == unit.actor.user_id, column["team_role"] == team_role,
        plan.table.c.deleted_at.is_(None), (column["until"].is_(None)) | (column["until"] >= today),
    )  # fmt: skip
    return unit.connection.scalar(mine.limit(1)) is not None


def refusals(approval: Approval, world: CompanyWorld) -> tuple[Problem, ...]:
    """What the approval itself refuses about the record as it is, each with its own message."""
    return tuple(
        Problem(
            code="approval-refused",
            reason=msg("{message}", message=each.message),
            thing=f"approval:{approval.name}#{each.key}",
        )
        for each in approval.start.refuse
        if world.holds(each.when)
    )


# -- whom the initiator chooses ---------------------------------------------------------------------------------------
def choices(approval: Approval, world: CompanyWorld, by: str = "initiator") -> tuple[Choice, ...]:
    """Whom the initiator has to choose, rule by rule: ``node.key``."""
    return tuple(
        Choice(
            key=f"{node.key}.{rule.key}",
            label=node.label,
            most=rule.most,
            candidates=candidates(rule, world),
        )
        for node in approval.nodes.values()
        for rule in (*node.approvers, *node.to)
        if rule.way == "chosen_by" and rule.value == by
    )


def candidates(rule: Approvers, world: CompanyWorld) -> tuple[Person, ...] | None:
    """Those among whom a rule lets people choose; None where that is everybody."""
    if rule.source is None:
        return None
    return persons(world.members, list(world.named(rule.source))[:MOST_CANDIDATES])


def wrong_choices(approval: Approval, world: CompanyWorld, chosen: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """What is wrong with people who were chosen: too many, not among the candidates, not able to act."""
    rules = {
        f"{node.key}.{rule.key}": (node, rule)
        for node in approval.nodes.values()
        for rule in (*node.approvers, *node.to)
        if rule.way == "chosen_by"
    }
    for key, people in chosen.items():
        found = rules.get(key)
        if found is None:
            yield _wrong(approval, key, msg("Nobody is to be chosen for {key}.", key=key))
            continue
        node, rule = found
        allowed = candidates(rule, world)
        if len(people) > rule.most:
            yield _wrong(
                approval, key, msg("At most {most} may be chosen for {node}.", most=rule.most, node=node.label)
            )
        for each in people:
            among = allowed is None or any(one.id == each for one in allowed)
            if not (among and world.active(each)):
                name = world.members.name(each) or each
                yield _wrong(approval, key, msg("{name} cannot be chosen for {node}.", name=name, node=node.label))


def _wrong(approval: Approval, key: str, reason: Any) -> Problem:
    return Problem(code="approval-choice", reason=reason, thing=f"approval:{approval.name}#{key}")


def persons(people: People, ids: Sequence[str]) -> tuple[Person, ...]:
    """People as they are told."""
    people.fetch(ids)
    return tuple(Person(id=each, name=people.name(each) or each, active=people.active(each)) for each in ids)
