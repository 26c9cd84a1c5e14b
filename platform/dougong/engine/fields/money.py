"""Money: an exact amount in the currency of its record, and beside it the amount in the company's.

The code stands in the record's `currency`, in the key `currency` of the field, or is the company's; the type
itself never mixes them. Comparisons and sorts of a field in the record's currency go by the company amount, so
that 100 euro is more than 500 yuan; sums take what `sort_keys` gives.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ColumnElement

from dougong.base.field_types import FIELD_TYPES, FieldLike, Part, Reading, ValueRefused
from dougong.base.language import msg
from dougong.engine.columns import SQLITE_DIGITS, Exact
from dougong.engine.fields.number_text import is_plain, read_number, write_number
from dougong.engine.fields.numbers import RANGE, DecimalType, rounded

_SIGNS = re.compile(r"^([+\-−(]?)\s*(?:[$¥￥€£]|人民币|RMB)\s*|\s*元整?$", re.IGNORECASE)
_CODE = re.compile(r"^([A-Z]{3})\s*(?=[\d.+\-−(])|(?<=[\d.)])\s*([A-Z]{3})$")


def company_amount(amount: Decimal | None, rate: Decimal | None, scale: int = 2) -> Decimal | None:
    """`amount` in the company's currency: times `rate`, rounded half up to `scale` decimals.

    `rate` is the price of one unit of the record's currency; without amount or rate there is none.
    """
    return None if amount is None or rate is None else rounded(amount * rate, scale)


@FIELD_TYPES.register
class MoneyType(DecimalType):
    """An amount of money."""

    name = "money"
    money = True
    plain = False
    trim = False
    keys: ClassVar[Mapping[str, Any]] = {
        "scale": {"type": "integer", "minimum": 0, "maximum": 6, "default": 2},
        "currency": {"type": "string", "pattern": "^(record|company|[A-Z]{3})$", "default": "record"},
        "tax": {"enum": ["included", "excluded", "none"], "default": "none"},
        **RANGE,
    }

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """The amount, and the amount in the company's currency."""
        kind = Exact(SQLITE_DIGITS, self.scale(field))
        return Part("", kind), Part("_company", kind)

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """The amount; saving puts the company amount beside it, at the rate of the record."""
        return value, None

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> Decimal | None:
        """The amount; "¥1,234.50" and "1.2万元" are read, a code that the field does not have is refused."""
        return super().coerce(field, self._bare(field, value), reading)

    def operand_value(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """Any amount."""
        return read_number(self._bare(field, value), reading)

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """Grouped; the currency is shown by who knows the record."""
        return "" if value is None else write_number(value, self.scale(field))

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """Blank or not by the amount; compared by the amount that `sort_keys` names."""
        column = columns[0] if op in ("blank", "not_blank") else self.sort_keys(field, columns)[0]
        return self.meanings[op](column, operand)

    def sort_keys(self, field: FieldLike, columns: Sequence[ColumnElement[Any]]) -> tuple[ColumnElement[Any], ...]:
        """The company amount where records differ in currency, else the amount."""
        return (columns[-1] if field.options.get("currency", "record") == "record" else columns[0],)

    def _bare(self, field: FieldLike, value: Any) -> Any:
        if not isinstance(value, str) or is_plain(value):
            return value
        text = _SIGNS.sub(r"\1", unicodedata.normalize("NFKC", value).strip())
        code = _CODE.search(text)
        if not code:
            return text
        found = code[1] or code[2]
        if found != field.options.get("currency"):
            raise ValueRefused(
                "currency-beside-amount",
                msg("The amount names the currency {code}, which is not this field's to say.", code=found),
                msg("Write the amount alone and choose the currency in its own field."),
            )
        return _CODE.sub("", text)
