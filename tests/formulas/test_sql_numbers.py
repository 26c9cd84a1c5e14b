"""Random formulas over awkward numbers: Python, SQLite and PostgreSQL agree on value, blank and kind of failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table, Text, select

from dougong.base.errors import FormulaError
from dougong.engine.columns import Count, Exact
from dougong.formulas import FieldInfo, NamedFields, Path, Type, compile
from dougong.formulas.sql.types import LongNumber
from tests.formulas.random_pairs import MOST_REFUSED, compared, mixed, on_pairs
from tests.formulas.sql_rows import Database

FIELDS: dict[Path, FieldInfo] = {
    ("price",): FieldInfo(Type.NUMBER),
    ("rate",): FieldInfo(Type.NUMBER),
    ("count",): FieldInfo(Type.NUMBER),
    ("tiny",): FieldInfo(Type.NUMBER),
    ("huge",): FieldInfo(Type.NUMBER),
    ("long",): FieldInfo(Type.NUMBER),
    ("share",): FieldInfo(Type.NUMBER, percent=True),
    ("calls",): FieldInfo(Type.NUMBER),
    ("whole",): FieldInfo(Type.NUMBER),
    ("figure",): FieldInfo(Type.TEXT),
    ("active",): FieldInfo(Type.BOOLEAN),
}

POOLS: dict[str, list[Any]] = {
    "price": [None, *map(Decimal, ("0", "0.01", "-0.01", "2.5", "-2.5", "100", "1234567.89", "-9999999999999999.99"))],
    "rate": [None, *map(Decimal, ("0", "1", "-1", "0.5", "-0.5", "0.0001", "99.9999", "3.1416"))],
    "count": [None, 0, 1, -1, 2, 3, -7, 12, 100, -308, 99999],
    "tiny": [None, *map(Decimal, ("0", "0.000000000000000001", "-0.000000000000000003", "0.999999999999999999"))],
    "huge": [None, *map(Decimal, ("0", "999999999999999999", "-999999999999999999", "100000000000000000"))],
    "long": [
        None,
        *map(Decimal, ("0", "1E+39", "-1E-39", "0.333333333333333333333333333333333333333", "9.5E+38", "-12345.6E-30")),
        Decimal("999999999999999999999999999999999999999"),
    ],
    "share": [None, *map(Decimal, ("0", "10", "33.33", "-100", "250"))],
    "calls": [None, 0, 1, 7, 9_999_999_999_999],
    "whole": [None, 0, 1, -1, 3_000_000_000, 999_999_999_999_999_999, -999_999_999_999_999_999],
    "figure": [
        None,
        "12",
        "-0.50",
        ".5",
        "5.",
        "1e3",
        "1E-2",
        "1,000",
        "1.",
        ".",
        " 1",
        "e",
        "+7",
        "1e100",
        "9" * 45,
        "½",
        "１",
    ],
    "active": [None, True, False],
}

SCOPE = NamedFields(FIELDS)


def table() -> Table:
    """A column for each shape of number: short ones of several scales, and one of any length."""
    return Table(
        "numbers",
        MetaData(),
        Column("row", Integer, primary_key=True),
        Column("price", Exact(18, 2)),
        Column("rate", Exact(6, 4)),
        Column("count", Exact(5, 0)),
        Column("calls", Count),
        Column("whole", BigInteger),
        Column("tiny", Exact(18, 18)),
        Column("huge", Exact(18, 0)),
        Column("long", LongNumber(40, 80)),
        Column("share", Exact(7, 2)),
        Column("figure", Text),
        Column("active", Boolean),
    )


@pytest.fixture(scope="module")
def databases(fresh_database_url: Callable[[str], str]) -> Iterator[list[Database]]:
    with compared(fresh_database_url, table, mixed(POOLS)) as made:
        yield made


# -- formulas ---------------------------------------------------------------------------------------------
def filling(pattern: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The pattern with its places filled."""
    return st.tuples(*arguments).map(lambda given: pattern.format(*given))


CONSTANTS = ("0", "1", "2", "-1", "0.5", "7", "1000", "0.001", "-12.345", "1" + "0" * 20, "0." + "0" * 25 + "1", "NULL")
NUMBERS = st.sampled_from([*(name for (name,) in FIELDS if name not in ("figure", "active")), *CONSTANTS, "PI()"])
TEXTS = st.sampled_from(["figure", '"12.5"', '"x"'])
TRUTHS = st.sampled_from(["active", "TRUE", "FALSE"])

ONE = (
    "(-{})", "(+{})", "ABS({})", "CEILING({})", "FLOOR({})", "MCEILING({})", "MFLOOR({})", "TRUNC({})", "SQRT({})",
    "LN({})", "LOG({})", "EXP({})", "SIN({})", "COS({})", "TAN({})", "ASIN({})", "ACOS({})", "ATAN({})",
    "VALUE(TEXT({}))", "BLANKVALUE({}, 7)",
)  # fmt: skip
TWO = (
    "({} + {})", "({} - {})", "({} * {})", "({} / {})", "MOD({}, {})", "ROUND({}, {})", "TRUNC({}, {})",
    "ATAN2({}, {})", "MAX({}, {})", "MIN({}, {})", "BLANKVALUE({}, {})", "NULLVALUE({}, {})", "IFERROR({}, {})",
    'DISTANCE(GEOLOCATION({} + 0, rate), GEOLOCATION(10, {} - 0), "km")',
)  # fmt: skip
COMPARISONS = ("({} = {})", "({} <> {})", "({} < {})", "({} > {})", "({} <= {})", "({} >= {})")


def deeper(
    numbers: st.SearchStrategy[str], texts: st.SearchStrategy[str], truths: st.SearchStrategy[str]
) -> tuple[st.SearchStrategy[str], st.SearchStrategy[str], st.SearchStrategy[str]]:
    """One more level of numbers, texts and truths."""
    small = st.sampled_from(["0", "1", "2", "-2", "20", "count"])
    more_numbers = st.one_of(
        *(filling(each, numbers) for each in ONE),
        *(filling(each, numbers, numbers) for each in TWO),
        filling("ROUND({}, {})", numbers, small),
        filling("({} ^ {})", numbers, small),
        filling("({} ^ {})", numbers, numbers),
        filling("MAX({}, {}, {})", numbers, numbers, numbers),
        filling("VALUE({})", texts),
        filling("IF({}, {}, {})", truths, numbers, numbers),
        filling("IFS({}, {}, {}, {}, {})", truths, numbers, truths, numbers, numbers),
        filling("CASE({}, {}, {}, {}, {}, {})", numbers, numbers, numbers, numbers, numbers, numbers),
    )
    more_texts = st.one_of(
        filling("TEXT({})", numbers),
        filling('FORMATCURRENCY("USD", {})', numbers),
        filling("FORMATCURRENCY({}, {})", texts, numbers),
        filling("({} & {})", texts, texts),
    )
    more_truths = st.one_of(
        *(filling(each, numbers, numbers) for each in COMPARISONS),
        filling("ISNUMBER({})", texts),
        filling("ISBLANK({})", numbers),
        filling("IN({}, {}, {})", numbers, numbers, numbers),
        filling("AND({}, {})", truths, truths),
        filling("OR({}, {})", truths, truths),
        filling("NOT({})", truths),
    )
    return more_numbers, more_texts, more_truths


def formulas(levels: int) -> st.SearchStrategy[str]:
    """Formulas of every type, at most so many levels deep."""
    leaves = made = NUMBERS, TEXTS, TRUTHS
    for _ in range(levels):
        made = deeper(*(leaf | below for leaf, below in zip(leaves, made, strict=True)))
    return st.one_of(*made)


WHOLE = (
    "calls * 50 + calls * 20", "-calls", "ABS(calls - 7)", "MOD(calls, 7)", "MAX(calls, 3)", "IF(active, calls, 0)",
    "CASE(calls, 1, calls, 2, NULL, 3)", "BLANKVALUE(calls, 0) * 2", "ROUND(calls + 1, 0)", "IF(calls > 5, 1, 0)",
    "IF(IN(calls, 1, 7), 1, 0)",
)  # fmt: skip


def test_whole_numbers_stay_integers_where_they_fit(databases: list[Database]) -> None:
    """PostgreSQL's operators on BIGINT, as one would write by hand: no NUMERIC is made of any row."""
    database = next(each for each in databases if each.engine.dialect.name == "postgresql")
    columns = {("calls",): database.table.c.calls, ("active",): database.table.c.active}
    for text in WHOLE:
        formula = compile(text, SCOPE)
        made = str(formula.sql(columns, digits=database.digits).compile(database.engine))
        assert "NUMERIC" not in made and "dg_" not in made, made
        for row, expected, found in database.compare(formula):
            assert (expected, type(expected)) == (found, type(found)), (text, row)


BESIDE = ("2.5", "7", "-1", "99999999999999999999", "0.5")


def test_whole_numbers_compare_with_any_number(databases: list[Database]) -> None:
    """A filter asks for more than a number that need not be whole, nor fit 64 bits."""
    database = next(each for each in databases if each.engine.dialect.name == "postgresql")
    value = compile("calls - 1", SCOPE).sql({("calls",): database.table.c.calls}, digits=database.digits)
    given = [(index, row["calls"]) for index, row in enumerate(database.rows) if row["calls"] is not None]
    with database.engine.connect() as connection:
        for text in BESIDE:
            found = connection.execute(select(database.table.c.row).where(value > Decimal(text))).scalars()
            assert set(found) == {index for index, calls in given if calls - 1 > Decimal(text)}


def test_three_evaluations_agree_on_numbers(databases: list[Database]) -> None:
    @on_pairs(formulas(3), st.sampled_from(["blank", "zero"]), st.sampled_from([None, "percent"]), st.integers(-1, 4))
    def agree(text: str, blanks: str, result_type: str | None, scale: int) -> None:
        hypothesis.note(f"{text} with {blanks}, as {result_type} with scale {scale}")
        formula = compile(text, SCOPE, None, blanks)  # type: ignore[arg-type]
        if formula.type is Type.NUMBER:
            places = None if scale < 0 else scale
            formula = compile(text, SCOPE, result_type, blanks, scale=places)  # type: ignore[arg-type]
        for database in databases:
            try:
                for row, expected, found in database.compare(formula):
                    assert (expected, type(expected)) == (found, type(found)), (database.engine.dialect.name, row)
            except FormulaError as error:
                assert {each.code for each in error.problems} == {"formula-no-sql"}
                refused.append(text)

    refused: list[str] = []
    agree()
    assert len(refused) <= MOST_REFUSED, refused
