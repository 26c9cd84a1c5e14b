"""What the address of a list says: view, conditions, sort, columns, search, place. And the addresses of its changes.

    /o/opportunity?view=open&where=stage:in:propose;negotiate&where=amount:gte:50000&sort=-amount&columns=name,stage

`where` is ``field:operator:value``, once per condition, all of which hold; groups come as JSON. Where any `where`
is given (or ``plain=1``, for none) they stand instead of the view's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from starlette.datastructures import QueryParams

from dougong.base.language import Labels
from dougong.engine.query import All, Condition, Filter, Query, Sort
from dougong.engine.reading.filters import both, dump, parse, parse_sort
from dougong.metadata.model import ListColumn, Object
from dougong.web.visit import broken, with_query

PAGE_SIZES = (20, 50, 100, 200)
DEFAULT_SIZE = 50


@dataclass(frozen=True, slots=True)
class View:
    """A list view, from the metadata or saved by a person."""

    name: str
    label: Labels
    columns: tuple[ListColumn, ...]
    parts: tuple[Filter, ...] = ()
    sort: tuple[Sort, ...] = ()
    owner: str = ""
    shared: bool = True


@dataclass(frozen=True, slots=True)
class ListState:
    """One list as its address says it. `parts` are the conditions in force, `changed` that they are not the view's."""

    object: Object
    view: View
    parts: tuple[Filter, ...]
    sort: tuple[Sort, ...]
    columns: tuple[ListColumn, ...]
    changed: Mapping[str, bool] = field(default_factory=dict)
    search: str = ""
    cursor: str = ""
    after: int = 0
    size: int = DEFAULT_SIZE
    exact: bool = False

    @property
    def where(self) -> Filter | None:
        """The conditions as one filter."""
        return both(*self.parts)

    def query(self, columns: Sequence[str]) -> Query:
        """The engine's query for `columns`."""
        return Query(
            object=self.object.name,
            columns=tuple(columns),
            where=self.where,
            sort=self.sort,
            search=self.search,
            limit=self.size,
            cursor=self.cursor or None,
        )

    # -- addresses --------------------------------------------------------------------------------------
    def url(self, **more: str) -> str:
        """The address of this list at its first page, with `more` parameters."""
        return with_query(f"/o/{self.object.name}", [*self.pairs(), *((k, v) for k, v in more.items() if v)])

    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of this list at its first page."""
        found = [("view", self.view.name)]
        if self.changed.get("where"):
            found += [("where", write(part)) for part in self.parts] or [("plain", "1")]
        if self.changed.get("sort"):
            found += [("sort", ",".join(("-" if each.descending else "") + each.field for each in self.sort))]
        if self.changed.get("columns"):
            found += [("columns", ",".join(each.field for each in self.columns))]
        if self.search:
            found += [("q", self.search)]
        if self.size != DEFAULT_SIZE:
            found += [("size", str(self.size))]
        return found

    def without(self, part: Filter) -> ListState:
        """This list with one condition fewer."""
        return self.narrowed(each for each in self.parts if each != part)

    def narrowed(self, parts: Iterable[Filter]) -> ListState:
        """This list under other conditions."""
        return replace(self, parts=tuple(parts), changed={**self.changed, "where": True}, cursor="", after=0)

    def sorted_by(self, name: str) -> ListState:
        """This list sorted by a column, the other way round if it already is."""
        first = self.sort[0] if self.sort else None
        down = first is not None and first.field == name and not first.descending
        return replace(self, sort=(Sort(name, down),), changed={**self.changed, "sort": True}, cursor="", after=0)


def read(params: QueryParams, obj: Object, view: View) -> ListState:
    """The list that an address says.

    Raises:
        BadRequest: a condition, a sort or a number cannot be read.
    """
    wheres = params.getlist("where")
    own = bool(wheres) or "plain" in params
    sort = params.get("sort", "")
    columns = params.get("columns", "")
    totals = {each.field: each.total for each in view.columns}
    return ListState(
        object=obj,
        view=view,
        parts=tuple(read_part(text) for text in wheres) if own else view.parts,
        sort=parse_sort(sort.split(",")) if sort else view.sort,
        columns=tuple(ListColumn(field=each, total=totals.get(each)) for each in columns.split(",") if each)
        or view.columns,
        changed={"where": own, "sort": bool(sort), "columns": bool(columns)},
        search=params.get("q", "").strip()[:200],
        cursor=params.get("cursor", ""),
        after=_number(params.get("after", "0")),
        size=_number(params.get("size", str(DEFAULT_SIZE)))
        if params.get("size", "") in map(str, PAGE_SIZES)
        else DEFAULT_SIZE,
        exact=params.get("count") == "exact",
    )


def read_part(text: str) -> Filter:
    """One condition, or a group as JSON."""
    if text.startswith("{"):
        try:
            found = parse(orjson.loads(text))
        except orjson.JSONDecodeError:
            raise broken("where") from None
        return found if found is not None else All(())
    name, colon, rest = text.partition(":")
    op, _, value = rest.partition(":")
    if not (name and colon and op):
        raise broken("where")
    return Condition(name, op, value or None)


def write(part: Filter) -> str:
    """`part` as `read_part` reads it."""
    if isinstance(part, Condition):
        said = _said(part.value)
        if said is not None:
            return f"{part.field}:{part.op}:{said}" if said else f"{part.field}:{part.op}"
    return orjson.dumps(dump(part)).decode()


def _said(value: Any) -> str | None:
    """An operand as address text; None where only JSON can say it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value if value else None
    if isinstance(value, tuple) and value and all(isinstance(each, str) and each and ";" not in each for each in value):
        return ";".join(value)
    return None


def parts_of(where: Mapping[str, Any] | None) -> tuple[Filter, ...]:
    """The conditions of a view's filter document, one by one where all of them must hold."""
    found = parse(where)
    if found is None:
        return ()
    return found.parts if isinstance(found, All) else (found,)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise broken("number")
    return int(text)
