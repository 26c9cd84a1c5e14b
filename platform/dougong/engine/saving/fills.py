"""Fills: values that a record takes from another one that is found for it.

A fill is asked for a new record, and again where something that decides has changed: of the record itself, or of the
document that it is part of. What somebody types in the same change stands; what was typed before stands as the fill's
`again` says. What takes changes back brings back what was, and fills nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

from dougong.base.field_types import Reference, ValueRefused
from dougong.base.language import msg
from dougong.engine.saving.candidates import Ask, Choice, FillPlan, Values, choose, fill_plan, results
from dougong.engine.saving.expressions import refuse_result
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.related import Needs, merge_needs
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.metadata.fill import Fill, Path


def fills_of(plan: ObjectPlan) -> tuple[FillPlan, ...]:
    """The fills of an object that no other one asks, each after those that fill what it reads."""
    fills = plan.object.fills
    asked = {each.otherwise for each in fills.values()}
    firsts = {name: fill_plan(plan, each) for name, each in fills.items() if name not in asked}
    graph: TopologicalSorter[str] = TopologicalSorter()
    for name, each in firsts.items():
        read = {path[0] for path in each.reads}
        graph.add(name, *(other for other, its in firsts.items() if other != name and read & set(its.fill.fields)))
    return tuple(firsts[name] for name in graph.static_order())


def fill_needs(plan: ObjectPlan) -> Needs:
    """What the fills of an object look at behind its lookups."""
    found: Needs = {}
    for each in plan.part(fills_of):
        merge_needs(found, each.needs)
    return found


def followed(plan: ObjectPlan) -> Iterable[Path]:
    """The paths whose end, when it changes, fills a record anew: fields of the documents that it is part of.

    A price goes with its quote's date and price book. That a customer or a product has changed since is no reason to
    touch the lines of every quote.
    """
    for each in plan.part(fills_of):
        for path in each.reads:
            here, length = plan.object, 0
            while length < len(path) and here.master is not None and path[length] == here.master.name:
                here, length = plan.runtime.model.objects[here.master.targets[0]], length + 1
            if 0 < length < len(path):
                yield path[: length + 1]


class _Before:
    """What finds records behind lookups as they were: the documents that a record is part of, where the batch has them.

    What is no part of the document is as it is now: it decides when a record is saved, and not afterwards.
    """

    def __init__(self, batch: Batch, plan: ObjectPlan) -> None:
        self._batch = batch
        self._above: set[str] = set()
        objects = plan.runtime.model.objects
        master = plan.object.master
        while master is not None and master.targets[0] not in self._above:
            self._above.add(master.targets[0])
            master = objects[master.targets[0]].master

    def values(self, reference: Reference) -> Values | None:
        row = self._batch.row_of(reference.object, reference.id) if reference.object in self._above else None
        known = row is not None and row.before and not row.part
        return row.before if row is not None and known else self._batch.related.values(reference)


def fill(batch: Batch, rows: Iterable[Row]) -> list[Row]:
    """Fill what is to be filled in `rows`; those in which something has changed."""
    changed: list[Row] = []
    if batch.reverting:
        return changed
    for plan, group in grouped(row for row in rows if row.doing in ("create", "update", "derive")):
        heads = plan.part(fills_of)
        for head in heads:
            changed += _fill(batch, head, group)
    return list(dict.fromkeys(changed))


def asks_of(batch: Batch, head: FillPlan, rows: Sequence[Row]) -> list[Ask]:
    """What `rows` are for a fill, as they are to be; what it looks at behind their lookups is loaded."""
    batch.expressions.follow([values for row in rows for values in (row.values, row.before) if values], head.needs)
    return [Ask(batch, row, row.values, batch.related) for row in rows]


def _fill(batch: Batch, head: FillPlan, rows: Sequence[Row]) -> list[Row]:
    before = _Before(batch, head.plan)
    due = [ask for ask in asks_of(batch, head, rows) if _is_due(head, ask, before)]
    then = {id(ask.row): Ask(batch, ask.row, ask.row.before, before) for ask in due if _asks_what_was(head, ask.row)}
    choices = choose(batch, head, [*due, *then.values()])
    was = dict(zip(then, zip(then.values(), choices[len(due) :], strict=True), strict=True))
    changed, meant = [], batch.unit.actor.channel in TYPED_CHANNELS
    for ask, choice in zip(due, choices, strict=False):
        free = _free(head, ask.row, meant, *was.get(id(ask.row), (None, None)))
        if _apply(head, ask, choice, free):
            changed.append(ask.row)
    return changed


def _is_due(head: FillPlan, ask: Ask, before: _Before) -> bool:
    """Whether anything that decides differs from what it was when the record was stored."""
    row = ask.row
    if row.new:
        return True
    was = Ask(ask.batch, row, row.before, before)
    if any(ask.read(path) != was.read(path) for path in head.reads) or _watched(head.fill, row):
        return True
    return head.in_currency and ask.currency != was.currency


def _watched(fill: Fill, row: Row) -> bool:
    return any(row.differs(name) for name in fill.watch)


def _asks_what_was(head: FillPlan, row: Row) -> bool:
    """Whether it takes what the fill made of the stored record to know what was typed over it."""
    return head.fill.again == "until_edited" and not row.new and not _watched(head.fill, row)


def _free(head: FillPlan, row: Row, meant: bool, then: Ask | None, was: Choice | None) -> list[str]:
    """The fields that may be filled. What is given is `meant` where it was typed."""
    names = [name for name in head.fill.fields if not _is_typed(row, name, meant)]
    if row.new or head.fill.again == "when_changed" or _watched(head.fill, row):
        return names
    if head.fill.again == "once":
        return [name for name in names if row.values.get(name) is None or name in row.filled]
    try:
        made = results(head, was, then, names) if was is not None and then is not None else {}
    except ValueRefused:
        made = {}
    return [name for name in names if row.before.get(name) is None or row.before[name] == made.get(name)]


TYPED_CHANNELS = frozenset({"form", "inline"})
"""The channels that send what was typed alone: programs say back what they read."""


def _is_typed(row: Row, name: str, meant: bool) -> bool:
    """Whether somebody says this value now: gave it with this change, or set it after it was filled."""
    if name in row.filled:
        return bool(row.values.get(name) != row.filled[name])
    given = row.given.get(name) if name in row.edited else None
    return given is not None and (row.new or meant or given != row.before.get(name))


def _apply(head: FillPlan, ask: Ask, choice: Choice, free: Sequence[str]) -> bool:
    row, fill = ask.row, head.fill
    if choice.found is None:
        return choice.asked and bool(free) and _nothing_found(fill, row, free)
    try:
        made = results(head, choice, ask, free)
    except ValueRefused as refused:
        refuse_result(row, head.plan.object.fields[free[0]], refused)
        return False
    return _put(row, made)


def _nothing_found(fill: Fill, row: Row, free: Sequence[str]) -> bool:
    if fill.none == "blank":
        return _put(row, dict.fromkeys(free))
    if fill.none == "refuse" and not row.has_problem(free[0]):
        row.refuse("fill-none", msg("{message}", message=fill.message), at=free[0])
    return False


def _put(row: Row, made: Mapping[str, Any]) -> bool:
    changed = any(row.values.get(name) != value for name, value in made.items())
    row.values.update(made)
    row.filled.update(made)
    return changed
