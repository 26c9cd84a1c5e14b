"""Who would get a record if it were assigned now: nothing is written, and nobody's turn is used up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import select

from dougong.base.errors import NotFound, Problem
from dougong.base.language import Message, msg
from dougong.engine.actor import SYSTEM
from dougong.engine.query import Query, Row, Sort, Written
from dougong.metadata.steps import Step
from dougong.workflows.assigning.choosing import Choosing
from dougong.workflows.steps.doing import Doing

if TYPE_CHECKING:
    from dougong.engine.unit import Unit
    from dougong.metadata.assignment import Assignment


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Who would get one record, and why; `owner` is a user's id with `name`, both None where nobody is found."""

    record: str
    owner: str | None
    name: str | None
    why: Message


def named(unit: Unit, name: str) -> Assignment:
    """An assignment rule of the company.

    Raises:
        NotFound: there is none of this name.
    """
    found = unit.runtime.model.workflows.assignments.get(name)
    if found is None:
        reason = msg("There is no assignment rule {name}.", name=name)
        raise NotFound(Problem(code="assignment-unknown", thing=f"assignment_rule:{name}", reason=reason))
    return found


def foresee(unit: Unit, assignment: Assignment, ids: Sequence[str]) -> tuple[Foreseen, ...]:
    """For each of `ids`, in their order, who would get it now; the reader must see these records already."""
    step = Step(key="assign", do="assign", given=MappingProxyType({"rule": assignment.name}))
    doing = Doing(
        unit=unit.acting(SYSTEM), step=step, object=assignment.object, ids=tuple(ids), key="preview", values={},
        people={}, name=f"assignment_rule:{assignment.name}",
    )  # fmt: skip
    chosen = Choosing(doing, assignment, foreseeing=True).chosen()
    names = _names(unit, {each.owner for each in chosen.values()})
    nobody = msg("No rule finds anybody: it would keep its owner")
    found = []
    for id in ids:
        one = chosen.get(id)
        found.append(
            Foreseen(id, one.owner, names.get(one.owner), one.why) if one else Foreseen(id, None, None, nobody)
        )
    return tuple(found)


def meant(unit: Unit, assignment: Assignment, limit: int = 50) -> tuple[Row, ...]:
    """The newest records that the rule is for, as far as the unit's actor sees them: (title, owner) are their values.

    A condition that asks what changes is taken to hold.
    """
    obj = unit.runtime.model.objects[assignment.object]
    automation = unit.runtime.model.workflows.automations.get(assignment.name)
    asked, where = assignment.body.get("when"), None
    if asked is not None and not (automation is not None and automation.when and automation.when.save_only):
        where = Written(str(asked))
    columns = (obj.title, "owner")
    newest = (Sort("created_at", descending=True),)
    return tuple(
        unit.records.query(Query(object=obj.name, columns=columns, where=where, sort=newest, limit=limit)).rows
    )


def _names(unit: Unit, ids: set[str]) -> Mapping[str, str]:
    users = unit.runtime.storage.tables["user"].table
    asked = select(users.c.id, users.c.name, users.c.login).where(users.c.id.in_(sorted(ids)))
    return {str(row.id): str(row.name or row.login) for row in unit.connection.execute(asked)} if ids else {}
