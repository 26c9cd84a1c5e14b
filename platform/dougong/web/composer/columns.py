"""The columns of a table: what each shows, what its head says, what it becomes on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dougong.engine.reading.paths import ResolvedPath
from dougong.metadata.model import Field

WIDTHS = {
    "text": 180,
    "number": 96,
    "boolean": 80,
    "date": 108,
    "datetime": 118,
    "time": 80,
    "picklist": 136,
    "multi_picklist": 180,
}
"""Width of a column in CSS pixels, by formula type; the title column takes what is left."""

NARROW = {"text": 120, "number": 76, "date": 104, "datetime": 116, "picklist": 68}
"""The same in a card of a record page, which has two thirds of the room."""

ROOM = 1170
"""What a list of the usual width, 1440 pixels with the rail beside it, has for its columns."""

LAST = 14
"""How much wider the last column is: the edge of the page keeps that much further off."""

LEAST = 0.8
"""How much narrower than usual a column may be made for all columns to stand in sight."""

_DATES = frozenset({"date", "datetime", "time"})

TITLE_WIDTH = 216
NARROW_TITLE_WIDTH = 144


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `role` is its place on a phone's card: name, amt, sub, chip, date, who, or "" for left out."""

    path: ResolvedPath
    label: str
    width: int
    numeric: bool
    role: str
    total: str | None
    sortable: bool
    is_title: bool
    editable: bool

    @property
    def field(self) -> Field:
        """The field that it shows."""
        return self.path.field

    @property
    def narrow(self) -> int:
        """Its width in a card of a record page."""
        return narrow_width(self)

    @property
    def money(self) -> bool:
        """True where the head may say the currency once for all rows."""
        return self.field.type.money and self.path.aspect is None


def columns(title: str, asked: Iterable[tuple[ResolvedPath, str | None]], labels: Sequence[str]) -> tuple[Column, ...]:
    """The columns for resolved paths and their totals, in order; `labels` are what their heads say.

    The field `title` leads to the record.
    """
    made = [_column(title, path, total, said) for (path, total), said in zip(asked, labels, strict=True)]
    return tuple(_with_roles(_in_sight(made)))


def _in_sight(made: list[Column]) -> list[Column]:
    """The columns a little narrower where that brings all of them into sight; names, amounts and dates stay whole."""
    if len(made) > 1:
        made = [*made[:-1], replace(made[-1], width=made[-1].width + LAST)]
    soft = {id(each) for each in made if not (each.is_title or each.numeric or each.field.type.formula_type in _DATES)}
    wanted, whole = sum(each.width for each in made if id(each) in soft), sum(each.width for each in made)
    share = (ROOM - (whole - wanted)) / wanted if wanted else 1
    if not LEAST <= share < 1:
        return made
    return [replace(each, width=int(each.width * share)) if id(each) in soft else each for each in made]


def _column(title: str, path: ResolvedPath, total: str | None, said: str) -> Column:
    field = path.field
    is_title = not path.steps and field.name == title
    numeric = field.type.numeric or (path.attribute is not None and field.type.formula_type == "number")
    return Column(
        path=path,
        label=said,
        width=TITLE_WIDTH if is_title else _width(field),
        numeric=numeric,
        role="",
        total=total,
        sortable=field.type.sortable and field.type.stored,
        is_title=is_title,
        editable=not path.steps and path.aspect is None and path.attribute is None and editable(field),
    )


def _width(field: Field) -> int:
    if field.type.money:
        return 156
    if field.type.refers:
        return 120 if field.targets == ("user",) else 168
    return WIDTHS.get(field.type.formula_type or "", 150)


def narrow_width(column: Column) -> int:
    """The width of a column where there is little room."""
    if column.is_title:
        return NARROW_TITLE_WIDTH
    if column.field.type.money:
        return 110
    if column.field.type.refers:
        return 112 if column.field.targets == ("user",) else 140
    return NARROW.get(column.field.type.formula_type or "", 110)


def editable(field: Field) -> bool:
    """Whether people may write this field at all."""
    if field.system:
        return field.name in ("owner",)
    computed = field.compute is not None and field.compute.mode == "always"
    return field.type.writable and not computed and not field.retired and not field.options.get("through")


def _with_roles(made: list[Column]) -> Iterator[Column]:
    free = {"amt", "sub", "chip", "date", "who"}
    for each in made:
        role = "name" if each.is_title else _role(each.field)
        if role in free:
            free.discard(role)
            yield replace(each, role=role)
        else:
            yield replace(each, role="name" if each.is_title else "")


def _role(field: Field) -> str:
    if field.type.money:
        return "amt"
    if field.type.refers:
        return "who" if field.targets == ("user",) else "sub"
    return {"picklist": "chip", "date": "date", "datetime": "date"}.get(field.type.formula_type or "", "")
