"""The record being saved, and other records."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from dougong.formulas.annotations import Boolean, Number, ObjectField, OwnField, Text
from dougong.formulas.definition import function
from dougong.formulas.evaluation import Code, EvaluationError, Failure, Row
from dougong.formulas.sql import encodings
from dougong.formulas.types import Marker, Type, Value

_LazyBoolean = Annotated[Code, Type.BOOLEAN]
_LazyText = Annotated[Code, Type.TEXT]
_LazyField = Annotated[Code, Marker.FIELD]
_LazyLookedUp = Annotated[Code, Marker.OBJECT_FIELD]


@function("ISNEW", save_only=True, examples=(("ISNEW()", False),))
def is_new(row: Row) -> Boolean:
    """True while a record is saved for the first time."""
    return row.context.is_new


@function("ISCLONE", save_only=True, examples=(("ISCLONE()", False),))
def is_clone(row: Row) -> Boolean:
    """True while a record is saved that was made by copying another."""
    return row.context.is_clone


@function("ISCHANGED", save_only=True, lazy=True, examples=(("ISCHANGED(amount)", True), ("ISCHANGED(name)", False)))
def is_changed(field: OwnField) -> _LazyBoolean:
    """True where the value differs from the stored one; false while the record is new."""

    def run(row: Row) -> Value:
        return row.read_prior is not None and _same(field.read(row)) != _same(field.read_prior(row))

    return run


@function(
    "PRIORVALUE",
    save_only=True,
    lazy=True,
    examples=(("PRIORVALUE(amount)", Decimal(100)), ("ISPICKVAL(PRIORVALUE(stage), 'open')", True)),
)
def prior_value(field: OwnField) -> _LazyField:
    """The stored value of a field, before this save; blank while the record is new."""
    return field.read_prior


@function(
    "CURRENCYRATE",
    uses_user=True,
    examples=(("CURRENCYRATE('USD')", Decimal("7.1")), ("CURRENCYRATE('XXX')", Failure.OUT_OF_RANGE)),
)
def currency_rate(row: Row, code: Text) -> Number:
    """The conversion rate of a currency, by ISO code, to the company's currency. An unknown one is an error."""
    rate = row.context.currency_rate(code) if row.context.currency_rate else None
    if rate is None:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return Decimal(rate)


@function(
    "VLOOKUP",
    save_only=True,
    lazy=True,
    examples=(("VLOOKUP($ObjectType.city.fields.code, $ObjectType.city.fields.name, 'Shanghai')", "CN-31"),),
)
def vertical_lookup(returned: ObjectField, matched: ObjectField, value: _LazyText) -> _LazyLookedUp:
    """A field of the record of another object in which some field equals a text; blank where there is none."""

    def run(row: Row) -> Value:
        found = value(row)
        if found is None or row.context.lookup is None:
            return None
        return row.context.lookup(returned.path, matched.path, found)

    return run


@function("CASESAFEID", sql=encodings.case_safe_id, examples=(("CASESAFEID('001A0000006Vm9r')", "001A0000006Vm9rIAC"),))
def case_safe_id(identity: Text) -> Text:
    """A 15-character id as its 18-character form, which may be compared without regard to capitals."""
    if len(identity) != 15 or not identity.isalnum() or not identity.isascii():
        return identity
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    parts = (identity[start : start + 5] for start in (0, 5, 10))
    return identity + "".join(
        letters[sum(1 << index for index, sign in enumerate(part) if sign.isupper())] for part in parts
    )


def _same(value: Value) -> Value:
    """Line ends of texts do not count as a change."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value
