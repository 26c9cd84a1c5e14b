"""Barcodes: text that is shown as a QR code."""

from __future__ import annotations

from typing import Any, ClassVar

import segno
from markupsafe import Markup

from dougong.base.field_types import FIELD_TYPES, FieldLike, Operator, Reading, ValueRefused
from dougong.base.language import msg
from dougong.engine.fields.operators import CONTAINS, IN, IS, IS_NOT, NOT_IN, PRESENCE, STARTS, clip
from dougong.engine.fields.text import TextLike, clean_text


def ean13_digit(first: str) -> str:
    """The 13th digit that belongs to the first 12 of a GTIN-13 (GB 12904, ISO/IEC 15420)."""
    return str(-sum(int(digit) * (1 + 2 * (place % 2)) for place, digit in enumerate(first)) % 10)


@FIELD_TYPES.register
class BarcodeType(TextLike):
    """A code that scanners read: `symbology` "qr" for any text, "ean13" for the 13 digits on goods.

    Either is drawn as a QR code, which every telephone reads.
    """

    name = "barcode"
    offered: ClassVar[tuple[Operator, ...]] = (IS, IS_NOT, CONTAINS, STARTS, IN, NOT_IN, *PRESENCE)
    keys = {"symbology": {"enum": ["qr", "ean13"], "default": "qr"}, "formula": {"type": "string"}}

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> str | None:
        """The text without spaces at its ends; of an EAN the digits, check digit included."""
        text = clean_text(value)
        if text is None:
            return None
        text = text.strip()
        if field.options.get("symbology") == "ean13":
            digits = text.replace(" ", "").replace("-", "")
            if not (len(digits) == 13 and digits.isascii() and digits.isdecimal()
                    and ean13_digit(digits[:12]) == digits[12]):  # fmt: skip
                raise ValueRefused(
                    "barcode-wrong",
                    msg("“{value}” is not an EAN-13 code.", value=clip(text)),
                    msg("Scan it again, or compare its 13 digits."),
                )
            return digits
        if len(text.encode()) > 1000:
            raise ValueRefused(
                "value-too-long",
                msg("The text is too long for a QR code."),
                msg("Shorten it to 1,000 bytes; a Chinese character takes three."),
            )
        return text

    def picture(self, value: str) -> Markup:
        """The QR code as SVG, black on white, quiet zone included; without any style."""
        drawn: str = segno.make(value, error="m", micro=False).svg_inline(
            scale=3, border=2, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=False
        )
        # The markup is made of numbers alone: the text is in it only as modules.
        return Markup(drawn)
