"""Tables within a record page: its lines and its related lists, one statement each, all in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dougong.base.language import label
from dougong.engine.query import Condition, Counted, Filter, Page, Record, Sort
from dougong.engine.reading.filters import parse, parse_sort
from dougong.engine.reading.paths import usable
from dougong.metadata.model import Layout, LineColumn, ListColumn, Object, RelatedList
from dougong.web import list_views, listing
from dougong.web.composer.records import ShownSection
from dougong.web.list_state import ListState, View
from dougong.web.listing import Prepared
from dougong.web.navigation import several
from dougong.web.visit import Visit, with_query

MOST_LINES = 500
MOST_COLUMNS = 4
"""Of a related list that says no columns of its own."""

MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class Table:
    """A card with rows: lines or a related list. `count` says "5" or "99"."""

    key: str
    label: str
    count: str
    heads: tuple[str, ...]
    columns: Sequence[Any]
    rows: Markup
    totals: tuple[str, ...]
    new_url: str = ""
    all_url: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """What of a table is the same for every record: of which children it is, and how they are shown.

    `path` leads from the object of the children to the record, `new` is the lookup that a new child is given.
    """

    key: str
    label: str
    object: Object
    path: str
    asked: tuple[ListColumn, ...]
    ready: Prepared
    sort: tuple[Sort, ...]
    most: int
    new: str = ""
    filter: Filter | None = None

    def state(self, record_id: str) -> ListState:
        """The list of one record's children."""
        part = Condition(self.path, "is", record_id)
        view = View(name="everything", label={}, columns=self.asked)
        changed = {"where": True}
        parts = (part, self.filter) if self.filter is not None else (part,)
        return ListState(self.object, view, parts, self.sort, self.asked, changed=changed, size=self.most)


@dataclass(frozen=True, slots=True)
class Asked:
    """A table whose rows were asked for; `new` is the address of the form of a new row."""

    listed: Listed
    state: ListState
    page: Callable[[], Page]
    new: str


def ask_lines(visit: Visit, obj: Object, record: Record, layout: Layout, section: ShownSection) -> Asked | None:
    """Ask for the line items of a section; None where the reader may not see them."""
    listed = _kept(visit, f"lines {section.key}", layout, lambda: _lines(visit, section))
    return _ask(visit, listed, record, f"/o/{obj.name}/{record.id}/edit#s-{section.key}") if listed else None


def ask_related(visit: Visit, obj: Object, record: Record, layout: Layout) -> tuple[Asked, ...]:
    """Ask for the related lists of a layout that the reader may see."""
    lists = _kept(visit, "related", layout, lambda: tuple(_related(visit, layout.related)))
    return tuple([_ask(visit, each, record, _new(each, obj, record)) for each in lists])


def tables(visit: Visit, asked: Sequence[Asked]) -> tuple[Table, ...]:
    """The tables that were asked for. Those with more rows than they show are counted, in one round trip for all."""
    pages = [each.page() for each in asked]
    counts: dict[str, Callable[[], Counted]] = {}
    if any(page.next is not None for page in pages):
        with visit.unit.together():
            counts = {
                each.listed.key: visit.unit.records.ask_count(each.state.query(()), cap=MOST_COUNTED)
                for each, page in zip(asked, pages, strict=True)
                if page.next is not None
            }
    return tuple(
        [_table(visit, each, page, counts.get(each.listed.key)) for each, page in zip(asked, pages, strict=True)]
    )


def _kept(visit: Visit, what: str, layout: Layout, make: Callable[[], Any]) -> Any:
    """What `make` gives, kept with the revision, for the reader's language and rights."""
    key = f"web.{what} {layout.object} {layout.name} {visit.language} {visit.unit.access.rights_key}"
    memory = visit.unit.runtime.prepared
    if key not in memory:
        memory[key] = make()
    return memory[key]


def _lines(visit: Visit, section: ShownSection) -> Listed | None:
    name, _, parent = (section.section.lines or "").partition(".")
    child = visit.model.objects[name]
    if not visit.unit.access.may("read", child) or not _leads(visit, child, parent):
        return None
    columns = [each for each in section.section.line_columns if each.field in child.fields]
    columns = columns or [LineColumn(field=child.title)]
    asked = tuple(ListColumn(field=each.field, total=each.total) for each in columns)
    ready = listing.prepare(visit, child, asked, selectable=False)
    said = section.label or several(child, visit.language)
    return Listed(section.key, said, child, parent, asked, ready, (Sort("id"),), MOST_LINES)


def _related(visit: Visit, lists: Sequence[RelatedList]) -> Iterator[Listed]:
    for each in lists:
        child, back, where = visit.model.objects.get(each.path[0]), ".".join(each.path[1:]), parse(each.filter)
        if child is None or not visit.unit.access.may("read", child) or not _leads(visit, child, back):
            continue
        if not list_views.may_filter(visit.unit, child, where):
            continue
        names = each.columns or tuple(dict.fromkeys((child.title, *child.highlights)))[:MOST_COLUMNS]
        asked = tuple(ListColumn(field=name) for name in names)
        makeable = len(each.path) == 2 and visit.unit.access.may("create", child)
        yield Listed(
            key=each.key,
            label=label(each.label, visit.language) or several(child, visit.language),
            object=child,
            path=back,
            asked=asked,
            ready=listing.prepare(visit, child, asked, selectable=False),
            sort=list_views.sortable(visit.unit, child, parse_sort(each.sort)) or _NEWEST,
            most=each.limit,
            new=each.path[1] if makeable else "",
            filter=where,
        )


_NEWEST = (Sort("created_at", descending=True),)


def _leads(visit: Visit, child: Object, path: str) -> bool:
    """Whether the reader may follow the lookups from a child to the record."""
    return usable(visit.model, visit.unit.access, child, path) is not None


def _new(listed: Listed, obj: Object, record: Record) -> str:
    """The address of the form of a new child; a lookup to several objects is told which."""
    if not listed.new or record.deleted:
        return ""
    several_targets = len(listed.object.fields[listed.new].targets) > 1
    value = f"{obj.name}:{record.id}" if several_targets else record.id
    back = f"/o/{obj.name}/{record.id}"
    return with_query(f"/o/{listed.object.name}/new", [(f"v.{listed.new}", value), ("back", back)])


def _ask(visit: Visit, listed: Listed, record: Record, new: str) -> Asked:
    state = listed.state(record.id)
    return Asked(listed, state, visit.unit.records.ask(state.query(listed.ready.paths)), new)


def _table(visit: Visit, asked: Asked, page: Page, counted: Callable[[], Counted] | None) -> Table:
    listed, ready = asked.listed, asked.listed.ready
    common = listing.common_currency(visit, listed.object, ready, page.rows)
    return Table(
        key=listed.key,
        label=listed.label,
        count=str(counted().number if counted else len(page.rows)),
        columns=ready.columns,
        totals=_totals(visit, ready, page.rows),
        heads=tuple([f"{each.label} ({common})" if each.money and common else each.label for each in ready.columns]),
        rows=listing.render_rows(visit, ready, page.rows, common) if page.rows else Markup(""),
        new_url=asked.new,
        all_url=asked.state.url() if counted else "",
    )


def _totals(visit: Visit, ready: Prepared, rows: Sequence[Any]) -> tuple[str, ...]:
    if not rows or not any(each.total == "sum" for each in ready.columns):
        return ()
    found = []
    for at, each in enumerate(ready.columns):
        values = [row.values[at] for row in rows if row.values[at] is not None]
        scale = int(each.field.options.get("scale", 2))
        found.append(visit.context.sum(each.field, sum(values), scale) if each.total == "sum" else "")
    return tuple(found)
