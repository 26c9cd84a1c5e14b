"""Whose turn it is and who was sent copies, as tables: brought in line with the state of an approval at every act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, update

from dougong.base.ids import record_id
from dougong.base.language import Labels
from dougong.engine.dialects.statements import upsert
from dougong.engine.tables import lent
from dougong.metadata.approval import Approval
from dougong.workflows.approvals import tables
from dougong.workflows.approvals.running import OPEN, Running
from dougong.workflows.approvals.state import Entry, State, Visit

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

DECIDED = ("approved", "rejected", "sent_back", "handed_over", "delegated")
"""What somebody did with their part themselves."""

LENT_FOR = timedelta(days=30)
"""How long after its end who decided, or was sent a copy, may still read the record."""


def follow(unit: Unit, approval: Approval | None, before: State | None, held: Running) -> None:
    """Bring tasks, copies and what is lent in line with the state; `before` is that of the act before."""
    old, new = _entries(before), _entries(held.state)
    changed = {id: pair for id, pair in new.items() if id not in old or old[id] != pair}
    _open(unit, approval, held, [pair for id, pair in changed.items() if _is_open(pair) and not _is_open(old.get(id))])
    _close(unit, held, [pair for id, pair in changed.items() if not _is_open(pair) and id in old])
    gone = [pair for id, pair in old.items() if id not in new and _is_open(pair)]
    _set(unit, held, "void", [entry.id for _, entry in gone])
    _copy(unit, approval, before, held)
    lend(unit, approval, held)


def renamed(unit: Unit, approval: Approval, held: Running) -> None:
    """Let the open tasks of an approval that was moved say what their step is called now, and when it is due."""
    for visit in held.state.visits:
        ids = [each.id for each in visit.entries if _is_open((visit, each))]
        if ids:
            columns = tables.tasks.c
            mine = update(tables.tasks).where(columns.instance == held.id, columns.entry.in_(ids))
            said = {"node": visit.node, "label": dict(_label(approval, visit.node)), "due_at": visit.due_at}
            unit.connection.execute(mine.values(**said))


def _entries(state: State | None) -> Mapping[str, tuple[Visit, Entry]]:
    visits = () if state is None else state.visits
    return {entry.id: (visit, entry) for visit in visits for entry in visit.entries}


def _is_open(pair: tuple[Visit, Entry] | None) -> bool:
    return pair is not None and pair[0].status == "open" and pair[1].status == "open"


def _open(unit: Unit, approval: Approval | None, held: Running, opened: list[tuple[Visit, Entry]]) -> None:
    if not opened:
        return
    rows = [
        {
            "id": record_id(), "instance": held.id, "entry": entry.id, "person": entry.person,
            "stands_for": entry.stands_for, "node": visit.node, "label": dict(_label(approval, visit.node)),
            "status": "open", "opened_at": unit.now, "closed_at": None, "due_at": visit.due_at,
        }
        for visit, entry in opened
    ]  # fmt: skip
    statement = upsert(unit.connection.dialect.name, tables.tasks).values(rows)
    again = {name: statement.excluded[name] for name in ("person", "stands_for", "status", "closed_at", "due_at")}
    unit.connection.execute(statement.on_conflict_do_update(index_elements=["instance", "entry"], set_=again))


def _close(unit: Unit, held: Running, closed: Iterable[tuple[Visit, Entry]]) -> None:
    by_status: dict[str, list[str]] = {}
    for visit, entry in closed:
        status: str = "void" if entry.status == "open" and visit.status != "open" else entry.status
        by_status.setdefault(status, []).append(entry.id)
    for status, ids in by_status.items():
        _set(unit, held, status, ids)


def _set(unit: Unit, held: Running, status: str, ids: list[str]) -> None:
    if ids:
        columns = tables.tasks.c
        mine = update(tables.tasks).where(columns.instance == held.id, columns.entry.in_(ids))
        unit.connection.execute(mine.values(status=status, closed_at=unit.now))


def _copy(unit: Unit, approval: Approval | None, before: State | None, held: Running) -> None:
    known = {(each.person, each.node, each.at): each for each in (before.copies if before else ())}
    rows = []
    for each in held.state.copies:
        old = known.get((each.person, each.node, each.at))
        if old is None:
            label = dict(_label(approval, each.node))
            rows.append({"id": record_id(), "instance": held.id, "person": each.person, "node": each.node,
                         "label": label, "at": each.at, "read_at": each.read_at})  # fmt: skip
        elif old.read_at != each.read_at:
            columns = tables.copies.c
            mine = columns.instance == held.id, columns.person == each.person, columns.node == each.node
            unit.connection.execute(update(tables.copies).where(*mine).values(read_at=each.read_at))
    if rows:
        unit.connection.execute(insert(tables.copies), rows)


def _label(approval: Approval | None, node: str) -> Labels:
    found = approval.nodes.get(node) if approval is not None else None
    return found.label if found is not None else {"en": node}


# -- what is lent -----------------------------------------------------------------------------------------------------
def lend(unit: Unit, approval: Approval | None, held: Running) -> None:
    """Lend the record to those who have a part in it now, and to those who had one for a while after the end."""
    source = f"approval/{held.id}"
    ended = held.state.status not in OPEN
    until = (unit.now.astimezone(unit.company.zone) + LENT_FOR).date() if ended else None
    wanted = dict(_readers(approval, held.state))
    unit.connection.execute(delete(lent).where(lent.c.source == source))
    rows: list[dict[str, Any]] = [
        {"user_id": person, "object": held.object, "record_id": held.record_id, "source": source,
         "edit": edit and not ended, "until": until}
        for person, edit in wanted.items()
    ]  # fmt: skip
    if rows:
        unit.connection.execute(insert(lent), rows)


def _readers(approval: Approval | None, state: State) -> Iterator[tuple[str, bool]]:
    """People and whether they may change something now; who may comes last, and counts."""
    for copied in state.copies:
        yield copied.person, False
    editors = []
    for visit in state.visits:
        node = approval.nodes.get(visit.node) if approval is not None else None
        edits = node is not None and any(mode in ("edit", "require") for mode in node.fields.values())
        for entry in visit.entries:
            if _is_open((visit, entry)):
                editors += [entry.person] if edits else []
                yield entry.person, False
            elif entry.status in DECIDED:
                yield entry.person, False
    for person in editors:
        yield person, True
