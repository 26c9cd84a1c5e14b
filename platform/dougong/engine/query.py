"""The one way to ask for records: a `Query` in, a `Page` out. Values only; the compiler is in `compiler`.

The filter language is the same in list views, URLs, the API, imports and roll-ups:

    {"all": [{"field": "close_date", "op": "within", "value": "this_month"},
             {"any": [{"field": "owner", "op": "is", "value": "$me"},
                      {"not": {"field": "account.owner.department.name", "op": "contains", "value": "East"}}]},
             {"formula": "amount > 2 * budget"}]}

Documents of the metadata say the formula beside their filter, where renaming finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from dougong.formulas.formula import Formula


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: a field path, an operator of the field's type, a JSON operand."""

    field: str
    op: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; true when empty."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds; false when empty."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Filter


@dataclass(frozen=True, slots=True)
class Holds:
    """A formula over the record is true: what the filter of a lookup says. It has no JSON and comes from no address.

    `variables` are the values of its ``$`` paths, ``$Record`` among them, and `moment` what its clock says. `formula`
    is of the model, which `source` names in it.
    """

    source: str
    variables: tuple[tuple[tuple[str, ...], Any], ...]
    moment: datetime
    formula: Formula = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """A formula over the record is true, in the words of whoever asks: it reads what they may read and nothing else."""

    text: str


Filter = Condition | All | Either | Not | Holds | Written


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key by field path; blanks come last either way."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """An aggregate: op is count, sum, avg, min or max; `field` is None for count."""

    op: Literal["count", "sum", "avg", "min", "max"]
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of one object's records.

    `columns` are field paths (``account.owner.name``). `cursor` is what a former page gave. `deleted`
    chooses live records, those in the recycle bin, or all. `search` is free text over the object's search
    fields. `lifecycle` takes effective records alone where the object has life statuses.
    """

    object: str
    columns: tuple[str, ...] = ()
    where: Filter | None = None
    sort: tuple[Sort, ...] = ()
    search: str = ""
    limit: int = 50
    cursor: str | None = None
    deleted: Literal["live", "bin", "all"] = "live"
    lifecycle: Literal["any", "effective"] = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Measures over the records of a query, grouped by field paths ("close_date:month" for date buckets)."""

    object: str
    measures: tuple[Measure, ...] = (Measure("count"),)
    by: tuple[str, ...] = ()
    where: Filter | None = None
    search: str = ""
    deleted: Literal["live", "bin", "all"] = "live"
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One record as read: `values` follow the page's `columns`.

    A lookup reads as a `Reference` (id and title), a money field as Decimal, a date-time in UTC.
    """

    id: str
    version: int
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of rows. `columns` are the paths asked for that the actor may read, in order.

    `next` and `previous` are cursors, None where there is no such page.
    """

    object: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    next: str | None = None
    previous: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A count: exact, or at least `number` when `capped`."""

    number: int
    capped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record in full: every field that the actor may read, by API name."""

    object: str
    id: str
    version: int
    values: Mapping[str, Any] = field(default_factory=dict)
    deleted: bool = False
