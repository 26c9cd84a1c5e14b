"""From a row of SQL values to the values of records: what each asked column takes from the row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, literal, select

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine.dialects.among import among
from dougong.engine.dialects.asking import Rows
from dougong.engine.reading.paths import ResolvedPath
from dougong.engine.reading.prepared import prepared
from dougong.engine.reading.scope import Scope

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Read = Callable[[Sequence[Any]], Any]
Fill = Callable[[Sequence[str], list[tuple[Any, ...]]], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Layout:
    """The SELECT list of a query: `columns`, one reader per asked path, and which of them need a second look.

    `linked` are positions of many-to-many columns, `open_ended` those of references to several objects.
    """

    columns: tuple[ColumnElement[Any], ...]
    readers: tuple[Read, ...]
    linked: tuple[tuple[int, ResolvedPath], ...]
    open_ended: tuple[int, ...]

    def values(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """The values of one row."""
        return tuple([read(row) for read in self.readers])


def lay_out(scope: Scope, paths: Sequence[ResolvedPath], start: int) -> Layout:
    """Place the physical columns of `paths` in a row whose first `start` values are taken."""
    columns: list[ColumnElement[Any]] = []
    readers: list[Read] = []
    linked: list[tuple[int, ResolvedPath]] = []
    open_ended: list[int] = []
    for path in paths:
        at = start + len(columns)
        field = path.field
        if not field.type.stored:
            only_here(path)
            linked.append((len(readers), path))
            readers.append(lambda row: ())
        elif path.attribute or path.aspect:
            columns.append(_aspect(scope, path))
            readers.append(_attributes(path, at) if path.attribute else _plain(at))
        elif field.type.refers and len(field.targets) == 1:
            columns.append(scope.parts(path)[0])
            title = scope.title((*path.steps, field))
            if title is not None:
                columns.append(title)
            readers.append(_reference(field.targets[0], at, title is not None))
        else:
            parts = scope.parts(path)
            columns.extend(parts)
            if field.type.refers:
                open_ended.append(len(readers))
            readers.append(_plain(at) if field.type.plain else _parts(path, at, len(parts)))
    return Layout(tuple(columns), tuple(readers), tuple(linked), tuple(open_ended))


def only_here(path: ResolvedPath) -> None:
    """Check that a field without columns is one of the record itself.

    Raises:
        BadRequest: lookups lead to it.
    """
    if path.steps and not path.field.type.stored:
        raise BadRequest(
            Problem(
                code="path-refused",
                thing=path.text,
                place=Place(field=path.text),
                reason=msg("{label} cannot be shown through a lookup.", label=path.field.label),
            )
        )


def _aspect(scope: Scope, path: ResolvedPath) -> ColumnElement[Any]:
    return scope.parts(path)[0] if path.attribute else scope.value(path)


def _plain(at: int) -> Read:
    return lambda row: row[at]


def _parts(path: ResolvedPath, at: int, count: int) -> Read:
    field, end = path.field, at + count
    return lambda row: field.type.from_row(field, row[at:end])


def _attributes(path: ResolvedPath, at: int) -> Read:
    values = path.field.picklist.values if path.field.picklist else {}
    known = {name: each.attributes.get(path.attribute or "") for name, each in values.items()}
    return lambda row: known.get(row[at])


def _reference(target: str, at: int, titled: bool) -> Read:
    if titled:
        return lambda row: None if row[at] is None else Reference(target, row[at], row[at + 1] or "")
    return lambda row: None if row[at] is None else Reference(target, row[at])


def titles(unit: Unit, references: Mapping[str, set[str]]) -> dict[tuple[str, str], str]:
    """The titles of records of several objects that the actor may see: one statement per object."""
    found: dict[tuple[str, str], str] = {}
    for name, ids in references.items():
        obj = unit.runtime.model.objects.get(name)
        if obj is None:
            continue
        statement = prepared(
            unit.runtime,
            ("titles", name, unit.access.shape),
            lambda name=name: _titles(unit, name),  # type: ignore[misc]
        )
        if statement is not None:
            for record_id, title in unit.ask(statement, {"ids": sorted(ids), **unit.access.parameters}):
                found[name, record_id] = title or ""
    return found


def _titles(unit: Unit, name: str) -> Any:
    scope = Scope(unit.runtime, unit.access, unit.runtime.model.objects[name])
    title = scope.title(())
    shown = title if title is not None else literal("", Text)
    visible = unit.access.visible("read", scope.object, scope.table)
    conditions = [among(scope.table.c.id, "ids")]
    return select(scope.table.c.id, shown).where(and_(*conditions, *([visible] if visible is not None else [])))


def name_open_ended(unit: Unit, layout: Layout, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Give references to several objects their titles."""
    wanted: dict[str, set[str]] = {}
    for values in rows:
        for at in layout.open_ended:
            if values[at] is not None:
                wanted.setdefault(values[at].object, set()).add(values[at].id)
    if not wanted:
        return rows
    known = titles(unit, wanted)
    named: list[tuple[Any, ...]] = []
    for values in rows:
        changed = list(values)
        for at in layout.open_ended:
            if changed[at] is not None:
                changed[at] = replace(changed[at], title=known.get((changed[at].object, changed[at].id), ""))
        named.append(tuple(changed))
    return named


def ask_linked(unit: Unit, layout: Layout, ids: Sequence[str]) -> Fill:
    """Ask for what the many-to-many columns of the records `ids` refer to: one statement per such column.

    What this gives puts the references into the rows of `ids`, or of some of them.
    """
    asked = [(at, path, _ask_linked(unit, path, ids)) for at, path in layout.linked if ids]

    def fill(ids: Sequence[str], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        if not asked:
            return rows
        filled = [list(values) for values in rows]
        for at, path, result in asked:
            found: dict[str, list[Reference]] = {}
            for source, target, title in result:
                found.setdefault(source, []).append(Reference(path.field.targets[0], target, title or ""))
            for values, record_id in zip(filled, ids, strict=True):
                values[at] = tuple(found.get(record_id, ()))
        return [tuple(values) for values in filled]

    return fill


def _ask_linked(unit: Unit, path: ResolvedPath, ids: Sequence[str]) -> Rows:
    alone = len(ids) == 1
    key = "linked", path.field.address, alone, unit.access.shape
    statement = prepared(unit.runtime, key, lambda: _linked(unit, path, alone))
    return unit.ask(statement, {"ids": ids[0] if alone else list(ids), **unit.access.parameters})


def _linked(unit: Unit, path: ResolvedPath, alone: bool) -> Select[Any]:
    """The links of one record, or of several: PostgreSQL takes an array to be of ten, and reads the whole table."""
    link = unit.runtime.storage.links[path.field.address]
    scope = Scope(unit.runtime, unit.access, unit.runtime.model.objects[path.field.targets[0]])
    title = scope.title(())
    visible = unit.access.visible("read", scope.object, scope.table)
    rows = link.table.alias("l")
    source = rows.c[link.source.key]
    shown = title if title is not None else literal("", Text)
    return (
        select(source, scope.table.c.id, shown)
        .select_from(rows.join(scope.table, rows.c[link.target.key] == scope.table.c.id))
        .where(
            source == bindparam("ids", type_=source.type) if alone else among(source, "ids"),
            scope.table.c.deleted_at.is_(None),
            *([rows.c.deleted_at.is_(None)] if "deleted_at" in rows.c else []),
            *([visible] if visible is not None else []),
        )
        .order_by(shown, scope.table.c.id)
    )
