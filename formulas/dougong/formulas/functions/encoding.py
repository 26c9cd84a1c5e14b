"""Text for other formats: money for people, JSON read, links and pictures, escapes for pages."""

from __future__ import annotations

import html
from decimal import Decimal
from urllib.parse import quote_plus

from babel.core import get_global

from dougong.formulas import json_texts
from dougong.formulas.annotations import GivenText, Number, Text
from dougong.formulas.decimals import WIDE, ZERO, plain, quantized
from dougong.formulas.definition import function
from dougong.formulas.evaluation import EvaluationError
from dougong.formulas.lengths import held
from dougong.formulas.sql import encodings, figures

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


@function("JSONVALUE", sql=encodings.json_value, examples=(("JSONVALUE('{\"t\": 50}', 't')", "50"),))
def json_value(text: Text, key: GivenText) -> Text | None:
    """The value under a key of a JSON object, as it is written; blank where there is none.

    Malformed JSON is an error.
    """
    return json_texts.shown(json_texts.member(json_texts.checked(text), key))


@function(
    "JSONPATHVALUE",
    sql=encodings.json_path_value,
    examples=(("JSONPATHVALUE('{\"a\": [{\"b\": 1}]}', '$.a[0].b')", "1"),),
)
def json_path_value(text: Text, path: GivenText) -> Text | None:
    """The value at a path of members and positions in JSON, as it is written; blank where there is none."""
    try:
        found: str | None = json_texts.checked(text)
    except EvaluationError:
        return None
    for step in json_texts.steps(path):
        found = json_texts.member(found, step)
    return json_texts.shown(found)


@function(
    "HYPERLINK", sql=encodings.hyperlink, examples=(("HYPERLINK('/a', 'b')", '<a href="/a" target="_blank">b</a>'),)
)
def hyperlink(url: Text, label: Text, target: Text | None = "_blank") -> Text:
    """A link, shown as one. Do not use it inside other text functions."""
    return f'<a href="{html.escape(url)}" target="{html.escape(target or "_blank")}">{html.escape(label)}</a>'


@function(
    "IMAGE",
    sql=encodings.image,
    examples=(("IMAGE('/a.png', 'b', 8, 9)", '<img src="/a.png" alt="b" height="8" width="9">'),),
)
def image(url: Text, alternative: Text | None, height: Number | None = None, width: Number | None = None) -> Text:
    """A picture with its text alternative; height and width in pixels."""
    sizes = [f' {name}="{plain(size)}"' for name, size in (("height", height), ("width", width)) if size is not None]
    return f'<img src="{html.escape(url)}" alt="{html.escape(alternative or "")}"{"".join(sizes)}>'


@function("BR", examples=(("'a' & BR() & 'b'", "a<br>b"),))
def line_break() -> Text:
    """A line break."""
    return "<br>"


@function("HTMLENCODE", sql=encodings.html_encode, examples=(("HTMLENCODE('<b>')", "&lt;b&gt;"),))
def html_encode(text: Text) -> Text:
    """The text with the signs that mean something in HTML escaped."""
    return html.escape(text)


@function("JSENCODE", sql=encodings.script_encode, examples=(("JSENCODE('<')", "\\u003C"),))
def script_encode(text: Text) -> Text:
    """The text with the signs that mean something in a JavaScript string escaped."""
    return held(text.translate(_SCRIPT))


@function("JSINHTMLENCODE", sql=encodings.script_in_html_encode, examples=(("JSINHTMLENCODE('&')", "&amp;"),))
def script_in_html_encode(text: Text) -> Text:
    """The text escaped for HTML, then for a JavaScript string within it."""
    return held(html.escape(text).translate(_SCRIPT))


@function("URLENCODE", sql=encodings.url_encode, examples=(("URLENCODE('a b&c')", "a+b%26c"),))
def url_encode(text: Text) -> Text:
    """The text with the signs that mean something in an address escaped."""
    return quote_plus(text)
