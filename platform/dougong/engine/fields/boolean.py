"""Yes or no. Blank reads as no."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, ClassVar

from dougong.base.field_types import FIELD_TYPES, FieldLike, Operator, Part, Reading, ValueRefused
from dougong.base.language import label, msg
from dougong.engine.columns import Flag
from dougong.engine.fields.conditions import Compare
from dougong.engine.fields.numbers import LABELS
from dougong.engine.fields.operators import IS, IS_NOT, clip
from dougong.engine.fields.scalar import Scalar

_YES = frozenset({"true", "yes", "y", "1", "on", "t", "是", "对", "真", "√", "✓", "有"})
_NO = frozenset({"false", "no", "n", "0", "off", "f", "否", "不是", "错", "假", "×", "无"})

_MEANINGS: Mapping[str, Compare] = {
    "is": lambda column, value: column.is_(True) if value else column.is_not(True),
    "is_not": lambda column, value: column.is_not(True) if value else column.is_(True),
}


@FIELD_TYPES.register
class BooleanType(Scalar):
    """A yes or no, with words of the field's own where `yes` and `no` give them."""

    name = "boolean"
    formula_type = "boolean"
    offered: ClassVar[tuple[Operator, ...]] = (IS, IS_NOT)
    meanings = _MEANINGS
    keys: ClassVar[Mapping[str, Any]] = {"yes": LABELS, "no": LABELS}

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """One flag."""
        return (Part("", Flag()),)

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> bool | None:
        """True or false from yes/no, true/false, 1/0, 是/否 or the field's own words.

        A check box is an unticked one unless told otherwise: of a list of texts the last counts.
        """
        if isinstance(value, list | tuple) and value:
            value = value[-1]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float) and value in (0, 1):
            return bool(value)
        text = unicodedata.normalize("NFKC", str(value)).strip().casefold()
        if not text:
            return None
        if text in _YES or text in self._own(field, "yes"):
            return True
        if text in _NO or text in self._own(field, "no"):
            return False
        raise ValueRefused(
            "value-not-boolean",
            msg("“{value}” is neither yes nor no.", value=clip(value)),
            msg("Write yes or no."),
        )

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The word for it in the reader's language; "" for blank."""
        return "" if value is None else self.display(field, value, reading)

    def form(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """ "true" or "false"."""
        return "true" if value else "false"

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The word for it; blank reads as no."""
        own = field.options.get("yes" if value else "no")
        return label(own, reading.language) if own else (msg("Yes") if value else msg("No")).to(reading.language)

    def _own(self, field: FieldLike, key: str) -> frozenset[str]:
        return frozenset(text.casefold() for text in (field.options.get(key) or {}).values())
