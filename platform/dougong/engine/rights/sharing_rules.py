"""Sharing rules: which are for a person, and the records that they open, with what stands below these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, FromClause, and_, exists, literal, select, true

from dougong.base.language import msg
from dougong.engine.access import Right
from dougong.engine.rights import grounds
from dougong.engine.rights.asking import asks, searches
from dougong.engine.rights.grounds import Condition, Ground
from dougong.engine.rights.groups import group_of, owner_of
from dougong.formulas import Formula
from dougong.metadata.model import Object
from dougong.metadata.rights import SharingRule

if TYPE_CHECKING:
    from dougong.engine.rights.rows import Rows


def opened(rows: Rows, right: Right, obj: Object) -> Iterator[Ground]:
    """What the rules of `obj` open, and those of the objects above it that say so."""
    for rule in rows.model.rights.sharing_rules.get(obj.name, ()):
        if applies(rows, rule, right):
            said = msg("The sharing rule {rule} opens it.", rule=rule.label or rule.name)
            otherwise = msg(
                "The sharing rule {rule} is for them, but not for this record.", rule=rule.label or rule.name
            )
            yield Ground("rule", said, otherwise, *opened_by(rows, rule), formula=_asked_by(rule))
    for rules in rows.model.rights.sharing_rules.values():
        for rule in rules:
            for child, lookup in rule.also:
                if child == obj.name and applies(rows, rule, right):
                    yield _opened_with(rows, rule, obj, lookup)


def applies(rows: Rows, rule: SharingRule, right: Right) -> bool:
    """Whether a rule is for the person, in force, and gives the right."""
    covered = right == "read" or (right == "edit" and rule.level == "edit")
    running = rule.until is None or rule.until >= rows.today
    return covered and running and not rows.holder.groups.isdisjoint(map(group_of, rule.to))


def opened_by(rows: Rows, rule: SharingRule) -> tuple[Condition, Condition]:
    """The condition of a rule for judging rows, and for finding them."""
    obj = rows.model.objects[rule.object]
    owners = [owner_of(each) for each in rule.owned_by]

    def holds(table: FromClause) -> ColumnElement[bool]:
        parts = [grounds.owned(table, owners)] if owners else []
        return and_(true(), *parts, *([asks(rows, obj, table, rule.when)] if rule.when is not None else []))

    def finds(table: FromClause) -> ColumnElement[bool]:
        parts = [grounds.owned_by_one_of(table, owners)] if owners else []
        return and_(true(), *parts, *([searches(rows, obj, table, rule.when)] if rule.when is not None else []))

    return holds, finds


def _opened_with(rows: Rows, rule: SharingRule, obj: Object, lookup: str) -> Ground:
    """Children that a rule opens with their parent."""
    above = rows.runtime.storage.tables[rule.object].table
    holds, finds = opened_by(rows, rule)

    def judged(table: FromClause) -> ColumnElement[bool]:
        parent = above.alias()
        mine = and_(parent.c.id == rows.column(obj, table, lookup), holds(parent))
        return exists(select(literal(1)).select_from(parent).where(mine).correlate(table))

    def found(table: FromClause) -> ColumnElement[bool]:
        parent = above.alias()
        return rows.column(obj, table, lookup).in_(select(parent.c.id).where(finds(parent)))

    said = msg("The sharing rule {rule} opens it with its parent.", rule=rule.label or rule.name)
    otherwise = msg("The sharing rule {rule} is for them, but not for its parent.", rule=rule.label or rule.name)
    return Ground("rule", said, otherwise, judged, found, formula=_asked_by(rule))


def _asked_by(rule: SharingRule) -> tuple[str, Formula] | None:
    return None if rule.when is None else (rule.object, rule.when)
