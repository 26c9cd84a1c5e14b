"""A field as it is for whom its values are masked: shown in part, typed anew, asked for nothing but blank or not.

Sorting, grouping and comparing would tell what the mask hides, so this type offers none of them. A phone number of
which seven digits are shown has ten thousand continuations: even a comparison for equality finds it in minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement

from dougong.base.field_types import FieldLike, FieldType, Operator, Part, Reading
from dougong.engine.fields.operators import PRESENCE
from dougong.metadata.masks import STARS, Mask, mask_of
from dougong.metadata.model import Field


class Masked(str):
    """What is shown of a value. It is never a value itself: saving leaves a field alone to which it is given back."""

    __slots__ = ()


class MaskedType(FieldType):
    """The type of a field whose values are masked for the reader: `inner` is the type that stores them."""

    name = "masked"
    sortable = False
    plain = False

    def __init__(self, inner: FieldType, mask: Mask) -> None:
        """Show values of `inner` through `mask`."""
        self.inner, self.mask = inner, mask

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """Those of the type itself."""
        return self.inner.parts(field)

    def from_row(self, field: FieldLike, stored: Sequence[Any]) -> Masked | None:
        """What is shown of the value."""
        return self.seen(self.inner.from_row(field, stored))

    def seen(self, value: Any) -> Masked | None:
        """What is shown of a value of the type itself; None for blank."""
        text = value.get("name") if isinstance(value, Mapping) else value  # a person's name as history may keep it
        return None if text in (None, "") else Masked(self.mask.of(str(text)))

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> Any:
        """A value that was typed anew; None for what is shown, which is no value."""
        return None if isinstance(value, Masked) else self.inner.coerce(field, value, reading)

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """What is shown."""
        return None if value is None else str(value)

    def form(self, field: FieldLike, value: Any, reading: Reading) -> Any:
        """Nothing of a value that is masked: a form would send it back. What was typed stays."""
        return "" if value is None or isinstance(value, Masked) else self.inner.form(field, value, reading)

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """Text."""
        return {"type": "string"}

    def accepted_schema(self, field: FieldLike) -> dict[str, Any]:
        """What the type itself takes."""
        return self.inner.accepted_schema(field)

    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """Blank or not, which the mask shows in any case."""
        return PRESENCE

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """None: neither operator has one."""
        return self.inner.operand(field, op, value, reading)

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """Whether there is a value."""
        return self.inner.condition(field, columns, op, operand)


def masked(field: Field) -> Field:
    """`field` as somebody has it who sees it masked.

    Raises:
        ValueError: values of its type cannot be shown in part.
    """
    if not field.type.masked_as:
        raise ValueError(f"{field.address} cannot be masked")
    mask = field.mask or mask_of(None, field.type.masked_as)
    return replace(field, type=MaskedType(field.type, mask))


def is_masked(field: Field) -> bool:
    """Whether `field` is one as `masked` gives it."""
    return isinstance(field.type, MaskedType)


def says_mask(value: Any) -> bool:
    """Whether something given for a field looks like what a mask shows."""
    return isinstance(value, Masked) or (isinstance(value, str) and STARS in value)
