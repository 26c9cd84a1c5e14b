"""Text. Positions and lengths count UTF-16 code units; blank and empty text are the same."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal

from dougong.formulas import lengths, lettercase, utf16
from dougong.formulas.annotations import Boolean, Date, DateTime, GivenText, Number, Picklist, Text, Time
from dougong.formulas.decimals import DIGITS, EXACT, plain, whole
from dougong.formulas.definition import function
from dougong.formulas.evaluation import EvaluationError, Failure
from dougong.formulas.patterns import is_like, matches
from dougong.formulas.sql import characters, dates, figures, letters, moments, patterns, positions, texts
from dougong.formulas.sql import padding as padding_sql

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?0*[0-9]{1,2})?")
_NUMBER_LENGTH = 100
"""Characters of a text that spells a number; with exponents of two digits, no text spells too large a one."""
_MAX_LENGTH = 100_000
"""Characters that padding may produce."""
_REST = Decimal(10**9)
"""A count that reaches the end of any text."""


@function(
    "TEXT",
    sql=figures.number_text,
    examples=(("TEXT(12.50)", "12.5"), ("TEXT(DATE(2024, 2, 9))", "2024-02-09"), ("TEXT(NULL)", None)),
)
def text_of_number(value: Number) -> Text:
    """A number, date, date and time, time or picklist as text: plain digits, ISO dates, the picklist's value."""
    return plain(value)


@function("TEXT", sql=dates.text_of_date, examples=(("TEXT(DATE(999, 1, 2))", "0999-01-02"),))
def text_of_date(value: Date) -> Text:
    """The date as YYYY-MM-DD."""
    return _iso(value)


@function(
    "TEXT",
    sql=moments.text_of_moment,
    examples=(("TEXT(DATETIMEVALUE('2024-02-09 08:05:00'))", "2024-02-09 08:05:00Z"),),
)
def text_of_moment(value: DateTime) -> Text:
    """The moment as YYYY-MM-DD HH:MM:SSZ, in GMT."""
    moment: datetime = value.astimezone(UTC)
    return f"{_iso(moment.date())} {moment.strftime('%H:%M:%S')}Z"


@function("TEXT", sql=moments.text_of_time, examples=(("TEXT(TIMEVALUE('08:05:00.250'))", "08:05:00.250"),))
def text_of_time(value: Time) -> Text:
    """The time as HH:MM:SS.mmm."""
    clock: time = value
    return clock.isoformat("milliseconds")


@function("TEXT", sql=texts.picklist_text, examples=(("TEXT(stage)", "won"),))
def text_of_picklist(value: Picklist) -> Text:
    """The picklist's API value."""
    return value


@function(
    "VALUE",
    sql=figures.value,
    examples=(("VALUE('-12.50')", Decimal("-12.5")), ("VALUE('1,000')", Failure.NUMBER_TEXT)),
)
def value_of(text: Text) -> Number:
    """The number that a text spells: sign, digits, point, exponent. Anything else is an error."""
    if not is_number(text):
        raise EvaluationError(Failure.NUMBER_TEXT)
    number = Decimal(text)
    return number if len(text) < DIGITS else EXACT.plus(number)


@function(
    "ISNUMBER",
    sql=figures.is_number,
    examples=(("ISNUMBER('12')", True), ("ISNUMBER('12a')", False), ("ISNUMBER('')", False)),
)
def is_number(text: GivenText | None) -> Boolean:
    """True where VALUE could read the text."""
    return text is not None and len(text) <= _NUMBER_LENGTH and _NUMBER.fullmatch(text) is not None


@function(
    "LEN",
    sql=positions.length,
    examples=(("LEN('Ada')", Decimal(3)), ("LEN(NULL)", Decimal(0)), ("LEN('客户')", Decimal(2))),
)
def length(text: Text | None) -> Number:
    """The length of a text; 0 for a blank one."""
    return Decimal(utf16.length(text or ""))


@function(
    "LEFT",
    sql=positions.left,
    examples=(("LEFT('Ada Lovelace', 3)", "Ada"), ("LEFT('Ada', 9)", "Ada"), ("LEFT('Ada', 0)", None)),
)
def left(text: Text, count: Number) -> Text:
    """The first characters of a text; all of it when it is shorter."""
    return utf16.cut(text, 0, max(whole(count), 0))


@function("RIGHT", sql=positions.right, examples=(("RIGHT('Lovelace', 3)", "ace"), ("RIGHT('Ada', 9)", "Ada")))
def right(text: Text, count: Number) -> Text:
    """The last characters of a text; all of it when it is shorter."""
    units = utf16.length(text)
    return utf16.cut(text, units - min(max(whole(count), 0), units), units)


@function(
    "MID",
    sql=positions.middle,
    examples=(("MID('Lovelace', 5, 2)", "la"), ("MID('Ada', 0, 2)", "Ad"), ("MID('Ada', 7, 2)", None)),
)
def middle(text: Text, start: Number, count: Number) -> Text:
    """Some characters of a text from a position on; the first position is 1."""
    begin = max(whole(start), 1) - 1
    return utf16.cut(text, begin, begin + max(whole(count), 0))


@function(
    "SUBSTR", sql=positions.substring, examples=(("SUBSTR('Lovelace', -3)", "ace"), ("SUBSTR('Lovelace', 5, 2)", "la"))
)
def substring(text: Text, start: Number, count: Number = _REST) -> Text:
    """As MID; without a count, to the end. A negative position counts from the end."""
    units = utf16.length(text)
    begin = whole(start)
    begin = units + begin if begin < 0 else max(begin, 1) - 1
    if begin < 0:
        return ""
    end = begin + max(whole(count), 0)
    return utf16.cut(text, begin, end)


@function("FIND", sql=positions.find, examples=(("FIND('a', 'Ada')", Decimal(3)), ("FIND('x', 'Ada')", Decimal(0))))
def find(sought: Text | None, text: Text | None, start: Number | None = Decimal(1)) -> Number:
    """Where a text begins within another, from 1; 0 where it does not. The third argument says where to start."""
    if sought is None or text is None or start is None:
        return Decimal(0)
    return Decimal(utf16.find(text, sought, max(whole(start), 1) - 1) + 1)


@function("BEGINS", sql=texts.begins, examples=(("BEGINS('Lovelace', 'Love')", True), ("BEGINS('Ada', '')", True)))
def begins(text: Text | None, beginning: Text | None) -> Boolean | None:
    """True where a text begins with another; capitals count."""
    if beginning is None:
        return True
    return None if text is None else text.startswith(beginning)


@function(
    "CONTAINS", sql=texts.contains, examples=(("CONTAINS('Lovelace', 'lac')", True), ("CONTAINS('Ada', 'x')", False))
)
def contains(text: Text | None, part: Text | None) -> Boolean | None:
    """True where a text contains another; capitals count."""
    if part is None:
        return True
    return None if text is None else part in text


@function(
    "SUBSTITUTE",
    sql=texts.substitute,
    examples=(("SUBSTITUTE('a-b-c', '-', '+')", "a+b+c"), ("SUBSTITUTE('a-b', '-', '')", "ab")),
)
def substitute(text: Text, old: Text, new: Text | None) -> Text:
    """Replaces every occurrence of one text within another."""
    return lengths.substituted(text, old, new or "")


@function("TRIM", sql=texts.trim, examples=(("TRIM('  Ada ')", "Ada"), ("TRIM(' ')", None)))
def trim(text: Text) -> Text:
    """The text without blanks at both ends."""
    return text.strip(" ")


@function("UPPER", sql=letters.upper, examples=(("UPPER('Straße')", "STRASSE"), ("UPPER('i', 'tr')", "İ")))
def upper(text: Text, locale: Text | None = None) -> Text:
    """The text in capitals. The locale tr or az makes İ of i."""
    return lettercase.upper(text, locale)


@function("LOWER", sql=letters.lower, examples=(("LOWER('ADA')", "ada"), ("LOWER('I', 'tr')", "ı")))
def lower(text: Text, locale: Text | None = None) -> Text:
    """The text in small letters. The locale tr or az makes ı of I."""
    return lettercase.lower(text, locale)


@function("INITCAP", sql=letters.initial_capitals, examples=(("INITCAP('ADA lovelace')", "Ada Lovelace"),))
def initial_capitals(text: Text) -> Text:
    """Each word with a capital first letter and small ones after it."""
    return lettercase.initial_capitals(text)


@function("LPAD", sql=padding_sql.pad_left, examples=(("LPAD('7', 3, '0')", "007"), ("LPAD('Lovelace', 4)", "Love")))
def pad_left(text: Text, count: Number, padding: Text | None = " ") -> Text:
    """Pads on the left to a length; a longer text is cut to its first characters."""
    missing, cut = _padding(text, count, padding)
    return missing + cut


@function("RPAD", sql=padding_sql.pad_right, examples=(("RPAD('7', 3, '0')", "700"), ("RPAD('Lovelace', 4)", "Love")))
def pad_right(text: Text, count: Number, padding: Text | None = " ") -> Text:
    """Pads on the right to a length; a longer text is cut to its first characters."""
    missing, cut = _padding(text, count, padding)
    return cut + missing


@function("REVERSE", sql=characters.reverse, examples=(("REVERSE('Ada')", "adA"),))
def reverse(text: Text) -> Text:
    """The text backwards."""
    return text[::-1]


@function("CHR", sql=characters.character, examples=(("CHR(65)", "A"), ("CHR(0)", None)))
def character(code: Number) -> Text:
    """The character with a Unicode code point; blank where there is none."""
    point = whole(code)
    is_character = 0 < point < 0xD800 or 0xDFFF < point < 0x110000
    return chr(point) if is_character else ""


@function("ASCII", sql=characters.code_point, examples=(("ASCII('A')", Decimal(65)), ("ASCII('客')", Decimal(23458))))
def code_point(text: Text) -> Number:
    """The Unicode code point of the first character."""
    return Decimal(ord(text[0]))


@function(
    "REGEX", sql=patterns.regex, examples=(("REGEX('94102', '[0-9]{5}')", True), ("REGEX('94102', '[')", Failure.REGEX))
)
def regex(text: GivenText | None, pattern: GivenText | None) -> Boolean:
    """True where the whole text matches a regular expression (RE2 syntax: no look-around, no back-references)."""
    return matches(text or "", pattern or "")


@function("LIKE", sql=patterns.like, examples=(("LIKE('Lovelace', 'Lo%ce')", True), ("LIKE('Ada', '_d_')", True)))
def like(text: Text, pattern: Text) -> Boolean:
    """True where the whole text matches: % stands for anything, _ for one character, \\ before them for themselves."""
    return is_like(text, pattern)


def _padding(text: str, count: Decimal, padding: str | None) -> tuple[str, str]:
    """What to add, and the text cut to size."""
    units, wanted = utf16.length(text), whole(count)
    if wanted <= 0:
        return "", ""
    if units >= wanted or padding is None:
        return "", utf16.cut(text, 0, wanted)
    if wanted > _MAX_LENGTH:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    missing = wanted - units
    repeated = padding * (missing // utf16.length(padding) + 1)
    return utf16.cut(repeated, 0, missing), text


def _iso(value: date) -> str:
    return value.isoformat()
