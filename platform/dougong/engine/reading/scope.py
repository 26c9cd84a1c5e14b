"""The FROM of a query: the object's table and one join per lookup that a path follows.

A joined record that the actor may not see joins as nothing: its fields read as blank, in columns, filters and sorts
alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, select

from dougong.engine.access import Access
from dougong.engine.expressions import InPlace
from dougong.engine.reading.computed import Terms, condition_of, expressed
from dougong.engine.reading.counted import counted, is_counted
from dougong.engine.reading.keyset import Key
from dougong.engine.reading.paths import ResolvedPath, resolve
from dougong.engine.runtime import Runtime
from dougong.formulas import Formula
from dougong.metadata.model import Field, Object


class Scope:
    """Collects the joins that the paths of one query need."""

    def __init__(
        self,
        runtime: Runtime,
        access: Access,
        obj: Object,
        terms: Terms | None = None,
        few: bool = False,
        table: FromClause | None = None,
    ) -> None:
        """Start at the records of `obj`; formula fields are computed on `terms`.

        `few`: the actor sees so few of them that the search begins with those. `table` is the alias to start at, for
        a condition within another query: then the tables joined get names that are nobody else's.
        """
        self.terms = terms
        self.runtime, self.access, self.object = runtime, access, obj
        self.records = runtime.storage.tables[obj.name]
        self.few, self._within = few, table is not None
        self.table: FromClause = runtime.storage.alias(obj.name, "t") if table is None else table
        self._joined: dict[tuple[str, ...], tuple[Object, FromClause]] = {(): (obj, self.table)}
        self._aliases: dict[tuple[str, ...], FromClause] = {}
        self._expressed: dict[tuple[str, ...], tuple[ColumnElement[Any], ...]] = {}
        self.source: FromClause = self.table
        self.walks = False
        """True where the records are read in the order of one of their own indexes, a page at a time."""

    def fork(self) -> Scope:
        """A scope that begins with the joins of this one and may add its own; both name the same tables alike."""
        forked = copy(self)
        forked._joined = dict(self._joined)
        forked._expressed = dict(self._expressed)
        return forked

    def path(self, text: str) -> ResolvedPath:
        """The path resolved for this query's object and actor."""
        return resolve(self.runtime.model, self.access, self.object, text)

    def place(self, prefix: Sequence[Field]) -> tuple[Object, FromClause]:
        """The object and table reached by following lookups, joined on first use."""
        names = tuple(step.name for step in prefix)
        known = self._joined.get(names)
        if known:
            return known
        obj, table = self.place(prefix[:-1])
        step = prefix[-1]
        target = self.runtime.model.objects[step.targets[0]]
        alias = self._alias(names, target)
        condition = alias.c.id == self._part(obj, table, step.name)
        visible = self.access.visible("read", target, alias)
        if visible is not None:
            condition = and_(condition, visible)
        self.source = self.source.outerjoin(alias, condition)
        self._joined[names] = (target, alias)
        return target, alias

    def _alias(self, names: tuple[str, ...], target: Object) -> FromClause:
        known = self._aliases.get(names)
        if known is None:
            if self._within:
                known = self.runtime.storage.tables[target.name].table.alias()
            else:
                known = self.runtime.storage.alias(target.name, f"j{len(self._aliases) + 1}")
            self._aliases[names] = known
        return known

    def _part(self, obj: Object, table: FromClause, name: str) -> ColumnElement[Any]:
        return table.c[self.runtime.storage.tables[obj.name].parts[name][0].key]

    def parts(self, path: ResolvedPath) -> tuple[ColumnElement[Any], ...]:
        """The physical columns of the path's field where it was reached, of one without columns what computes them."""
        if path.field.type.virtual:
            return self._computed(path)
        obj, table = self.place(path.steps)
        return tuple(table.c[part.key] for part in self.runtime.storage.tables[obj.name].parts[path.field.name])

    def _computed(self, path: ResolvedPath) -> tuple[ColumnElement[Any], ...]:
        key = (*path.prefix, path.field.name)
        found = self._expressed.get(key)
        if found is None:
            found = self._expressed[key] = (counted if is_counted(path.field) else expressed)(self, path)
        return found

    def below(self, name: str) -> Scope:
        """A scope over the records of another object, for a query within this one: same actor, same terms."""
        obj, table = self.runtime.model.objects[name], self.runtime.storage.tables[name].table.alias()
        return Scope(self.runtime, self.access, obj, self.terms, table=table)

    def fulfils(self, formula: Formula) -> ColumnElement[bool]:
        """True for the records for which a formula of the metadata is true."""
        if self.terms is None:
            raise LookupError("formulas cannot be computed here")
        return condition_of(self, formula, self.terms)

    def compared(self, path: ResolvedPath) -> tuple[ColumnElement[Any], ...]:
        """The columns of `parts` as a condition takes them."""
        columns = self.parts(path)
        if not (self.walks and path.steps) or path.field.type.virtual:
            return columns
        obj, _ = self.place(path.steps)
        indexed = {index.columns[0].key for index in self.runtime.storage.tables[obj.name].table.indexes}
        return tuple(column if column.key in indexed else InPlace(column) for column in columns)

    def value(self, path: ResolvedPath) -> ColumnElement[Any]:
        """One SQL value for sorting, grouping and measuring."""
        columns = self.parts(path)
        if path.attribute is not None:
            values = path.field.picklist.values.values() if path.field.picklist else ()
            known = {
                each.value: each.attributes[path.attribute] for each in values if path.attribute in each.attributes
            }
            return case(known, value=columns[0]) if known else case((columns[0].is_(None), None))
        if path.aspect == "currency":
            return self.currency(path)
        if path.aspect == "company":
            return columns[1]
        return path.field.type.sort_keys(path.field, columns)[0]

    def currency(self, path: ResolvedPath) -> ColumnElement[Any]:
        """The currency code of the record that holds a money field; blank for the company's own."""
        obj, table = self.place(path.steps)
        while obj.currency.mode == "parent" and obj.master is not None:
            obj, table = self.place((*path.steps, obj.master))
        parts = self.runtime.storage.tables[obj.name].parts
        return table.c[parts["currency"][0].key] if "currency" in parts else case((table.c.id.is_(None), None))

    def title(self, prefix: Sequence[Field]) -> ColumnElement[Any] | None:
        """The title column of the record that lookups lead to; None where it may not be read."""
        obj, table = self.place(prefix)
        title = obj.fields[obj.title]
        if not self.access.may_field("read", obj, title):
            return None
        return self._part(obj, table, obj.title)

    def sort_keys(self, path: ResolvedPath, descending: bool) -> list[Key]:
        """The levels of an ORDER BY over a path; a lookup sorts by the title of what it names."""
        if path.attribute or path.aspect:
            return [Key(self.value(path), descending, True)]
        if path.field.type.refers and len(path.field.targets) == 1 and path.field.type.stored:
            steps = (*path.steps, path.field)
            target, _ = self.place(steps)
            return self.sort_keys(
                ResolvedPath(text=path.text, steps=steps, field=target.fields[target.title]), descending
            )
        if path.field.type.virtual:
            return self._computed_keys(path, descending)
        obj, table = self.place(path.steps)
        records = self.runtime.storage.tables[obj.name]
        key = records.sort_key(path.field.name)
        if key is not None:
            return [Key(table.c[key.key], descending, bool(path.steps) or bool(key.nullable))]
        columns = self.parts(path)
        nullable = bool(path.steps) or any(bool(part.nullable) for part in records.parts[path.field.name])
        return [Key(each, descending, nullable) for each in path.field.type.sort_keys(path.field, columns)]

    def _computed_keys(self, path: ResolvedPath, descending: bool) -> list[Key]:
        """Values in their order, then blanks, then errors."""
        columns = self.parts(path)
        error = path.field.type.error(columns)
        keys = [Key(each, descending, True) for each in path.field.type.sort_keys(path.field, columns)]
        # Blank where there is an error, so that errors come last whatever the direction.
        return keys if error is None else [*keys, Key(case((error.is_not(True), 0)), descending, True)]

    def rows(self, deleted: str, lifecycle: str = "any") -> list[ColumnElement[bool]]:
        """Which records the query is about, before its filter: those the actor may see.

        A search that begins with few records begins with live ones.
        """
        found: list[ColumnElement[bool]] = []
        if deleted == "live":
            found.append(self.table.c.deleted_at.is_(None))
        elif deleted == "bin":
            found.append(self.table.c.deleted_at.is_not(None))
        if lifecycle == "effective" and self.object.effective:
            found.append(self.table.c.life_status.in_(("effective", "in_change")))
        visible = self.access.listed(self.object, self.table, self.few and deleted == "live")
        if visible is not None:
            found.append(visible)
        return found

    def select(self, columns: Sequence[ColumnElement[Any]], where: Sequence[ColumnElement[bool]]) -> Select[Any]:
        """The statement over everything joined so far."""
        return select(*columns).select_from(self.source).where(*where)
