"""Filters to SQL conditions: paths resolved, operators checked, operands read, all mistakes at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, not_, or_, select, true

from dougong.base.errors import BadRequest, FormulaError, Place, Problem
from dougong.base.field_types import Reading, ValueRefused
from dougong.base.language import msg
from dougong.engine.fields.dates import Span
from dougong.engine.fields.operators import BELOW, VALID
from dougong.engine.query import All, Condition, Either, Filter, Holds, Not, Written
from dougong.engine.reading.computed import condition_of, holds
from dougong.engine.reading.paths import ResolvedPath
from dougong.engine.reading.scope import Scope
from dougong.formulas import Formula

PLACEHOLDERS = ("$me", "$my_team", "$my_queues")
"""Operands that stand for users: the actor; the actor and all who report to the actor; the queues they take from."""

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Whom ``$me`` means where the platform itself asks: no record is theirs."""

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": lambda a, b: a == b,
    "is_not": lambda a, b: a != b,
    "in": lambda a, b: a in b,
    "not_in": lambda a, b: a not in b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}
"""How picklist attributes compare; they are few, so it is decided here and not in SQL."""


class ConditionCompiler:
    """Compiles the filter of one query over its `Scope`."""

    def __init__(
        self,
        scope: Scope,
        reading: Reading,
        people: Callable[[str], tuple[str, ...]],
        formula: Callable[[str], Formula],
    ) -> None:
        """Read operands as `reading` says; `people` gives the user ids that a placeholder stands for.

        `formula` reads a text as a condition over the records of the scope.
        """
        self.scope, self.reading, self.people, self.formula = scope, reading, people, formula
        self.problems: list[Problem] = []

    def compile(self, found: Filter | None) -> ColumnElement[bool] | None:
        """The condition; None for no filter.

        Raises:
            BadRequest: every unknown field, operator and operand of the filter, and every mistake of its formulas.
            FormulaError: the formula of a lookup's filter has no SQL.
        """
        if found is None:
            return None
        condition = self._compile(found)
        if self.problems:
            raise BadRequest(self.problems)
        return condition

    def _compile(self, found: Filter) -> ColumnElement[bool]:
        match found:
            case All(parts):
                return and_(true(), *(self._compile(part) for part in parts))
            case Either(parts):
                return or_(false(), *(self._compile(part) for part in parts))
            case Not(part):
                return not_(self._compile(part))
            case Holds():
                return holds(self.scope, found)
            case Written(text):
                return self._written(text)
            case Condition():
                try:
                    return self._condition(found)
                except BadRequest as error:
                    self.problems.extend(error.problems)
                except ValueRefused as refused:
                    self.problems.append(
                        Problem(
                            code=refused.code,
                            thing="filter",
                            place=Place(field=found.field),
                            reason=refused.reason,
                            fix=refused.fix,
                        )
                    )
                return true()

    def _written(self, text: str) -> ColumnElement[bool]:
        if self.scope.terms is None:
            raise LookupError("formulas cannot be computed here")
        try:
            return condition_of(self.scope, self.formula(text), self.scope.terms)
        except (BadRequest, FormulaError) as error:
            self.problems.extend(error.problems)
            return true()

    def _condition(self, found: Condition) -> ColumnElement[bool]:
        path = self.scope.path(found.field)
        if path.attribute is not None:
            return self._attribute(path, found)
        field = path.field
        self._known_operator(path, found)
        operand = field.type.operand(field, found.op, self._people(found.value), self.reading)
        if not field.type.stored:
            return self._linked(path, found.op, operand)
        if found.op == BELOW.name and field.options.get("tree"):
            return self._below(path, operand)
        if found.op == VALID.name:
            return self._valid(path, found, operand)
        columns = self.scope.compared(path)
        if path.aspect == "currency":
            columns = (self.scope.currency(path),)
        elif path.aspect == "company":
            columns = (columns[1], *columns[1:])
        return field.type.condition(field, columns, found.op, operand)

    def _known_operator(self, path: ResolvedPath, found: Condition) -> None:
        names = [each.name for each in path.field.type.operators(path.field)]
        if found.op in names:
            return
        near = difflib.get_close_matches(found.op, names, n=1, cutoff=0.4)
        raise BadRequest(
            Problem(
                code="operator-unknown",
                thing="filter",
                place=Place(field=found.field),
                reason=msg("{label} cannot be filtered with {op}.", label=path.field.label, op=found.op),
                fix=msg("Did you mean {near}?", near=near[0])
                if near
                else msg("It offers {names}.", names=", ".join(names)),
            )
        )

    def _people(self, value: Any) -> Any:
        if isinstance(value, str):
            if value == "$me":
                return next(iter(self.people("$me")), NOBODY)
            return self.people(value) if value in PLACEHOLDERS else value
        if isinstance(value, tuple):
            flat: list[Any] = []
            for item in value:
                flat.extend(self.people(item) if isinstance(item, str) and item in PLACEHOLDERS else [item])
            return tuple(flat)
        return value

    def _attribute(self, path: ResolvedPath, found: Condition) -> ColumnElement[bool]:
        """A condition over a picklist's attribute is one over the values that carry it."""
        compare = _COMPARE.get(found.op)
        if compare is None:
            raise BadRequest(
                Problem(
                    code="operator-unknown",
                    thing="filter",
                    place=Place(field=found.field),
                    reason=msg("{label} cannot be filtered with {op}.", label=path.field.label, op=found.op),
                    fix=msg("It offers {names}.", names=", ".join(_COMPARE)),
                )
            )
        column = self.scope.parts(path)[0]
        picklist, attribute = path.field.picklist, path.attribute or ""
        chosen = [
            each.value
            for each in (picklist.values.values() if picklist else ())
            if attribute in each.attributes and _compares(compare, each.attributes[attribute], found.value)
        ]
        return and_(column.is_not(None), column.in_(chosen))

    def _below(self, path: ResolvedPath, top: str) -> ColumnElement[bool]:
        """The record that the path names is `top`, or stands below it in the tree of its object."""
        objects, field = self.scope.runtime.model.objects, path.field
        name = field.targets[0] if field.type.refers else path.steps[-1].targets[0] if path.steps else field.object
        records = self.scope.runtime.storage.tables[name]
        table = records.table.alias()
        parent = table.c[records.parts[objects[name].hierarchy or ""][0].key]
        tree = select(records.table.c.id).where(records.table.c.id == top).cte(recursive=True)
        tree = tree.union(select(table.c.id).where(parent == tree.c.id, table.c.deleted_at.is_(None)))
        return self.scope.compared(path)[0].in_(select(tree.c.id))

    def _valid(self, path: ResolvedPath, found: Condition, days: Span) -> ColumnElement[bool]:
        """The record is valid on one of `days`: blank ends are open, the last day counts."""
        prefix = found.field.rpartition(".")[0]
        until = self.scope.path(".".join(filter(None, (prefix, path.field.options["valid_until"]))))
        start, end = self.scope.compared(path)[0], self.scope.compared(until)[0]
        return and_(or_(start.is_(None), start < days.end), or_(end.is_(None), end >= days.start))

    def _linked(self, path: ResolvedPath, op: str, operand: Any) -> ColumnElement[bool]:
        """A many-to-many link holds when one of the linked records fits."""
        link = self.scope.runtime.storage.links[path.field.address]
        _, table = self.scope.place(path.steps)
        rows = link.table.alias()
        joined = rows.c[link.source.key] == table.c.id
        if "deleted_at" in rows.c:
            joined = and_(joined, rows.c.deleted_at.is_(None))
        if op in ("blank", "not_blank"):
            some = exists().where(joined)
            return not_(some) if op == "blank" else some
        negative = {"is_not": "is", "not_in": "in", "excludes": "includes"}.get(op)
        fits = path.field.type.condition(path.field, (rows.c[link.target.key],), negative or op, operand)
        some = exists().where(joined, fits)
        return not_(some) if negative else some


def _compares(compare: Callable[[Any, Any], bool], attribute: Any, value: Any) -> bool:
    """Compare an attribute with an operand of the filter, numbers as numbers."""
    try:
        if isinstance(attribute, Decimal):
            value = tuple(map(Decimal, map(str, value))) if isinstance(value, tuple) else Decimal(str(value))
        return compare(attribute, value)
    except (ArithmeticError, TypeError):
        return False
