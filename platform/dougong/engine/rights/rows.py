"""Which rows a right covers: the grounds of one person for each object, within its partition.

A condition has two shapes that mean the same. `condition` judges row by row, for a table that is read anyway; `among`
begins with the rows that each ground finds, for a person who sees few. Which one a list takes is a matter of speed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    and_,
    exists,
    false,
    literal,
    or_,
    select,
    true,
    union_all,
)

from dougong.base.language import msg
from dougong.engine.access import EVERYTHING, Right
from dougong.engine.expressions import OneOf
from dougong.engine.reading.computed import Terms, condition_of, reads_changing
from dougong.engine.reading.scope import Scope
from dougong.engine.rights import grounds, person
from dougong.engine.rights.grounds import SELF, Condition, Ground
from dougong.engine.rights.holder import formula_value
from dougong.engine.rights.probing import Probed, has_small_circle, probe
from dougong.engine.rights.shares import shared
from dougong.engine.variables import variables
from dougong.formulas import Context, Formula
from dougong.metadata.model import Object
from dougong.metadata.rights import DataScope, Partition, Role, SharingRule

if TYPE_CHECKING:
    from dougong.engine.rights.grants import Granted
    from dougong.engine.unit import Unit

PROBED_FOR = timedelta(minutes=10)
"""How long the number of visible records is taken for what a probe found."""

_OF_PARENT: dict[Right, Right] = {"read": "read", "edit": "edit", "delete": "edit", "transfer": "edit"}
"""What somebody must be able to do with the parent to do it with the child."""


class Rows:
    """The rows that one person may see, change, delete and hand over, on one day."""

    def __init__(self, unit: Unit, granted: Granted) -> None:
        """The rows of `granted`; keeps nothing of the unit but its day and zone."""
        self.granted, self.holder = granted, granted.holder
        self.runtime, self.model = unit.runtime, unit.runtime.model
        self.today = unit.reading.today
        self.terms = Terms(self._context(unit), unit.company.database.digits)
        self._grounds: dict[tuple[Right, str], tuple[Ground, ...]] = {}
        self._ids: dict[tuple[Right, str, bool], CTE | None] = {}
        self._probed: dict[str, tuple[datetime, Probed]] = {}
        self.small_circle = has_small_circle(unit, self.holder)
        self.shape = self._shape()

    def _context(self, unit: Unit) -> Context:
        known = variables(unit.actor, unit.runtime.model)
        holder = self.holder

        def answer(path: tuple[str, ...]) -> object:
            if path[0] == "$User" and len(path) == 2:
                return holder.user_id if path[1] == "id" else formula_value(holder.values.get(path[1]))
            return known(path)

        self._variable = answer
        calendar = unit.runtime.model.working_calendar
        return Context(now=unit.now, timezone=unit.actor.zone, variables=answer, calendar=calendar)

    def _shape(self) -> str:
        """What decides which conditions there are, and what is in them beside `person.parameters`."""
        roles = self.holder.roles
        rules = [each for several in self.model.rights.sharing_rules.values() for each in several]
        applying = [each for each in rules if self.applies(each, "read")]
        scopes = [scope for role in roles for of_object in role.scopes.values() for scope in of_object.values()]
        formulas = [each for each in (*(rule.when for rule in applying), *(scope.when for scope in scopes)) if each]
        parts = (
            [role.name for role in roles],
            [rule.address for rule in applying],
            person.belongs(self.holder),
            self.small_circle,
            sorted((path, str(self._variable(path))) for each in formulas for path in each.variables),
            self.holder.user_id if any(reads_changing(self.runtime, each) for each in formulas) else "",
        )
        return repr(parts)

    # -- conditions -----------------------------------------------------------------------------------------------
    def condition(
        self, right: Right, obj: Object, table: FromClause, walking: bool = False
    ) -> ColumnElement[bool] | None:
        """The condition on a row, or (`walking`) on the rows of a list; None where every row fulfils it."""
        found = self.grounds(right, obj)
        within = self.within(obj, table)
        if any(each.always for each in found):
            return within
        one = grounds.either([((each.walks if walking else None) or each.holds)(table) for each in found])
        return one if within is None else and_(within, one)

    def among(self, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """The same for reading live rows, as a search that begins with what each ground finds."""
        ids = self.ids(obj, live=True)
        return None if ids is None else OneOf(table.c.id, select(ids.c.id))

    def ids(self, obj: Object, right: Right = "read", live: bool = False) -> CTE | None:
        """The ids of the rows that each ground finds, some of them more than once; None where that is every row.

        It has a name in the statement, and stands there once however often children look at it. `live` leaves out
        what is in the recycle bin.
        """
        key = right, obj.name, live
        if key not in self._ids:
            found = self.grounds(right, obj)
            everything = any(each.always for each in found) and obj.name not in self._partitioned()
            name = f"{'live_' if live else ''}{right}_{obj.name}"
            self._ids[key] = None if everything else self._union(obj, found, live).cte(name)
        return self._ids[key]

    def _union(
        self, obj: Object, found: Sequence[Ground], live: bool
    ) -> Select[tuple[str]] | CompoundSelect[tuple[str]]:
        parts = [self._found(obj, each, deleted) for each in found for deleted in ((False,) if live else (False, True))]
        if not parts:
            table = self.runtime.storage.tables[obj.name].table.alias()
            return select(table.c.id).where(false())
        return parts[0] if len(parts) == 1 else union_all(*parts)

    def _found(self, obj: Object, ground: Ground, deleted: bool) -> Select[tuple[str]]:
        """What a ground finds of the live rows, or of the others: each have indexes of their own."""
        table = self.runtime.storage.tables[obj.name].table.alias()
        within = self.within(obj, table)
        kept = table.c.deleted_at.is_not(None) if deleted else table.c.deleted_at.is_(None)
        return select(table.c.id).where(kept, ground.finds(table), *([within] if within is not None else []))

    def _partitioned(self) -> set[str]:
        return {name for each in self.model.rights.partitions.values() for name in each.fields}

    def probed(self, unit: Unit, obj: Object) -> Probed:
        """What a probe found out about the rows of an object that may be read, as far as the last one knows."""
        known = self._probed.get(obj.name)
        if known is None or unit.now - known[0] > PROBED_FOR:
            ids = self.ids(obj, live=True)
            table = self.runtime.storage.tables[obj.name].table
            narrowed = self.condition("read", obj, table) is not None
            found = probe(unit, table, None if ids is None else select(ids.c.id), narrowed)
            known = self._probed[obj.name] = (unit.now, found)
        return known[1]

    def within(self, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """The condition of the object's partition; None where the person is not kept to a segment of it."""
        partition = self.model.rights.partition_of(obj.name)
        rights = self.granted.rights(obj.name)
        if partition is None or "modify_all" in rights or self.crosses(partition.across):
            return None
        column = self._column(obj, table, partition.fields[obj.name])
        return or_(column.is_(None), self._of_segment(partition, column))

    def _of_segment(self, partition: Partition, column: ColumnElement[str]) -> ColumnElement[bool]:
        if not self.holder.named(f"segment:{partition.name}"):
            return false()
        return column.in_(person.several(self.holder, "segment", partition.name))

    def crosses(self, roles: frozenset[str]) -> bool:
        """Whether the person holds one of `roles`."""
        return any(each.name in roles for each in self.holder.roles)

    def _column(self, obj: Object, table: FromClause, field: str, part: int = 0) -> ColumnElement[str]:
        return table.c[self.runtime.storage.tables[obj.name].parts[field][part].key]

    # -- grounds --------------------------------------------------------------------------------------------------
    def grounds(self, right: Right, obj: Object) -> tuple[Ground, ...]:
        """Every ground that the person has for `right` on records of `obj`."""
        key = right, obj.name
        found = self._grounds.get(key)
        if found is None:
            found = self._grounds[key] = tuple(self._all(right, obj))
        return found

    def _all(self, right: Right, obj: Object) -> Iterator[Ground]:
        rights = self.granted.rights(obj.name)
        if obj.name == SELF and right == "read" and self.holder.user_id:
            yield grounds.themselves(person.one(self.holder))
        if right not in rights:
            return
        if "modify_all" in rights or ("view_all" in rights and right == "read"):
            yield grounds.everybody(msg("A permission set gives them every record."))
            return
        default = obj.access.get("default", "private")
        if default == "write" and right in ("read", "edit"):
            yield grounds.everybody(msg("Everybody with the right may change every record."))
        if default == "read" and right == "read":
            yield grounds.everybody(msg("Everybody with the right sees every record."))
        yield from self._scopes(right, obj)
        yield from self._rules(right, obj)
        yield from shared(self, right, obj)
        if default == "by_parent":
            yield from self._parents(right, obj)

    def _scopes(self, right: Right, obj: Object) -> Iterator[Ground]:
        """What the data scopes of the person's roles cover; what they own in any case, unless a role says none."""
        scopes = [(role, role.scope(obj.name, right)) for role in self.holder.roles]
        owned = obj.owner != "none" and bool(self.holder.user_id)
        if owned and (not scopes or any(scope.when is not None or scope.reach != "none" for _, scope in scopes)):
            yield grounds.owner(person.one(self.holder))
        for role, scope in scopes:
            if scope.when is not None:
                yield self._formula(role, obj, scope.when)
            elif scope.reach == "all":
                yield grounds.everybody(msg("The role {role} covers all records.", role=role.label))
            elif scope.reach == "segment":
                yield from self._segment(role, obj)
            elif owned:
                yield from self._place(role, scope)

    def _place(self, role: Role, scope: DataScope) -> Iterator[Ground]:
        """What people below, or in the same department, own."""
        groups: grounds.Groups
        match scope.reach:
            case "own_and_subordinates":
                groups = person.several(self.holder, "below")
                said = msg("The owner reports to them (role {role}).", role=role.label)
                otherwise = msg("The owner does not report to them (role {role}).", role=role.label)
            case "own_and_roles_below":
                groups = [f"role:{each}" for each in sorted(self.model.rights.below(role.name))]
                said = msg("The owner holds a role below {role}.", role=role.label)
                otherwise = msg("The owner holds no role below {role}.", role=role.label)
            case "department":
                groups = person.several(self.holder, "department")
                said = msg("The owner is of their department (role {role}).", role=role.label)
                otherwise = msg("The owner is not of their department (role {role}).", role=role.label)
            case "department_and_below":
                groups = person.several(self.holder, "within")
                said = msg("The owner is of their department or one below it (role {role}).", role=role.label)
                otherwise = msg(
                    "The owner is not of their department, nor of one below it (role {role}).", role=role.label
                )
            case _:
                return
        if groups if isinstance(groups, list) else groups.value:
            yield grounds.owned_within(scope.reach, said, otherwise, groups, self.small_circle)

    def _segment(self, role: Role, obj: Object) -> Iterator[Ground]:
        partition = self.model.rights.partition_of(obj.name)
        if partition is None:
            return
        field = partition.fields[obj.name]
        yield grounds.plain(
            "segment",
            msg("It is of their segment (role {role}).", role=role.label),
            msg("It is not of their segment (role {role}).", role=role.label),
            lambda table: self._of_segment(partition, self._column(obj, table, field)),
        )

    # -- sharing rules --------------------------------------------------------------------------------------------
    def _rules(self, right: Right, obj: Object) -> Iterator[Ground]:
        for rule in self.model.rights.sharing_rules.get(obj.name, ()):
            if self.applies(rule, right):
                said = msg("The sharing rule {rule} opens it.", rule=rule.label or rule.name)
                otherwise = msg(
                    "The sharing rule {rule} is for them, but not for this record.", rule=rule.label or rule.name
                )
                yield Ground("rule", said, otherwise, *self.opened_by(rule), formula=_asked_by(rule))
        for rules in self.model.rights.sharing_rules.values():
            for rule in rules:
                for child, lookup in rule.also:
                    if child == obj.name and self.applies(rule, right):
                        yield self._opened_with(rule, obj, lookup)

    def applies(self, rule: SharingRule, right: Right) -> bool:
        """Whether a rule is for the person, in force, and gives the right."""
        covered = right == "read" or (right == "edit" and rule.level == "edit")
        running = rule.until is None or rule.until >= self.today
        return covered and running and not self.holder.groups.isdisjoint(map(group_of, rule.to))

    def opened_by(self, rule: SharingRule) -> tuple[Condition, Condition]:
        """The condition of a rule for judging rows, and for finding them."""
        obj = self.model.objects[rule.object]
        owners = [group_of(each) for each in rule.owned_by]

        def holds(table: FromClause) -> ColumnElement[bool]:
            parts = [grounds.owned(table, owners)] if owners else []
            return and_(true(), *parts, *([self.asks(obj, table, rule.when)] if rule.when is not None else []))

        def finds(table: FromClause) -> ColumnElement[bool]:
            parts = [grounds.owned_by_one_of(table, owners)] if owners else []
            return and_(true(), *parts, *([self.searches(obj, table, rule.when)] if rule.when is not None else []))

        return holds, finds

    def _opened_with(self, rule: SharingRule, obj: Object, lookup: str) -> Ground:
        """Children that a rule opens with their parent."""
        above = self.runtime.storage.tables[rule.object].table
        holds, finds = self.opened_by(rule)

        def judged(table: FromClause) -> ColumnElement[bool]:
            parent = above.alias()
            mine = and_(parent.c.id == self._column(obj, table, lookup), holds(parent))
            return exists(select(literal(1)).select_from(parent).where(mine).correlate(table))

        def found(table: FromClause) -> ColumnElement[bool]:
            parent = above.alias()
            return self._column(obj, table, lookup).in_(select(parent.c.id).where(finds(parent)))

        said = msg("The sharing rule {rule} opens it with its parent.", rule=rule.label or rule.name)
        otherwise = msg("The sharing rule {rule} is for them, but not for its parent.", rule=rule.label or rule.name)
        return Ground("rule", said, otherwise, judged, found, formula=_asked_by(rule))

    # -- formulas and parents -------------------------------------------------------------------------------------
    def _formula(self, role: Role, obj: Object, formula: Formula) -> Ground:
        said = msg("The scope of the role {role} covers it.", role=role.label)
        otherwise = msg("The scope of the role {role} does not cover it.", role=role.label)

        def asked(table: FromClause) -> ColumnElement[bool]:
            return self.asks(obj, table, formula)

        def found(table: FromClause) -> ColumnElement[bool]:
            return self.searches(obj, table, formula)

        return Ground("scope", said, otherwise, asked, found, formula=(obj.name, formula))

    def asks(self, obj: Object, table: FromClause, formula: Formula) -> ColumnElement[bool]:
        """A formula over the rows of `table`; a look at each row's own parents where it reads these."""
        scope, condition = self._asked(obj, table, formula)
        if scope.table is table:
            return condition
        asked = select(literal(1)).select_from(scope.source).where(scope.table.c.id == table.c.id, condition)
        return exists(asked.correlate(table))

    def searches(self, obj: Object, table: FromClause, formula: Formula) -> ColumnElement[bool]:
        """The same as a search, which may begin with the parents."""
        scope, condition = self._asked(obj, table, formula)
        if scope.table is table:
            return condition
        return table.c.id.in_(select(scope.table.c.id).select_from(scope.source).where(condition))

    def _asked(self, obj: Object, table: FromClause, formula: Formula) -> tuple[Scope, ColumnElement[bool]]:
        """A formula over the rows of `table`, or over an alias with what it reads of parents joined to it."""
        here = Scope(self.runtime, EVERYTHING, obj, self.terms, table=table)
        condition = condition_of(here, formula, self.terms)
        if here.source is table:
            return here, condition
        inner = self.runtime.storage.tables[obj.name].table.alias()
        scope = Scope(self.runtime, EVERYTHING, obj, self.terms, table=inner)
        return scope, condition_of(scope, formula, self.terms)

    def _parents(self, right: Right, obj: Object) -> Iterator[Ground]:
        field = obj.fields.get(str(obj.access.get("parent", "")))
        of_parent = _OF_PARENT.get(right)
        if field is None or of_parent is None:
            return
        for name in field.targets:
            target = self.model.objects[name]
            if self.granted.may(of_parent, target):
                yield self._parent(of_parent, obj, field.name, target)

    def _parent(self, right: Right, obj: Object, lookup: str, target: Object) -> Ground:
        """What stands below a record that they may see, or change."""
        above = self.runtime.storage.tables[target.name].table
        several = len(obj.fields[lookup].targets) > 1

        def leads(table: FromClause) -> list[ColumnElement[bool]]:
            return [self._column(obj, table, lookup, 1) == target.name] if several else []

        def judged(table: FromClause) -> ColumnElement[bool]:
            parent = above.alias()
            condition = self.condition(right, target, parent)
            mine = parent.c.id == self._column(obj, table, lookup)
            asked = select(literal(1)).select_from(parent).where(mine, *([condition] if condition is not None else []))
            return and_(true(), *leads(table), exists(asked.correlate(table)))

        def found(table: FromClause) -> ColumnElement[bool]:
            ids, column = self.ids(target, right), self._column(obj, table, lookup)
            return and_(true(), *leads(table), column.is_not(None) if ids is None else column.in_(select(ids.c.id)))

        said = {
            "read": msg("They see the {object} that it belongs to.", object=target.label),
            "edit": msg("They may change the {object} that it belongs to.", object=target.label),
        }
        otherwise = {
            "read": msg("They do not see the {object} that it belongs to, if it belongs to one.", object=target.label),
            "edit": msg(
                "They may not change the {object} that it belongs to, if it belongs to one.", object=target.label
            ),
        }
        return Ground("parent", said[right], otherwise[right], judged, found)


def _asked_by(rule: SharingRule) -> tuple[str, Formula] | None:
    return None if rule.when is None else (rule.object, rule.when)


def group_of(people: str) -> str:
    """The group of `dg_membership` for whom a rule names."""
    kind, _, name = people.partition(":")
    return f"within:{name}" if kind == "department_and_below" else people
