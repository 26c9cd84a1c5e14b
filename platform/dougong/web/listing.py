"""A list, ready to show: its columns, its rows as HTML, its count and totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from dougong.base.language import msg
from dougong.engine.fields.masked import is_masked
from dougong.engine.query import Counted, Page, Query, Row
from dougong.engine.reading.paths import ResolvedPath, resolve, usable
from dougong.engine.record_locks import RecordLock, locks_on
from dougong.metadata.model import ListColumn, Object
from dougong.web import buttons
from dougong.web.composer import tables
from dougong.web.composer.columns import Column
from dougong.web.composer.columns import columns as make_columns
from dougong.web.list_state import ListState
from dougong.web.sentences import path_label
from dougong.web.visit import Visit

COUNT_CAP = 1000
"""Lists count no further unless asked: past it nobody needs the exact number to work."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column as the page shows it. `sorted` is "ascending", "descending" or ""."""

    column: Column
    label: str
    url: str
    sorted: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A list of certain columns in one language: which paths to read, and the template of its rows.

    `changes` is the object whose records are changed in the list, in their place or many at once; None elsewhere.
    """

    columns: tuple[Column, ...]
    paths: tuple[str, ...]
    template: Template
    currency_at: int | None
    changes: Object | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of a list."""

    page: Page
    counted: Counted
    rows: Markup
    heads: tuple[Head, ...]
    totals: tuple[str, ...] | None


def prepare(
    visit: Visit, obj: Object, asked: Sequence[ListColumn], selectable: bool = True, leads: bool = True
) -> Prepared:
    """The columns and the row template, made once per revision, language and rights; rows may lead nowhere.

    Raises:
        BadRequest: a column is unknown or may not be seen, where the list is one that people choose columns of.
    """
    key = f"web.table {obj.name} {visit.language} {visit.unit.access.rights_key} {selectable} {leads} " + ",".join(
        f"{each.field}:{each.total or ''}" for each in asked
    )
    memory = visit.unit.runtime.prepared
    found = memory.get(key)
    if found is None:
        found = memory[key] = _prepare(visit, obj, asked, selectable, leads)
    return found


def _prepare(visit: Visit, obj: Object, asked: Sequence[ListColumn], selectable: bool, leads: bool) -> Prepared:
    resolved: list[tuple[ResolvedPath, str | None]] = []
    title = obj.title if usable(visit.model, visit.unit.access, obj, obj.title) else "id"
    if not any(each.field == title for each in asked):
        asked = (ListColumn(field=title), *asked)  # without it a row would lead nowhere
    for each in asked:
        if selectable or usable(visit.model, visit.unit.access, obj, each.field):
            path = resolve(visit.model, visit.unit.access, obj, each.field)
            resolved.append((path, None if is_masked(path.field) else each.total))
    labels = [path_label(visit.model.objects, path, visit.language) for path, _ in resolved]
    made = make_columns(title, resolved, labels)
    paths = tuple(each.path.text for each in made)
    currency_at = None
    if obj.currency.mode == "record" and any(each.money for each in made) and "currency" in obj.fields:
        currency_at, paths = len(paths), (*paths, "currency")
    menu = selectable and leads and buttons.has_rows_of(obj)
    source = tables.rows_source(obj.name, made, visit.site.sections, selectable, currency_at, menu, leads)
    template = visit.site.templates.environment(visit.language).composed(
        source,
        fields=tuple(each.field for each in made),
        choose=visit.say(msg("Select")),
        untitled=visit.say(msg("No name")),
        more=visit.say(msg("More actions")),
        company_currency=str(visit.model.settings.get("currency") or "CNY"),
    )
    return Prepared(made, paths, template, currency_at, obj if selectable and leads else None)


def show(visit: Visit, state: ListState, ready: Prepared) -> Shown:
    """Read one page, count and make its rows; totals too, unless there are more records than are counted."""
    query = state.query(ready.paths)
    page, counted = _counted(visit, state, query)
    common = common_currency(visit, state.object, ready, page.rows)
    heads = tuple(_head(state, each, common) for each in ready.columns)
    totals = _totals(visit, state, ready.columns, common) if counted.number and not counted.capped else None
    return Shown(page, counted, render_rows(visit, ready, page.rows, common), heads, totals)


def _counted(visit: Visit, state: ListState, query: Query) -> tuple[Page, Counted]:
    """One page, and of how many records: with everything, in one round trip; else only as far as the page tells not.

    Somebody who sees few records finds these anew for each statement; for somebody of whom each record is judged,
    counting may take a walk over all of them: they ask for the number.
    """
    unit, records, obj = visit.unit, visit.unit.records, state.object
    cap, counted = None if state.exact else COUNT_CAP, state.exact or unit.access.counted(unit, obj)
    if counted and not unit.access.few(unit, obj):
        with unit.together():
            asked, number = records.ask(query), records.ask_count(query, cap=cap)
        return asked(), number()
    page = records.query(query)
    if counted and (page.next is not None or page.previous is not None):
        return page, records.count(query, cap=cap)
    return page, Counted(number=state.after + len(page.rows), capped=page.next is not None)


def common_currency(visit: Visit, obj: Object, ready: Prepared, rows: Sequence[Row]) -> str | None:
    """The currency that all rows share, said once in the head; None where they differ."""
    if not any(each.money for each in ready.columns):
        return ""
    company = str(visit.model.settings.get("currency") or "CNY")
    if ready.currency_at is None:
        return company if obj.currency.mode == "company" else ""
    codes = {row.values[ready.currency_at] or company for row in rows}
    return next(iter(codes)) if len(codes) == 1 else (company if not codes else None)


def render_rows(visit: Visit, ready: Prepared, rows: Sequence[Row], common: str | None) -> Markup:
    """The rows as HTML. Where records can be changed in the list, those that somebody holds are marked."""
    values: dict[str, Any] = {
        "rows": rows,
        "locks": _locks(visit, ready.changes, rows),
        "x": visit.context,
        "r": visit.reading,
        "own_currency": common is None,
    }
    return Markup(ready.template.render(values))


def _locks(visit: Visit, obj: Object | None, rows: Sequence[Row]) -> Mapping[str, RecordLock]:
    """What holds rows that the reader could change else: one question for all of them."""
    if obj is None or not rows or not visit.unit.access.may("edit", obj):
        return {}
    return locks_on(visit.unit, obj.name, [each.id for each in rows])


def _head(state: ListState, column: Column, common: str | None) -> Head:
    said = f"{column.label} ({common})" if column.money and common else column.label
    first = state.sort[0] if state.sort else None
    direction = ""
    if first is not None and first.field == column.path.text:
        direction = "descending" if first.descending else "ascending"
    return Head(column, said, state.sorted_by(column.path.text).url() if column.sortable else "", direction)


def _totals(visit: Visit, state: ListState, columns: Sequence[Column], common: str | None) -> tuple[str, ...] | None:
    wanted = [each for each in columns if each.total]
    if not wanted:
        return None
    asked = [(each.total or "sum", each.path.text) for each in wanted]
    found = visit.unit.records.totals(state.query(()), asked)
    company = str(visit.model.settings.get("currency") or "CNY")
    said = {
        each.path.text: (f"{company} " if each.money and common != company else "") + _total(visit, each, value)
        for each, value in zip(wanted, found, strict=True)
    }
    return tuple(said.get(each.path.text, "") for each in columns)


def _total(visit: Visit, column: Column, value: Any) -> str:
    if value is None:
        return visit.context.sum(column.field, Decimal(0), int(column.field.options.get("scale", 0)))
    if column.numeric and not isinstance(value, str):
        scale = column.field.options.get("scale")
        return visit.context.number(value) if scale is None else visit.context.sum(column.field, value, int(scale))
    return column.field.type.display(column.field, value, visit.reading)
