"""Text: one line, several lines, formatted. Kept in Unicode's composed form (NFC); compared without case."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import nh3
from markupsafe import Markup
from sqlalchemy import ColumnElement, Text

from dougong.base.field_types import FIELD_TYPES, FieldLike, Operator, Part, Reading, ValueRefused
from dougong.base.language import msg
from dougong.engine.fields.checks import CHECKS
from dougong.engine.fields.conditions import TEXT as TEXT_MEANINGS
from dougong.engine.fields.conditions import Compare
from dougong.engine.fields.operators import CONTAINS, NOT_CONTAINS, PRESENCE, TEXT, wrong_kind
from dougong.engine.fields.scalar import Scalar
from dougong.formulas.patterns import matches

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE = re.compile(r"[\r\n\t\v\f\u0085\u2028\u2029]+")
_CASES = {"as_typed": lambda text: text, "upper": str.upper, "lower": str.lower}

OPERAND_LENGTH = 1000
"""The longest text that a filter may look for."""


def clean_text(value: Any, lines: bool = False) -> str | None:
    """`value` as well-formed text; None for blank. Control characters are dropped, other spaces kept.

    Raises:
        ValueRefused: `value` is neither text nor a number, or holds half a character.
    """
    if value is None:
        return None
    if type(value) is str and value.isprintable():  # no control character, line break or half a character in it
        text = value if value.isascii() else unicodedata.normalize("NFC", value)
        return text if text.strip() else None
    if isinstance(value, bool) or (not isinstance(value, str | int | float) and not hasattr(value, "as_tuple")):
        raise wrong_kind(value, msg("text"))
    text = unicodedata.normalize("NFC", str(value))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueRefused(
            "text-broken", msg("The text holds half a character."), msg("Paste it again from its source.")
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n") if lines else _LINE.sub(" ", text)
    text = _CONTROL.sub("", text)
    return text if text.strip() else None


def check_length(text: str, longest: int) -> None:
    """Refuse what is longer than `longest` characters.

    Raises:
        ValueRefused: it is.
    """
    if len(text) > longest:
        raise ValueRefused(
            "value-too-long",
            msg("The text has {count} characters; the field holds {longest}.", count=len(text), longest=longest),
            msg("Shorten it by {more} characters.", more=len(text) - longest),
        )


class TextLike(Scalar):
    """What every kind of text shares: the column and comparison without regard to case."""

    formula_type = "text"
    masked_as = "nothing"
    offered: ClassVar[tuple[Operator, ...]] = TEXT
    meanings: ClassVar[Mapping[str, Compare]] = TEXT_MEANINGS

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """One column of text without a length: the length is checked when a value comes in."""
        return (Part("", Text()),)

    def accepted_schema(self, field: FieldLike) -> dict[str, Any]:
        """Text up to the field's length, where it has one."""
        longest = field.options.get("length")
        return self.json_schema(field) | ({"maxLength": longest} if longest else {})

    def operand_value(self, field: FieldLike, op: str, value: Any, reading: Reading) -> str | None:
        """Any text up to 1,000 characters: what is looked for need not be a possible value."""
        text = clean_text(value)
        if text is not None:
            check_length(text, OPERAND_LENGTH)
        return text.strip() if text else None


@FIELD_TYPES.register
class TextType(TextLike):
    """One line of text, by choice trimmed, in one case, of a pattern, or with a check digit."""

    name = "text"
    keys = {
        "length": {"type": "integer", "minimum": 1, "maximum": 4000, "default": 255},
        "pattern": {
            "type": "object",
            "properties": {
                "regex": {"type": "string", "minLength": 1, "maxLength": 500},
                "message": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "required": ["regex", "message"],
            "additionalProperties": False,
        },
        "trim": {"type": "boolean", "default": True},
        "case": {"enum": list(_CASES), "default": "as_typed"},
        "check": {"enum": sorted(CHECKS)},
    }

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> str | None:
        """The text, line breaks made spaces."""
        text = clean_text(value)
        if text is None:
            return None
        options = field.options
        if options.get("trim", True):
            text = text.strip()
        case = options.get("case") or "as_typed"
        if case != "as_typed":
            text = _CASES[case](text)
        check_length(text, options.get("length", 255))
        if pattern := options.get("pattern"):
            _check_pattern(pattern, text)
        check = options.get("check")
        return CHECKS[check](text) if check else text


def _check_pattern(pattern: Mapping[str, Any], text: str) -> None:
    if not matches(text, pattern["regex"]):
        raise ValueRefused("value-pattern", msg("{message}", message=pattern["message"]))


@FIELD_TYPES.register
class LongTextType(TextLike):
    """Text of several lines."""

    name = "long_text"
    sortable = False
    keys = {"length": {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 32_000}}

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> str | None:
        """The text with `\\n` between its lines and no space at its ends."""
        text = clean_text(value, lines=True)
        if text is None:
            return None
        text = text.strip()
        check_length(text, field.options.get("length", 32_000))
        return text


_TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "hr", "i", "li", "ol", "p", "pre",
    "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_TAG = re.compile(r"<[a-zA-Z]")
_BREAKS = re.compile(r"<(?:br|hr|/p|/div|/li|/h[1-6]|/tr|/pre|/blockquote)\b[^>]*>", re.IGNORECASE)


def sanitised(markup: str) -> str:
    """`markup` with nothing in it but harmless formatting and links to http, https, mailto and tel."""
    return nh3.clean(
        markup,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )


def as_markup(text: str) -> str:
    """Plain text as paragraphs: what an editor without buttons sends."""
    paragraphs = (html.escape(html.unescape(each.strip()), quote=False) for each in text.split("\n\n") if each.strip())
    return "".join(f"<p>{each.replace(chr(10), '<br>')}</p>" for each in paragraphs)


def plain_text(markup: str) -> str:
    """What a person reads in `markup`, line by line."""
    text = html.unescape(nh3.clean(_BREAKS.sub("\n", markup), tags=set()))
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


@FIELD_TYPES.register
class RichTextType(TextLike):
    """Formatted text: HTML that has been through a sanitiser. Filters read the words beside it, not the tags."""

    name = "rich_text"
    plain = False
    sortable = False
    offered = (CONTAINS, NOT_CONTAINS, *PRESENCE)
    keys = {"length": {"type": "integer", "minimum": 1, "maximum": 200_000, "default": 64_000}}
    tags: ClassVar[str] = " ".join(sorted(_TAGS))
    """The tags that the sanitiser keeps: an editor drops others as soon as they are pasted."""

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """The markup, and its words."""
        return Part("", Text()), Part("_text", Text())

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """The markup and its words."""
        return (value, plain_text(value)) if value else (None, None)

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> str | None:
        """The sanitised markup; None where nothing is left to read."""
        text = clean_text(value, lines=True)
        if text is None:
            return None
        check_length(text, field.options.get("length", 64_000))
        markup = sanitised(text if _TAG.search(text) else as_markup(text)).strip()
        if not _TAG.search(markup):
            markup = as_markup(markup)
        return markup if plain_text(markup) else None

    def markup(self, value: str) -> Markup:
        """The markup for a page, sanitised once more: what is stored may be older than the rules."""
        return Markup(sanitised(value))

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The words alone."""
        return plain_text(value) if value else ""

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """The comparison over the words."""
        return self.meanings[op](columns[-1], operand)
