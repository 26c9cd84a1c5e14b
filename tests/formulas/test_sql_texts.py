"""Random formulas over awkward texts and moments: Python, SQLite and PostgreSQL agree on value, blank and failure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from sqlalchemy import Boolean, Column, Integer, MetaData, Table, Text

from dougong.base.errors import FormulaError
from dougong.engine.columns import Clock, Day, Exact, Instant
from dougong.formulas import FieldInfo, NamedFields, Path, Type, compile
from tests.formulas.random_pairs import MOST_REFUSED, compared, mixed, on_pairs
from tests.formulas.sql_rows import CONTEXT, Database

FIELDS: dict[Path, FieldInfo] = {
    ("name",): FieldInfo(Type.TEXT),
    ("note",): FieldInfo(Type.TEXT),
    ("spelt",): FieldInfo(Type.TEXT),
    ("json",): FieldInfo(Type.TEXT),
    ("stage",): FieldInfo(Type.PICKLIST, values=("open", "客户")),
    ("colours",): FieldInfo(Type.MULTI_PICKLIST, values=("red", "blue")),
    ("count",): FieldInfo(Type.NUMBER),
    ("amount",): FieldInfo(Type.NUMBER),
    ("active",): FieldInfo(Type.BOOLEAN),
    ("day",): FieldInfo(Type.DATE),
    ("seen",): FieldInfo(Type.DATETIME),
    ("clock",): FieldInfo(Type.TIME),
}

POOLS: dict[str, list[Any]] = {
    "name": [
        None, "Ada", " ada ", "客户 A", "😀x", "x😀𝒳", "e\u0301té", "Straße", "ΟΔΟΣ ΣΑΣ", "İIıi", "ǅŉﬁ", "a%b_c\\",
        "ᲐაꙊ", "\u200d👩‍💻", "𐐀𐐨", "mr. _smith 1st", "\ufeff", "\n\r\t", "\U0001e900",
    ],
    "note": [
        None, "a", "A", "😀", "\\", "%", "_", "'", "客", "x", "s", "\ud7ff", "\uffee", "\u0301", "tr_TR", "[*?]",
        '<a href="/?b&c">',
    ],
    "spelt": [
        None, "2024-02-29", "2023-2-29", "0001-1-1", "0000-01-01", "9999-12-31 23:59:59", "2024-2-9 8:05:00  ",
        "2024-02-09 24:00:00", "24:00:00.000", "08:05:09.250", "23:59:59.999", "8:05:09.250", "２０２４-01-01",
        "2024-02-09\n", "001A0000006Vm9r",
    ],
    "json": [
        None, "{}", '[1, 2.50, {"a": [true, null]}]', r'{"a": "\u5ba2\ud83d\ude00", "b": {"c" : 1e400}}', "{", "null",
        '{"a": 1, "a": 2}', r'{"a": "\ud83d"}', r'{"a": "\u0000"}', '{"a": NaN}', '"a"', r'{"a\"": "\\u0000"}',
        ' {"a" : [ 1 , {"b":""} ] } ', '{"客户": -0.0}',
    ],
    "stage": [None, "open", "客户"],
    "colours": [None, ("red",), ("red", "blue")],
    "count": [None, 0, 1, 2, 3, -1, -2, 5, 12, 100, -99999, 99999, 64],
    "amount": [
        None, *map(Decimal, ("0", "0.5", "-0.5", "1.25", "-2.999999", "366.000006", "3652058", "0.000006")),
        Decimal(-999999999999),
    ],
    "active": [None, True, False],
    "day": [
        None, date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29), date(2023, 2, 28), date(2005, 12, 31),
        date(1582, 10, 14),
    ],
    "seen": [
        None, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), datetime(2024, 2, 29, 8, 5, 0, 1, UTC),
        datetime(2024, 3, 10, 9, 59, 59, tzinfo=UTC), datetime(2024, 12, 31, 16, tzinfo=UTC),
        datetime(1900, 1, 1, tzinfo=UTC),
    ],
    "clock": [None, time(), time(23, 59, 59, 999999), time(8, 5, 9, 250000), time(12, 0, 0, 1)],
}  # fmt: skip

SCOPE = NamedFields(FIELDS)


def table() -> Table:
    """A column for each type."""
    return Table(
        "texts",
        MetaData(),
        Column("row", Integer, primary_key=True),
        *(Column(name, Text) for name in ("name", "note", "spelt", "json", "stage", "colours")),
        Column("count", Exact(5, 0)),
        Column("amount", Exact(18, 6)),
        Column("active", Boolean),
        Column("day", Day),
        Column("seen", Instant),
        Column("clock", Clock),
    )


@pytest.fixture(scope="module")
def databases(fresh_database_url: Callable[[str], str]) -> Iterator[list[Database]]:
    with compared(fresh_database_url, table, mixed(POOLS)) as made:
        for each in made:
            each.context = replace(CONTEXT, timezone=ZoneInfo("America/Los_Angeles"))
        yield made


# -- formulas ---------------------------------------------------------------------------------------------
PATTERNS = {
    "text": """
    LEFT({text}, {number}) ; RIGHT({text}, {number}) ; MID({text}, {number}, {number}) ; SUBSTR({text}, {number})
    SUBSTR({text}, {number}, {number}) ; SUBSTITUTE({text}, {text}, {text}) ; SUBSTITUTE({text}, "a", "")
    SUBSTITUTE({text}, "a", "客a") ; SUBSTITUTE(SUBSTITUTE({text}, " ", "_"), "_", {text})
    TRIM({text}) ; UPPER({text}) ; LOWER({text})
    UPPER({text}, {text}) ; LOWER({text}, "tr")
    INITCAP({text}) ; LPAD({text}, {number}) ; RPAD({text}, {number}, {text})
    LPAD({text}, {number}, {text}) ; REVERSE({text}) ; CHR({number})
    ({text} & {text}) ; TEXT({number}) ; TEXT({date})
    TEXT({datetime}) ; TEXT({time}) ; TEXT(stage) ; HTMLENCODE({text}) ; JSENCODE({text}) ; JSINHTMLENCODE({text})
    URLENCODE({text}) ; HYPERLINK({text}, {text}) ; HYPERLINK({text}, {text}, {text}) ; IMAGE({text}, {text})
    IMAGE({text}, {text}, {number}, {number}) ; CASESAFEID({text}) ; JSONVALUE(json, {text}) ; JSONVALUE({text}, "a")
    JSONPATHVALUE(json, "$.a[1].b") ; JSONPATHVALUE(json, "$.客户")
    JSONPATHVALUE(json, "$[2]['a']") ; JSONPATHVALUE(json, {text})
    FORMATDURATION({number}) ; FORMATDURATION({number}, {boolean}) ; FORMATDURATION({time}, {time})
    FORMATDURATION({datetime}, {datetime}) ; IF({boolean}, {text}, {text}) ; IFERROR({text}, {text})
    BLANKVALUE({text}, {text}) ; CASE({text}, {text}, {text}, {text}) ; CASE(stage, "open", {text}, {text})
    """,
    "number": """
    LEN({text}) ; FIND({text}, {text}) ; FIND({text}, {text}, {number}) ; ASCII({text}) ; YEAR({date}) ; MONTH({date})
    DAY({date}) ; WEEKDAY({date}) ; DAYOFYEAR({date}) ; ISOWEEK({date}) ; ISOWEEK({datetime}) ; ISOYEAR({date})
    ISOYEAR({datetime}) ; HOUR({time}) ; MINUTE({time}) ; SECOND({time}) ; MILLISECOND({time}) ; UNIXTIMESTAMP({date})
    UNIXTIMESTAMP({datetime}) ; UNIXTIMESTAMP({time})
    ({date} - {date}) ; ({datetime} - {datetime}) ; ({time} - {time})
    ({number} + {number}) ; ({number} * 1000000) ; PICKLISTCOUNT(colours) ; IF({boolean}, {number}, {number})
    IFERROR({number}, {number}) ; BLANKVALUE({number}, {number})
    """,
    "boolean": """
    BEGINS({text}, {text}) ; CONTAINS({text}, {text}) ; LIKE({text}, {text}) ; LIKE({text}, "%_" & {text})
    LIKE({text}, "%a%") ; LIKE({text}, "_") ; LIKE({text}, "a\\\\%b\\\\_c\\\\")
    LIKE({text}, "[*?]%") ; LIKE({text}, "%\\\\")
    ({text} = {text}) ; ({text} < {text}) ; ({text} >= {text})
    ({date} < {date}) ; ({datetime} <= {datetime}) ; ({time} > {time})
    ({time} = {time}) ; ({datetime} <> {datetime}) ; ISBLANK({text}) ; ISBLANK({datetime}) ; ISPICKVAL(stage, "客户")
    INCLUDES(colours, "red") ; AND({boolean}, {boolean})
    OR({boolean}, {boolean}) ; NOT({boolean}) ; IN({text}, {text}, {text})
    REGEX({text}, "[\\\\w\\\\s]*") ; REGEX({text}, "(?i)a.*|[^a-c]+") ; REGEX({text}, "[\\\\u4e00-\\\\u9fa5 A]+")
    """,
    "date": """
    DATE({number}, {number}, {number}) ; DATE(YEAR({date}), MONTH({date}), {number})
    DATEVALUE({datetime}) ; DATEVALUE({text})
    ({date} + {number}) ; ({number} + {date}) ; ({date} + 1.9) ; ({date} - 0.5)
    (3652058 + {date}) ; ({date} - 3652059)
    ({date} - {number}) ; ADDMONTHS({date}, {number}) ; IF({boolean}, {date}, {date})
    IFERROR({date}, {date}) ; BLANKVALUE({date}, {date})
    """,
    "datetime": """
    DATETIMEVALUE({text}) ; DATETIMEVALUE({date})
    DATETIMEVALUE({datetime}) ; ({datetime} + {number}) ; ({number} + {datetime})
    ({datetime} - {number}) ; ADDMONTHS({datetime}, {number})
    FROMUNIXTIME({number}) ; IF({boolean}, {datetime}, {datetime})
    IFERROR({datetime}, {datetime}) ; FROMUNIXTIME(UNIXTIMESTAMP({datetime}) + {number})
    """,
    "time": """
    TIMEVALUE({text}) ; TIMEVALUE({datetime}) ; TIMEVALUE({time}) ; ({time} + {number}) ; ({time} - {number})
    IF({boolean}, {time}, {time}) ; IFERROR({time}, {time})
    """,
}
LEAVES = {
    "text": ["name", "note", "spelt", "json", '"a"', '"😀"', '"客"', '"Σ"', '"$.a"', "(NULL & NULL)"],
    "number": ["count", "amount", "1", "2", "3", "0.5", "-1", "0", "1.4999999", "86399999", "1000000000000", "NULL"],
    "boolean": ["active", "TRUE"],
    "date": ["day", "TODAY()", "DATE(2024, 1, 31)"],
    "datetime": ["seen", "NOW()", 'DATETIMEVALUE("2024-11-03 09:30:00")'],
    "time": ["clock", "TIMENOW()", 'TIMEVALUE("00:00:00.001")'],
}


def filled_in(pattern: str, below: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    """The pattern with each place filled by a formula of its type."""
    parts = pattern.split("{")
    places = [part.partition("}") for part in parts[1:]]
    return st.tuples(*(below[kind] for kind, _, _ in places)).map(
        lambda chosen: parts[0] + "".join(text + rest for text, (_, _, rest) in zip(chosen, places, strict=True))
    )


def formulas(levels: int) -> dict[str, st.SearchStrategy[str]]:
    """Formulas by type, at most so many levels deep."""
    leaves = made = {kind: st.sampled_from(texts) for kind, texts in LEAVES.items()}
    for _ in range(levels):
        below = {kind: leaves[kind] | made[kind] for kind in leaves}
        made = {
            kind: st.one_of(*(filled_in(each, below) for each in re.split(r"\s*[;\n]\s*", text.strip())))
            for kind, text in PATTERNS.items()
        }
    return made


def agree_on(databases: list[Database], text: str, blanks: str) -> None:
    """Both databases and Python make the same of the formula on every row.

    Raises:
        FormulaError: it has no SQL.
    """
    formula = compile(text, SCOPE, None, blanks)  # type: ignore[arg-type]
    for database in databases:
        for row, expected, found in database.compare(formula):
            assert (expected, type(expected)) == (found, type(found)), (database.engine.dialect.name, text, row)


def test_three_evaluations_agree_on_texts_and_moments(databases: list[Database]) -> None:
    @on_pairs(st.one_of(*formulas(3).values()), st.sampled_from(["blank", "zero"]))
    def agree(text: str, blanks: str) -> None:
        try:
            agree_on(databases, text, blanks)
        except FormulaError as error:
            assert {each.code for each in error.problems} == {"formula-no-sql"}
            refused.append(text)

    refused: list[str] = []
    agree()
    assert len(refused) <= MOST_REFUSED, refused


ONE_OF_EACH = [
    each.format(text="name", number="count", boolean="active", date="day", datetime="seen", time="clock")
    for text in PATTERNS.values()
    for each in re.split(r"\s*[;\n]\s*", text.strip())
]


@pytest.mark.parametrize("text", ONE_OF_EACH)
def test_each_function_agrees(databases: list[Database], text: str) -> None:
    """Every form once on every row, whatever chance picks above."""
    agree_on(databases, text, "blank")


@pytest.mark.parametrize(
    "text",
    [
        f"JSENCODE({'JSENCODE(' * 30}name{')' * 30})",
        f"JSINHTMLENCODE({'JSENCODE(' * 30}name{')' * 30})",
        'SUBSTITUTE(LPAD(name, 30000, "a"), "a", LPAD(name, 30000, "a"))',
        'LEN(SUBSTITUTE(LPAD(name, 1000, "a"), "a", LPAD(name, 1000, "b")))',
        "RPAD(name, 100001)",
    ],
)
def test_no_text_becomes_huge(databases: list[Database], text: str) -> None:
    """What would multiply a text is an error before it is made."""
    agree_on(databases, text, "blank")
