"""Text for other formats: money for people, JSON read, links and pictures, escapes for pages."""

from __future__ import annotations

import html
import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus

from babel.core import get_global

from dougong.formulas.annotations import GivenText, Number, Text
from dougong.formulas.decimals import WIDE, ZERO, plain, quantized
from dougong.formulas.definition import function
from dougong.formulas.evaluation import EvaluationError, Failure
from dougong.formulas.sql import figures

_PATH_STEP = re.compile(r"\.([A-Za-z_$][\w$-]*)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[([0-9]+)\]")
_SCRIPT = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "<": "\\u003C",
        ">": "\\u003E",
        "/": "\\/",
    }
)
_DEFAULT_DIGITS = 2


@function(
    "FORMATCURRENCY", sql=figures.format_currency, examples=(("FORMATCURRENCY('USD', -1000.495)", "USD -1,000.50"),)
)
def format_currency(code: Text | None, amount: Number) -> Text:
    """An amount with its ISO code, thousands grouped, with the decimal places of the currency."""
    digits = get_global("currency_fractions").get(code or "", (_DEFAULT_DIGITS,))[0]
    shown = quantized(amount, digits) or ZERO
    return f"{code or ''} {shown.quantize(Decimal(1).scaleb(-digits), context=WIDE):,f}"


@function("JSONVALUE", examples=(("JSONVALUE('{\"t\": 50}', 't')", "50"),))
def json_value(text: Text, key: GivenText) -> Text | None:
    """The value under a key of a JSON object, as text; blank where there is none. Malformed JSON is an error."""
    return _shown(_member(_read(text), key))


@function("JSONPATHVALUE", examples=(("JSONPATHVALUE('{\"a\": [{\"b\": 1}]}', '$.a[0].b')", "1"),))
def json_path_value(text: Text, path: GivenText) -> Text | None:
    """The value at a path of members and positions in JSON, as text; blank where there is none."""
    try:
        value = _read(text)
    except EvaluationError:
        return None
    for step in _steps(path):
        value = _member(value, step)
    return _shown(value)


@function("HYPERLINK", examples=(("HYPERLINK('/a', 'b')", '<a href="/a" target="_blank">b</a>'),))
def hyperlink(url: Text, label: Text, target: Text | None = "_blank") -> Text:
    """A link, shown as one. Do not use it inside other text functions."""
    return f'<a href="{html.escape(url)}" target="{html.escape(target or "_blank")}">{html.escape(label)}</a>'


@function("IMAGE", examples=(("IMAGE('/a.png', 'b', 8, 9)", '<img src="/a.png" alt="b" height="8" width="9">'),))
def image(url: Text, alternative: Text | None, height: Number | None = None, width: Number | None = None) -> Text:
    """A picture with its text alternative; height and width in pixels."""
    sizes = [f' {name}="{plain(size)}"' for name, size in (("height", height), ("width", width)) if size is not None]
    return f'<img src="{html.escape(url)}" alt="{html.escape(alternative or "")}"{"".join(sizes)}>'


@function("BR", examples=(("'a' & BR() & 'b'", "a<br>b"),))
def line_break() -> Text:
    """A line break."""
    return "<br>"


@function("HTMLENCODE", examples=(("HTMLENCODE('<b>')", "&lt;b&gt;"),))
def html_encode(text: Text) -> Text:
    """The text with the signs that mean something in HTML escaped."""
    return html.escape(text)


@function("JSENCODE", examples=(("JSENCODE('<')", "\\u003C"),))
def script_encode(text: Text) -> Text:
    """The text with the signs that mean something in a JavaScript string escaped."""
    return text.translate(_SCRIPT)


@function("JSINHTMLENCODE", examples=(("JSINHTMLENCODE('&')", "&amp;"),))
def script_in_html_encode(text: Text) -> Text:
    """The text escaped for HTML, then for a JavaScript string within it."""
    return html.escape(text).translate(_SCRIPT)


@function("URLENCODE", examples=(("URLENCODE('a b&c')", "a+b%26c"),))
def url_encode(text: Text) -> Text:
    """The text with the signs that mean something in an address escaped."""
    return quote_plus(text)


def _read(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError):
        raise EvaluationError(Failure.OUT_OF_RANGE) from None


def _member(value: Any, step: str | int) -> Any:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _shown(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return plain(value)
    return json.dumps(value, ensure_ascii=False, default=lambda number: float(number))


def _steps(path: str) -> list[str | int]:
    """The members and positions of ``$.a['b'][0]``; anything else is an error."""
    rest = path.removeprefix("$")
    found: list[str | int] = []
    end = 0
    for each in _PATH_STEP.finditer(rest):
        if each.start() != end:
            break
        name, quoted, double, position = each.groups()
        found.append(int(position) if position is not None else name or quoted or double)
        end = each.end()
    if not path.startswith("$") or end != len(rest):
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return found
