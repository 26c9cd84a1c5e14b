"""The types of the language, and how a function's annotations name them.

A value is plain Python: `str` (text, picklist, id), `Decimal`, `bool`, aware `datetime`, `date`, `time`, a
set of `str` (multi-picklist), a `Geolocation`; `None` is blank, and empty text is blank too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from dougong.base.language import Message, msg

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dougong.formulas.formula import Formula

Path = tuple[str, ...]
"""A field reference, split at the points: ``("account", "owner", "name")``."""

Value = Any
"""One of the Python values named above, or None."""

Blanks = Literal["blank", "zero"]
"""What a blank number field yields: nothing, or 0."""


class Type(StrEnum):
    """A type of the language. The first block can be the type of a field; the rest occur only in checking."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    PICKLIST = "picklist"
    MULTI_PICKLIST = "multi_picklist"
    ID = "id"
    GEOLOCATION = "geolocation"

    NULL = "null"
    """The literal NULL: fits where any type does."""
    UNKNOWN = "unknown"
    """The type of what is already in error: fits everywhere, so that one mistake is reported once."""

    @property
    def label(self) -> Message:
        """The type's name as people read it."""
        return _LABELS[self]


_LABELS = {
    Type.TEXT: msg("text"),
    Type.NUMBER: msg("number"),
    Type.BOOLEAN: msg("true/false"),
    Type.DATE: msg("date"),
    Type.DATETIME: msg("date and time"),
    Type.TIME: msg("time"),
    Type.PICKLIST: msg("picklist"),
    Type.MULTI_PICKLIST: msg("multi-select picklist"),
    Type.ID: msg("record id"),
    Type.GEOLOCATION: msg("geolocation"),
    Type.NULL: msg("NULL"),
    Type.UNKNOWN: msg("unknown"),
}

SCALAR = frozenset({Type.TEXT, Type.NUMBER, Type.BOOLEAN, Type.DATE, Type.DATETIME, Type.TIME, Type.ID})
"""The types that a formula may return to a field; picklists return as text."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What the checker must know of a field that a formula names.

    `precision` counts all digits and `scale` those after the point, as stored; None where unknown.
    `percent` is true for a field in percent points (10 means 0.1 inside a formula).
    `values` are the API names of a picklist; empty where unknown. `formula` is set for a formula field: its
    tree takes the place of the reference. `path` is the canonical spelling, where it differs.
    `label` is what the field is called, for completion. `called` are the values of the picklist by what people call
    them, in small letters: to say which one was meant, never to compare with.
    """

    type: Type
    precision: int | None = None
    scale: int | None = None
    percent: bool = False
    values: tuple[str, ...] = ()
    formula: Formula | None = None
    path: Path | None = None
    label: str = ""
    called: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), compare=False)


class Scope(Protocol):
    """What names mean where a formula stands."""

    def resolve(self, path: Path) -> FieldInfo | None:
        """The field at `path`, spelt as the author wrote it; None when there is none."""
        ...

    def names(self) -> Iterable[str]:
        """The names that may be written first, for suggestions: ``amount``, ``account.name``, ``$User.email``."""
        ...


class Geolocation(NamedTuple):
    """A place on earth in degrees, north and east positive."""

    latitude: Decimal
    longitude: Decimal


class Marker(StrEnum):
    """What a parameter asks beyond a plain type."""

    BLANKABLE = "blankable"
    """Any type but true/false."""
    COMMON = "common"
    """All parameters so marked, and a result so marked, share one type, whichever it is."""
    CHOSEN = "chosen"
    """As COMMON but without true/false: what CASE yields."""
    MATCHED = "matched"
    """As COMMON but without true/false, geolocations and multi-select picklists: what CASE and IN compare."""
    ORDERED = "ordered"
    """As MATCHED but without picklists: what `<` compares."""
    MEASURED = "measured"
    """As ORDERED but without text."""
    NOT_NULL = "not null"
    """The literal NULL does not fit."""
    LITERAL = "literal"
    """Must be a literal text."""
    OBJECT_FIELD = "object field"
    """Must name a field of an object: ``$ObjectType.city.fields.name``."""
    FIELD = "field"
    """Must be a field of the record itself. As a result: that field's type."""
