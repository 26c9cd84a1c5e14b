"""The lists of somebody's approval centre: to do, done, started by them, copies. Two statements a page, at any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, true

from dougong.base.errors import BadRequest, Forbidden, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import msg
from dougong.workflows.approvals import seeing
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.tables import copies, instances
from dougong.workflows.approvals.tables import tasks as task_rows
from dougong.workflows.approvals.tasks import DECIDED
from dougong.workflows.approvals.told import Person, TaskPage, TaskRow, Which

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

PAGE = 50
"""Rows of a list where nobody says how many."""

LARGEST_PAGE = 200

_ABOUT = tuple(
    instances.c[name].label(f"of_{name}")
    for name in ("id", "approval", "object", "record_id", "title", "initiator", "status", "started_at", "ended_at")
)


def tasks(unit: Unit, which: Which, cursor: str | None = None, limit: int = PAGE) -> TaskPage:
    """One page of a list of the actor's approval centre, in a constant number of statements.

    Raises:
        BadRequest: a cursor that no page gave.
    """
    size = max(1, min(limit, LARGEST_PAGE))
    statement = _LISTS[which](unit.actor.user_id or "", _after(which, cursor))
    rows = unit.connection.execute(statement.limit(size + 1)).all()
    more, rows = len(rows) > size, rows[:size]
    people = People(unit)
    people.fetch(id for row in rows for id in (row.of_initiator, getattr(row, "stands_for", None)) if id)
    told = tuple(_told(unit, people, row) for row in rows)
    return TaskPage(rows=told, next=_cursor(which, rows[-1]) if more and rows else None)


def running_now(unit: Unit, limit: int = LARGEST_PAGE) -> tuple[TaskRow, ...]:
    """The approvals of the company that have not ended, the newest first.

    Raises:
        Forbidden: the actor does not look after approvals.
    """
    if not seeing.may_rescue(unit):
        raise Forbidden(Problem(code="not-allowed", reason=msg("Approvals are rescued by those who manage users.")))
    found = select(*_ABOUT).where(instances.c.ended_at.is_(None)).order_by(instances.c.id.desc()).limit(limit)
    rows, people = unit.connection.execute(found).all(), People(unit)
    people.fetch(row.of_initiator for row in rows if row.of_initiator)
    return tuple(_told(unit, people, row) for row in rows)


def todo_count(unit: Unit) -> int:
    """How many decisions wait for the actor."""
    mine = task_rows.c.person == (unit.actor.user_id or ""), task_rows.c.closed_at.is_(None)
    return int(unit.connection.scalar(select(func.count()).select_from(task_rows).where(*mine)) or 0)


# -- statements -------------------------------------------------------------------------------------------------------
After = tuple[datetime | None, str] | None


def _todo(me: str, after: After) -> Select[Any]:
    columns = task_rows.c
    found = select(*task_rows.c, *_ABOUT).join(instances, instances.c.id == columns.instance)
    found = found.where(columns.person == me, columns.closed_at.is_(None), columns.id < after[1] if after else true())
    return found.order_by(columns.id.desc())


def _done(me: str, after: After) -> Select[Any]:
    columns = task_rows.c
    found = select(*task_rows.c, *_ABOUT).join(instances, instances.c.id == columns.instance)
    found = found.where(columns.person == me, columns.closed_at.is_not(None), columns.status.in_(DECIDED))
    if after is not None:
        found = found.where(_before(columns.closed_at, columns.id, after))
    return found.order_by(columns.closed_at.desc(), columns.id.desc())


def _before(at: ColumnElement[Any], id: ColumnElement[Any], after: tuple[datetime | None, str]) -> ColumnElement[bool]:
    return or_(at < after[0], and_(at == after[0], id < after[1]))


def _mine(me: str, after: After) -> Select[Any]:
    found = select(*_ABOUT).where(instances.c.initiator == me, instances.c.id < after[1] if after else true())
    return found.order_by(instances.c.id.desc())


def _copied(me: str, after: After) -> Select[Any]:
    columns = copies.c
    found = select(*copies.c, *_ABOUT).join(instances, instances.c.id == columns.instance)
    return found.where(columns.person == me, columns.id < after[1] if after else true()).order_by(columns.id.desc())


_LISTS: Mapping[str, Any] = {"todo": _todo, "done": _done, "mine": _mine, "copied": _copied}


def _after(which: Which, cursor: str | None) -> After:
    if not cursor:
        return None
    at, _, id = cursor.rpartition("~")
    try:
        if not is_record_id(id) or bool(at) != (which == "done"):
            raise ValueError(cursor)
        moment = datetime.fromisoformat(at) if at else None
        if moment is not None and moment.tzinfo is None:
            raise ValueError(cursor)
        return moment and moment.astimezone(UTC), id
    except (ValueError, OverflowError):
        raise BadRequest(
            Problem(code="cursor", thing="cursor", reason=msg("This cursor is not one that a page gave."))
        ) from None


def _cursor(which: Which, row: Row[Any]) -> str:
    if which == "done":
        return f"{row.closed_at.isoformat()}~{row.id}"
    return str(row.of_id if which == "mine" else row.id)


# -- rows -------------------------------------------------------------------------------------------------------------
def _told(unit: Unit, people: People, row: Row[Any]) -> TaskRow:
    said = row._mapping
    model = unit.runtime.model
    approval = model.workflows.approvals.get(row.of_approval)
    obj = next((name for name, each in model.objects.items() if each.id == row.of_object), "")
    is_task = "person" in said and "entry" in said
    stands_for = said.get("stands_for")
    return TaskRow(
        instance=row.of_id,
        approval=row.of_approval,
        label=approval.label if approval is not None else {"en": row.of_approval},
        object=obj,
        record=row.of_record_id,
        title=row.of_title,
        initiator=_person(people, row.of_initiator),
        status=row.status if is_task else row.of_status,
        at=said.get("opened_at") or said.get("at") or row.of_started_at,
        entry=said.get("entry"),
        node=said.get("node"),
        node_label=said.get("label") or {},
        due_at=said.get("due_at"),
        closed_at=said.get("closed_at") if is_task else row.of_ended_at,
        read_at=said.get("read_at"),
        stands_for=_person(people, stands_for) if stands_for else None,
    )


def _person(people: People, id: str | None) -> Person:
    return Person(id=id or "", name=people.name(id), active=people.active(id))


def names_of(people: People, ids: Sequence[str]) -> Mapping[str, Person]:
    """Everybody of `ids` as they are told."""
    people.fetch(ids)
    return {each: _person(people, each) for each in ids}
