"""Formulas over all types at once: Python, SQLite and PostgreSQL agree on value, blank and kind of failure.

The formulas are drawn from the definitions of functions, so a function that is added is tried without a line here.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Column, MetaData, Table

from dougong.base.errors import FormulaError
from dougong.engine.columns import Day, Exact, Id
from dougong.formulas import Blanks, FieldInfo, Formula, NamedFields, Path, Type, WorkingCalendar, compile
from dougong.formulas.formatting import formatted
from dougong.formulas.parser import parse
from tests.formulas import test_sql_numbers as numbers
from tests.formulas import test_sql_texts as texts
from tests.formulas.generated import Writer, parts
from tests.formulas.random_pairs import MOST_REFUSED, PAIRS, ROWS, SEED, compared, mixed
from tests.formulas.sql_rows import CONTEXT, ID, Database

STORED: dict[Path, FieldInfo] = {
    **numbers.FIELDS,
    **texts.FIELDS,
    ("cost",): FieldInfo(Type.NUMBER, 18, 2),
    ("due",): FieldInfo(Type.DATE),
    ("latitude",): FieldInfo(Type.NUMBER),
    ("longitude",): FieldInfo(Type.NUMBER),
    ("owner",): FieldInfo(Type.ID),
    ("$User", "id"): FieldInfo(Type.ID),
    ("$User", "name"): FieldInfo(Type.TEXT),
}

POOLS: Mapping[str, Sequence[Any]] = {
    **numbers.POOLS,
    **texts.POOLS,
    "cost": [None, *map(Decimal, ("0", "0.05", "-19.99", "1234.5", "9999999999999999.99", "3"))],
    "due": [None, date(2024, 2, 29), date(2024, 3, 1), date(1970, 1, 1), date(9999, 12, 30), date(1, 1, 2)],
    "latitude": [None, *map(Decimal, ("0", "90", "-90", "31.230416", "90.000001", "-33.9"))],
    "longitude": [None, *map(Decimal, ("0", "180", "-180", "121.473701", "-180.000001", "151.2"))],
    "owner": [None, ID, "0190b5a0-7c00-7000-8000-000000000002"],
}


def formula_fields() -> dict[Path, FieldInfo]:
    """Formula fields: their trees take their place in the formulas that read them."""
    scope = NamedFields(STORED)
    written = {"ratio": "cost / count", "is_late": "due < day", "title": 'name & " " & TEXT(cost)', "part": "share / 3"}
    made = {(name,): compile(text, scope) for name, text in written.items()}
    return {path: FieldInfo(formula.type, formula=formula) for path, formula in made.items()}


SCOPE = NamedFields({**STORED, **formula_fields()})

LEAVES: Mapping[Type, Sequence[str]] = {
    Type.NUMBER: [
        "price", "rate", "count", "tiny", "huge", "long", "share", "amount", "cost", "calls", "whole", "ratio", "part",
        "latitude",
        "0", "1", "-1", "2", "3", "0.5", "10", "-12.345", "100000000000000000000", "0.0000000000000000000000001",
    ],
    Type.TEXT: [
        "figure", "name", "note", "spelt", "json", "title", "$User.name", '"a"', '"客户"', '"😀"', '""', '"2024-02-29"',
        '"12.5"', '" "', '"08:05:09.250"',
    ],
    Type.BOOLEAN: ["active", "is_late", "TRUE", "FALSE"],
    Type.DATE: ["day", "due", "TODAY()", "DATE(2024, 2, 29)", "DATE(9999, 12, 31)"],
    Type.DATETIME: ["seen", "NOW()", '$System.OriginDateTime', 'DATETIMEVALUE("2024-11-03 09:30:00")'],
    Type.TIME: ["clock", "TIMENOW()", 'TIMEVALUE("23:59:59.999")'],
    Type.PICKLIST: ["stage"],
    Type.MULTI_PICKLIST: ["colours"],
    Type.ID: ["owner", "$User.id"],
    Type.GEOLOCATION: ["GEOLOCATION(latitude, longitude)", "GEOLOCATION(31.2304, 121.4737)", "GEOLOCATION(NULL, NULL)"],
}  # fmt: skip

TEXTS: Mapping[tuple[str, str], Sequence[str]] = {
    ("REGEX", "pattern"): ['"(?i)[a-z 客户]*"', '"\\\\d+|.*a.*"', '"[^a]?"', '"."'],
    ("LIKE", "pattern"): ['"%客%"', '"_"', '"%\\\\%%"', '"[a]%"'],
    ("ISPICKVAL", "value"): ['"客户"', '"open"', '""'],
    ("CASE", "value"): ['"客户"', '"open"', '""'],
    ("JSONPATHVALUE", "path"): ['"$.b"', '"$[2].a[0]"', '"$"', '"a"'],
    ("FORMATCURRENCY", "code"): ['"JPY"', '"KWD"', '"CNY"'],
    ("DISTANCE", "unit"): ['"mi"', '"KM"', '"ft"'],
    ("UPPER", "locale"): ['"tr"', '"az-Latn"', '"de_DE"'],
    ("LOWER", "locale"): ['"TR"', '"az_AZ"', '"lt"'],
    ("DATEVALUE", "text"): ['"2024-2-9"', '"0001-01-01"'],
    ("VALUE", "text"): ['"1e-30"', '"-.5"', '"99999999999999999999999999999999999999999"'],
}
"""What is worth asking of single functions beyond their examples."""

ZONES = ("UTC", "Asia/Shanghai", "America/Los_Angeles", "Asia/Kathmandu")
CALENDAR = WorkingCalendar(
    holidays=frozenset({date(2024, 3, 1), date(2024, 2, 28), date(1970, 1, 1)}),
    workdays=frozenset({date(2024, 3, 2), date(2024, 3, 3)}),
    fiscal_month=4,
)
RESULTS = (Type.NUMBER, Type.TEXT, Type.BOOLEAN, Type.DATE, Type.DATETIME, Type.TIME, Type.PICKLIST, Type.ID)


def table() -> Table:
    """A column for each field that is stored."""
    kept = {each.name: each for made in (numbers.table(), texts.table()) for each in made.columns}
    return Table(
        "everything",
        MetaData(),
        *(Column(each.name, each.type, primary_key=each.primary_key) for each in kept.values()),
        Column("cost", Exact(18, 2)),
        Column("due", Day),
        Column("latitude", Exact(9, 6)),
        Column("longitude", Exact(9, 6)),
        Column("owner", Id),
    )


@pytest.fixture(scope="module")
def databases(fresh_database_url: Callable[[str], str]) -> Iterator[list[Database]]:
    with compared(fresh_database_url, table, mixed(POOLS, SEED)) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Question:
    """A formula, and how it is asked for."""

    text: str
    blanks: Blanks
    result_type: str | None
    scale: int | None
    zone: str

    def formula(self) -> Formula:
        """The formula, of a number as asked.

        Raises:
            FormulaError: it is none.
        """
        found = compile(self.text, SCOPE, None, self.blanks)
        if found.type is not Type.NUMBER:
            return found
        return compile(self.text, SCOPE, self.result_type, self.blanks, scale=self.scale)

    def differences(self, database: Database) -> list[tuple[Any, Any, Any]]:
        """The rows on which the database does not agree with Python, each with both answers.

        Raises:
            FormulaError: it has no SQL.
        """
        zone = UTC if self.zone == "UTC" else ZoneInfo(self.zone)
        database.context = replace(CONTEXT, timezone=zone, calendar=CALENDAR)
        return [
            (row, expected, found)
            for row, expected, found in database.compare(self.formula())
            if (expected, type(expected)) != (found, type(found))
        ]


def questions(seed: int) -> Iterator[Question]:
    """Formulas of every type, one to four levels deep; the same for the same seed, and hardly one twice."""
    chosen = random.Random(seed)
    writer = Writer(chosen.choice, LEAVES, TEXTS)
    while True:
        text = writer.written(chosen.choice(RESULTS), chosen.randint(1, 4))
        yield Question(
            text,
            chosen.choice(("blank", "zero")),
            chosen.choice((None, "percent")),
            chosen.choice((None, 0, 1, 2, 3, 4)),
            chosen.choice(ZONES),
        )


def smallest(question: Question, database: Database) -> Question:
    """The shortest part of the formula about which the two do not agree either."""
    for each in sorted(map(formatted, parts(parse(question.text))), key=len):
        part = replace(question, text=each)
        with suppress(FormulaError):
            if part.differences(database):
                return part
    return question


def test_three_evaluations_agree_on_everything(databases: list[Database]) -> None:
    """As many pairs of a formula and a row as are asked for: see `random_pairs`."""
    agreed: list[str] = []
    refused: list[str] = []
    ill_typed: list[str] = []
    for question in questions(SEED):
        if len(agreed) * ROWS >= PAIRS:
            break
        try:
            question.formula()
        except FormulaError:
            ill_typed.append(question.text)
            continue
        try:
            for database in databases:
                if question.differences(database):
                    found = smallest(question, database)
                    pytest.fail(
                        f"{database.engine.dialect.name}: {found}\n{found.differences(database)[:3]}\nin {question}"
                    )
            agreed.append(question.text)
        except FormulaError as error:
            assert {each.code for each in error.problems} == {"formula-no-sql"}
            refused.append(question.text)
    told = f"{len(agreed) * ROWS:,} pairs of {len(set(agreed)):,} formulas compared with both databases; "
    sys.stdout.write(f"DOUGONG_SEED={SEED}: {told}{len(refused)} have no SQL\n")
    assert len(refused) <= MOST_REFUSED, refused
    assert len(ill_typed) <= MOST_REFUSED, ill_typed
