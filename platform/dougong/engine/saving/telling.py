"""Where a problem is told with a record that nobody named: at the rows that brought it about, with its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select

from dougong.base.errors import Place, Problem
from dougong.base.language import Message, msg
from dougong.engine.dialects.among import among
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.related import references
from dougong.engine.saving.rollups import Hop, routes_of, step
from dougong.engine.saving.row import Batch, Row, grouped

Causes = dict[tuple[str, str], dict[int, None]]
"""By record (object, id): the numbers of the caller's rows that lead to it."""


def told_at(batch: Batch, row: Row) -> list[Row]:
    """The rows of the caller at which a problem with `row` is told: itself, or those that name it.

    A record that follows others (a document whose lines changed) is in the batch without a number.
    """
    if row.number:
        return [row]
    people = batch.people()
    naming = [
        each
        for each in people
        if any(
            named.id == row.id
            for value in (*each.values.values(), *each.before.values())
            for named in references(value)
        )
    ]
    return naming or people or [row]


def pass_on(batch: Batch, rows: Iterable[Row]) -> None:
    """Tell what is wrong with records that follow others at the rows of the caller that brought it about.

    Those are the rows that lead to the record over what its roll-ups count; where none does, all of the batch. Each
    message names the record, by its title where the actor may see it.
    """
    found = [row for row in rows if not row.number and (row.problems or row.warnings)]
    if not found:
        return
    causes = _naming(batch)
    if any((row.plan.name, row.id) not in causes for row in found):
        _climb(batch, causes)
    for plan, group in grouped(found):
        titles = _titles(batch, plan, group)
        for row in group:
            numbers = causes.get((plan.name, row.id))
            told = [each for each in batch.people() if numbers is None or each.number in numbers]
            for each in told or [row]:
                each.problems += _named(row.problems, plan, titles.get(row.id), each)
                each.warnings += _named(row.warnings, plan, titles.get(row.id), each)
            if told:
                row.problems, row.warnings = [], []


def _named(problems: Sequence[Problem], plan: ObjectPlan, title: str | None, at: Row) -> list[Problem]:
    """`problems` of a record of `plan` as they are told at the row `at`: once each, whatever places they name."""
    found: dict[tuple[str, str], Problem] = {}
    for each in problems:
        reason = _reason(plan, title, each.reason)
        found.setdefault((each.code, each.thing), replace(each, reason=reason, place=Place(row=at.number or None)))
    return list(found.values())


def _reason(plan: ObjectPlan, title: str | None, said: Message) -> Message:
    if title:
        return msg("{object} {title}: {message}", object=plan.object.label, title=title, message=said)
    return msg("{object}: {message}", object=plan.object.label, message=said)


def _titles(batch: Batch, plan: ObjectPlan, rows: Sequence[Row]) -> Mapping[str, str]:
    """The titles of those `rows` that the actor may read: one statement."""
    access, title = batch.unit.access, plan.object.fields[plan.object.title]
    if not (access.may("read", plan.object) and access.may_field("read", plan.object, title)):
        return {}
    chosen = among(plan.table.c.id, "ids")
    visible = access.visible("read", plan.object, plan.table)
    statement = select(plan.table.c.id).where(chosen, *([] if visible is None else [visible]))
    seen = {str(id) for id in batch.unit.connection.scalars(statement, {"ids": sorted(row.id for row in rows)})}
    reading = batch.unit.reading
    return {row.id: title.type.display(title, row.values.get(title.name), reading) for row in rows if row.id in seen}


# -- who leads to a record ----------------------------------------------------------------------------------
def _naming(batch: Batch) -> Causes:
    """The records that rows name or named: by these, and by what a deletion takes along."""
    found: Causes = {}
    for row in batch.rows:
        if row.number:
            for value in (*row.values.values(), *row.before.values()):
                for named in references(value):
                    found.setdefault((named.object, named.id), {})[row.number] = None
    return found


def _climb(batch: Batch, causes: Causes) -> None:
    """Note what leads to records by roll-ups of roll-ups, over several steps or up a tree: one statement a step."""
    steps: dict[tuple[str, str, str], Hop] = {}
    for name in {row.plan.name: None for row in batch.rows if not row.number}:
        for route in routes_of(batch.unit.runtime).by_parent.get(name, ()):
            targets = [*(hop.object for hop in route.hops[1:]), name]
            steps.update({(hop.object, hop.field, to): hop for hop, to in zip(route.hops, targets, strict=True)})
            if route.tree:
                above = Hop(name, batch.unit.runtime.model.objects[name].hierarchy or "")
                steps[name, above.field, name] = above
    new = True
    while new:
        new = False
        for (_, _, target), hop in steps.items():
            new = _lead(batch, hop, target, causes) or new


def _lead(batch: Batch, hop: Hop, target: str, causes: Causes) -> bool:
    """What leads to records of the hop's object leads to those of `target` that they name; whether that was new."""
    below = {id: numbers for (name, id), numbers in causes.items() if name == hop.object}
    new = False
    for id, parent in step(batch, hop, below) if below else ():
        known = causes.setdefault((target, parent), {})
        new = new or not known.keys() >= below[id].keys()
        known.update(below[id])
    return new
