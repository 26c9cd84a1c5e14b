"""What offices in China compute every day: ages and anniversaries, amounts in capitals, pinyin, identity numbers."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from dougong.base.language import msg
from dougong.formulas.annotations import Date, LiteralText, Number, Text
from dougong.formulas.checks import Finding
from dougong.formulas.decimals import EXACT, quantized
from dougong.formulas.definition import function
from dougong.formulas.evaluation import EvaluationError, Failure
from dougong.formulas.sql import business
from dougong.formulas.typed import Constant, TypedNode

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
MOST = Decimal(10) ** 16
"""Amounts in capitals end below ten thousand million millions."""

_READ = 1_000
"""Characters that PINYIN reads: its dictionary is slow."""

UNITS = ("day", "week", "month", "year")


def _known_unit(arguments: Sequence[TypedNode]) -> Iterator[Finding]:
    """DATEDIFF counts in units that it knows."""
    unit = arguments[0]
    if isinstance(unit, Constant) and str(unit.value).lower() not in UNITS:
        reason = msg("{unit} is no unit of time here.", unit=str(unit.value or ""))
        yield Finding(0, "formula-wrong-argument", reason, msg("Known here: {names}.", names=", ".join(UNITS)))


@function(
    "AGE",
    sql=business.age,
    examples=(
        ("AGE(DATE(1990, 5, 20), DATE(2024, 5, 19))", Decimal(33)),
        ("AGE(DATE(1990, 5, 20), DATE(2024, 5, 20))", Decimal(34)),
        ("AGE(DATE(2000, 2, 29), DATE(2023, 2, 28))", Decimal(23)),
    ),
)
def age(birth: Date, on: Date) -> Number:
    """Whole years from a birthday to a day: AGE(birthday, TODAY()). Who was born on 29 February turns on the 28th
    where there is no 29th. Negative before the birth."""
    return Decimal(_months(birth, on) // 12)


@function(
    "ANNIVERSARY",
    sql=business.anniversary,
    examples=(
        ("ANNIVERSARY(DATE(1990, 5, 20), DATE(2024, 5, 21))", date(2025, 5, 20)),
        ("ANNIVERSARY(DATE(1990, 5, 20), DATE(2024, 5, 20))", date(2024, 5, 20)),
        ("ANNIVERSARY(DATE(2000, 2, 29), DATE(2023, 1, 1))", date(2023, 2, 28)),
    ),
)
def anniversary(day: Date, on: Date) -> Date:
    """The next return of a day, on a given day or after it: ANNIVERSARY(signed_on, TODAY())."""
    this_year = _in_year(day, on.year)
    if this_year >= on:
        return this_year
    if on.year == date.max.year:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return _in_year(day, on.year + 1)


@function(
    "DATEDIFF",
    sql=business.date_difference,
    examples=(
        ("DATEDIFF('month', DATE(2024, 1, 31), DATE(2024, 2, 29))", Decimal(1)),
        ("DATEDIFF('day', DATE(2024, 3, 1), DATE(2024, 2, 28))", Decimal(-2)),
        ("DATEDIFF('week', DATE(2024, 1, 1), DATE(2024, 1, 14))", Decimal(1)),
        ("DATEDIFF('year', DATE(2024, 2, 29), DATE(2025, 2, 28))", Decimal(1)),
    ),
    check=_known_unit,
)
def date_difference(unit: LiteralText, start: Date, end: Date) -> Number:
    """Whole days, weeks, months or years from one day to another; negative where the second is earlier."""
    if unit.lower() in ("day", "week"):
        days = (end - start).days
        return Decimal(days if unit.lower() == "day" else int(days / 7))
    months = _months(start, end) if start <= end else -_months(end, start)
    return Decimal(months if unit.lower() == "month" else int(months / 12))


def _months(start: date, end: date) -> int:
    """Whole months from `start` to `end`, rounded down; a day that a month does not have falls on its last."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - (end.day < min(start.day, monthrange(end.year, end.month)[1]))


def _in_year(day: date, year: int) -> date:
    return day.replace(year=year, day=min(day.day, monthrange(year, day.month)[1]))


# -- amounts in capitals ----------------------------------------------------------------------------------
@function(
    "RMB",
    sql=business.capitals,
    examples=(
        ("RMB(1234.56)", "壹仟贰佰叁拾肆元伍角陆分"),
        ("RMB(100010001)", "壹亿零壹万零壹元整"),
        ("RMB(1000.05)", "壹仟元零伍分"),
        ("RMB(-0.5)", "负伍角整"),
    ),
)
def capitals(amount: Number) -> Text:
    """An amount below 10^16 in the capitals of Chinese receipts (人民币大写), rounded half up to cents."""
    cents = EXACT.multiply(abs(quantized(amount, 2, ROUND_HALF_UP)), Decimal(100))
    if cents >= MOST * 100:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    whole, part = divmod(int(cents), 100)
    sign = "负" if amount < 0 and cents else ""
    return sign + (f"{_spelt(whole)}元" if whole else "" if part else "零元") + _part(*divmod(part, 10), whole > 0)


def _part(tenths: int, hundredths: int, follows: bool) -> str:
    """角 and 分; a missing 角 between is read out."""
    if not tenths and not hundredths:
        return "整"
    text = f"{DIGITS[tenths]}角" if tenths else "零" if follows else ""
    return text + (f"{DIGITS[hundredths]}分" if hundredths else "整")


def _spelt(number: int) -> str:
    """A whole number above 0: what stands above 亿, above 万 and below it, with 零 where a place is jumped."""
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        above, below = divmod(number, size)
        if above:
            rest = ("零" if below < size // 10 else "") + _spelt(below) if below else ""
            return f"{_spelt(above)}{unit}{rest}"
    return _group(number)


def _group(number: int) -> str:
    """One to four digits."""
    text = ""
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if digit:
            text += DIGITS[digit] + PLACES[power]
        elif text and number % 10**power and not text.endswith("零"):
            text += "零"
    return text


# -- people -----------------------------------------------------------------------------------------------
@function(
    "IDCARD_BIRTH",
    sql=business.birth_of_identity,
    examples=(
        ("IDCARD_BIRTH('11010519491231002X')", date(1949, 12, 31)),
        ("IDCARD_BIRTH('110105194902300021')", Failure.DATE_TEXT),
    ),
)
def birth_of_identity(number: Text) -> Date:
    """The birthday in a resident identity number of 18 digits (GB 11643). A text that holds none is an error."""
    try:
        if len(number) != 18 or not (number[:17].isascii() and number[:17].isdigit()):
            raise ValueError
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise EvaluationError(Failure.DATE_TEXT) from None


@function(
    "PINYIN",
    why_no_sql=msg("The databases have no dictionary; a stored field may use it."),
    per_character=150,
    examples=(("PINYIN('张伟')", "zhang wei"), ("PINYIN('A 公司')", "A gong si"), ("PINYIN('重庆')", "chong qing")),
)
def pinyin(text: Text) -> Text:
    """How a Chinese text is read, without tones, syllables apart. What is not Chinese stays as it is. A text of more
    than 1,000 characters is an error."""
    # Imported here: its dictionary takes half a second to load.
    from pypinyin import lazy_pinyin

    if len(text) > _READ:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return " ".join(part for each in lazy_pinyin(text) for part in each.split())


REGION_LANGUAGES = ("zh", "en")


def _known_language(arguments: Sequence[TypedNode]) -> Iterator[Finding]:
    """PHONE_REGION says regions in languages that it knows."""
    language = arguments[1] if len(arguments) > 1 else None
    if isinstance(language, Constant) and language.value not in REGION_LANGUAGES:
        reason = msg("{language} is no language in which regions are said.", language=str(language.value or ""))
        yield Finding(
            1, "formula-wrong-argument", reason, msg("Known here: {names}.", names=", ".join(REGION_LANGUAGES))
        )


@function(
    "PHONE_REGION",
    check=_known_language,
    why_no_sql=msg("The databases have no directory of numbers; a stored field may use it."),
    examples=(
        ("PHONE_REGION('13800138000')", "北京市"),
        ("PHONE_REGION('0755-86013388')", "广东省深圳市"),
        ("PHONE_REGION('+86 21 6123 4567', 'en')", "Shanghai"),
        ("PHONE_REGION('12345')", Failure.NUMBER_TEXT),
    ),
)
def phone_region(number: Text, language: LiteralText = "zh") -> Text:
    """The region where a telephone number was given out, in Chinese, or in English with 'en': province and city for
    mainland China, by the area code or the first seven digits of a mobile number; the country where no more is known.
    Without a country code it is a number of mainland China. A text that is no such number is an error."""
    # Imported here: its directory takes half a second to load.
    from phonenumbers import NumberParseException, geocoder, is_valid_number, parse

    try:
        parsed = parse(number, "CN")
    except NumberParseException:
        raise EvaluationError(Failure.NUMBER_TEXT) from None
    if not is_valid_number(parsed):
        raise EvaluationError(Failure.NUMBER_TEXT)
    return geocoder.description_for_number(parsed, language)


# -- statistics -------------------------------------------------------------------------------------------
_SORTS = msg("SQL cannot sort the arguments of a function; a roll-up gives the median of records.")


@function(
    "MEDIAN",
    why_no_sql=_SORTS,
    examples=(("MEDIAN(3, 1, 2)", Decimal(2)), ("MEDIAN(1, 2, 3, 10)", Decimal("2.5"))),
)
def median(*values: Number) -> Number:
    """The middle of some numbers, or the mean of the two in the middle; blank where one is blank."""
    return _percentile(values, Decimal("0.5"))


@function(
    "PERCENTILE",
    why_no_sql=_SORTS,
    examples=(
        ("PERCENTILE(0.9, 1, 2, 3, 4, 5)", Decimal("4.6")),
        ("PERCENTILE(2, 1)", Failure.OUT_OF_RANGE),
    ),
)
def percentile(fraction: Number, *values: Number) -> Number:
    """The value below which a fraction (0 to 1) of some numbers lies, in between where it falls between two."""
    if not 0 <= fraction <= 1:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return _percentile(values, fraction)


def _percentile(values: tuple[Decimal, ...], fraction: Decimal) -> Decimal:
    ordered = sorted(values)
    place = EXACT.multiply(fraction, Decimal(len(ordered) - 1))
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    step = EXACT.multiply(EXACT.subtract(ordered[above], ordered[below]), EXACT.subtract(place, Decimal(below)))
    return EXACT.add(ordered[below], step)
