"""The contract of a field type: everything that depends on the type of a field is asked here.

One type is one class in one file (`dougong.engine.fields`) plus one template (`fields/<name>.html` in the
theme). Nothing else in the code base may ask "is this a picklist?": it asks the type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from types import MappingProxyType
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlalchemy.types import TypeEngine

from dougong.base.language import LANGUAGES, Labels, Message
from dougong.base.registry import Registry


class FieldLike(Protocol):
    """What a type may know of the field it serves; `dougong.metadata.model.Field` is one."""

    @property
    def name(self) -> str: ...
    @property
    def object(self) -> str: ...
    @property
    def label(self) -> Labels: ...
    @property
    def options(self) -> Mapping[str, Any]:
        """The type's own keys, defaults filled in."""
        ...

    @property
    def targets(self) -> tuple[str, ...]: ...
    @property
    def picklist(self) -> Any:
        """The resolved `Picklist`, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """One physical column of a field. `suffix` is appended to the field's physical name ("" or "_company")."""

    suffix: str
    type: TypeEngine[Any]
    index: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How text is to be read and written: whose language, zone and conventions.

    `date_order` is a permutation of "ymd" for ambiguous dates; `decimal_mark` is "." or ",".
    """

    language: str = LANGUAGES[0]
    zone: tzinfo = ZoneInfo("UTC")
    now: datetime
    date_order: str = "ymd"
    decimal_mark: str = "."

    @property
    def today(self) -> date:
        """The current day in the reader's zone."""
        return self.now.astimezone(self.zone).date()


class ValueRefused(Exception):
    """A value that a field cannot take. The engine turns it into a `Problem` at the field."""

    def __init__(self, code: str, reason: Message, fix: Message | None = None) -> None:
        """State the stable `code` ("value-too-long"), the `reason` and, where there is one, the `fix`."""
        super().__init__(str(reason))
        self.code, self.reason, self.fix = code, reason, fix


@dataclass(frozen=True, slots=True)
class Reference:
    """A record seen through a lookup: `title` is empty where the reader may not see the record.

    `id` is None only inside text that named a record which has not been looked up yet.
    """

    object: str
    id: str
    title: str = ""

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Operator:
    """A filter operator that a type offers. `arity`: "none", "one", "many" or "two" (between)."""

    name: str
    label: Message
    arity: str = "one"


_JSON_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "picklist": {"type": "string"},
    "multi_picklist": {"type": "array", "items": {"type": "string"}},
    "number": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "id": {"type": "string", "format": "uuid"},
    "time": {"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2}(\.\d+)?)?$"},
}
"""What JSON says of a value by its type in formulas, for types that say nothing more exact themselves."""


class FieldType:
    """Base of all field types, with a sound default for a plain one-column value."""

    name: ClassVar[str]
    keys: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """The type's own keys in metadata: JSON Schema of each (draft 2020-12), with "default" where it has one."""
    required_keys: ClassVar[tuple[str, ...]] = ()
    formula_type: ClassVar[str | None] = None
    """text, number, boolean, date, datetime, time, picklist, multi_picklist, id; None: not usable in formulas."""
    writable: ClassVar[bool] = True
    """False for what the engine alone computes (roll-up, auto-number)."""
    stored: ClassVar[bool] = True
    """False where the values are rows of another table (many-to-many link)."""
    virtual: bool = False
    """True where a query computes the value from other fields: it is read like a stored one and has no column."""
    refers: ClassVar[bool] = False
    """True where the value is a Reference (or several): lookup, user, master-detail …"""
    money: ClassVar[bool] = False
    """True where the value is an amount in a currency, with the amount in the company's as its last part."""
    numeric: ClassVar[bool] = False
    """True where sum and average make sense; shown right-aligned."""
    recalls: ClassVar[bool] = False
    """True where a new value depends on the stored one (versions of a file): saving then asks `follows`."""
    many: ClassVar[bool] = False
    """True where a value is several: a form then sends a list, and the value is a tuple."""
    sortable: ClassVar[bool] = True
    undefined: ClassVar[Any] = None
    """What the field holds where a formula that computes it has no value."""
    masked_as: ClassVar[str] = ""
    """How its values are masked where the field does not say; "" for a type whose values cannot be shown in part."""
    plain: ClassVar[bool] = True
    """True where `to_row` and `from_row` are the identity on one part: the engine skips calling them."""

    verbatim: ClassVar[bool] = True
    """True where a text is shown and exported as it is: told from the methods that a type has."""

    template: ClassVar[str] = ""
    """Path of the template with the sections cell, show, edit; ``fields/<name>.html`` unless a type says otherwise."""
    around: ClassVar[str] = ""
    """Path of a template whose sections stand around those of `template`, which take the place of ``{{ inner }}``."""

    def __init_subclass__(cls, **rest: Any) -> None:
        """Give a type its template; tell whether it is `verbatim`."""
        super().__init_subclass__(**rest)
        said = ("display", "to_text", "to_json")
        cls.verbatim = all(getattr(cls, each) is getattr(FieldType, each) for each in said)
        if "name" in vars(cls) and "template" not in vars(cls):
            cls.template = f"fields/{cls.name}.html"

    def bound(self, options: Mapping[str, Any], read: FieldType | None) -> FieldType:
        """The type as it serves one field: itself, unless (a roll-up) it depends on the type of the field `read`."""
        return self

    def required_flag(self, keys: Mapping[str, Any]) -> str | None:
        """Of a reference: the yes/no field that a record must have set to be chosen, given the field's own keys."""
        return None

    # -- storage ----------------------------------------------------------------------------------------
    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """The physical columns, the principal one first; empty when not `stored`."""
        raise NotImplementedError

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """`value` as one item per part."""
        return (value,)

    def from_row(self, field: FieldLike, stored: Sequence[Any]) -> Any:
        """The value from its parts as read; None when blank."""
        return stored[0]

    # -- values -----------------------------------------------------------------------------------------
    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> Any:
        """The Python value of what a form (str), the API (JSON) or code (Python) gave; None for blank.

        Raises:
            ValueRefused: the value does not fit the field.
        """
        raise NotImplementedError

    def follows(self, field: FieldLike, stored: Any, given: Any) -> Any:
        """What takes the place of the `stored` value when `given` is coerced; asked only where `recalls` is set."""
        return given

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """`value` as the API and history keep it; `coerce` reads it back to an equal value."""
        return value

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """`value` as export writes it and import reads it back through `coerce`; "" for blank."""
        return "" if value is None else str(self.to_json(field, value))

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """`value` as plain text for people: history, titles, messages."""
        return self.to_text(field, value, reading)

    def form(self, field: FieldLike, value: Any, reading: Reading) -> Any:
        """What the edit widget shows (`t` in the template): text, or for a widget of several inputs texts by sub-name.

        An input named ``address.street`` sends the text "street" of the field "address"; all such texts of a field
        together are one mapping, inputs of one name and several values a list. `coerce` reads each shape back.
        """
        return self.to_text(field, value, reading)

    def scale(self, field: FieldLike) -> int | None:
        """The decimals that a number keeps; None for what is no number."""
        return None

    def computed(self, field: FieldLike, value: Any) -> Any:
        """The result of a formula as `coerce` takes it: rounded to the field's scale, where it has one."""
        return value

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """The JSON Schema (draft 2020-12) of what `to_json` gives, blank (null) left aside."""
        return dict(_JSON_SCHEMAS.get(self.formula_type or "", {}))

    def accepted_schema(self, field: FieldLike) -> dict[str, Any]:
        """The JSON Schema of what programs should send: limits of the field are in it, other spellings are not.

        `coerce` reads more (labels of a picklist, "1,234.50"), because people and files send it.
        """
        return self.json_schema(field)

    # -- queries ----------------------------------------------------------------------------------------
    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """The filter operators that the field offers, the usual one first."""
        raise NotImplementedError

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """The Python operand of `op` from JSON or URL text: None, one value, a tuple, or a pair.

        Raises:
            ValueRefused: the operand does not fit.
        """
        raise NotImplementedError

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """The SQL condition over the field's part columns. Two-valued: never NULL, so that NOT is safe."""
        raise NotImplementedError

    def sort_keys(self, field: FieldLike, columns: Sequence[ColumnElement[Any]]) -> tuple[ColumnElement[Any], ...]:
        """What ORDER BY uses, most significant first."""
        return (columns[0],)

    def error(self, columns: Sequence[ColumnElement[Any]]) -> ColumnElement[bool] | None:
        """Of the part columns the one that tells that there is no value; None for a type that has none."""
        return None


def shown_text(field: FieldLike, kind: FieldType, value: Any, reading: Reading) -> str:
    """`value` of a `field` of type `kind` as plain text for people: at once where a text is shown as it is."""
    return value if type(value) is str and kind.verbatim else kind.display(field, value, reading)


FIELD_TYPES: Registry[FieldType] = Registry("field type")
"""Every known field type; filled when `dougong.engine.fields` is imported and by plugins."""
