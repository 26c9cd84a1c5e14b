"""What the edges of functions yield, in Python, SQLite and PostgreSQL alike. A new edge is a new line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dougong.formulas import Failure, compile
from tests.formulas.sql_rows import SCOPE, Database, filled, table

ROW: dict[str, Any] = {
    "amount": Decimal("-12.50"),
    "discount": Decimal("0.5"),
    "count": None,
    "name": "banana",
    "city": None,
    "stage": None,
    "colours": None,
    "active": None,
    "start": date(2023, 2, 28),
    "end": None,
    "seen": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
    "owner": None,
}

EDGES: list[tuple[str, Any]] = [
    ("LEFT(name, amount)", None),
    ("LEFT(name, 2.9)", "ba"),
    ("RIGHT(name, 0.9)", None),
    ("RIGHT(name, 99)", "banana"),
    ("MID(name, amount, 2)", "ba"),
    ("MID(name, 7, 1)", None),
    ("SUBSTR(name, -6, 3)", "ban"),
    ("SUBSTR(name, -7)", None),
    ("SUBSTR(name, discount, 2)", "ba"),
    ("LPAD(name, discount)", None),
    ("LPAD(name, 8.9, '-')", "--banana"),
    ("RPAD(name, 9, '<>')", "banana<><"),
    ("RPAD(city, 3, 'x')", None),
    ("FIND('a', name, amount)", Decimal(2)),
    ("FIND('a', name, 7)", Decimal(0)),
    ("FIND(city, name)", Decimal(0)),
    ("FIND('na', name, count)", Decimal(0)),
    ("FIND('na', name & '😀')", Decimal(3)),
    ("FIND('a', '😀' & name)", Decimal(4)),
    ("FIND(name, name)", Decimal(1)),
    ("VALUE(SUBSTITUTE(name, 'banana', '1e99'))", Decimal("1e99")),
    ("VALUE(SUBSTITUTE(name, 'banana', '1e100'))", Failure.NUMBER_TEXT),
    ("VALUE(SUBSTITUTE(name, 'banana', '5.'))", Decimal(5)),
    ("VALUE(SUBSTITUTE(name, 'banana', '.'))", Failure.NUMBER_TEXT),
    ("VALUE(SUBSTITUTE(name, 'banana', '１'))", Failure.NUMBER_TEXT),
    ("ISNUMBER(SUBSTITUTE(name, 'banana', '007'))", True),
    ("FORMATCURRENCY('XYZ', amount)", "XYZ -12.50"),
    ("FORMATCURRENCY(name, amount)", "banana -12.50"),
    ("FORMATCURRENCY(city, amount)", " -12.50"),
    ("UNIXTIMESTAMP(FROMUNIXTIME(discount - 1))", Decimal(-1)),
    ("name & '/' & city & TEXT(stage)", "banana/"),
    ("city & TEXT(stage)", None),
    ("name & city & name", "bananabanana"),
    ("SUBSTITUTE(name, 'ana', city)", "bna"),
    ("SUBSTITUTE(name, name, '')", None),
    ("SUBSTITUTE(name, city, 'x')", None),
    ("BEGINS(city, city)", True),
    ("BEGINS(city, name)", None),
    ("CONTAINS(name, city)", True),
    ("CONTAINS(name, 'NAN')", False),
    ("LEN(city)", Decimal(0)),
    ("city & city", None),
    ("city + name", "banana"),
    ("name > city", None),
    ("city = ''", True),
    ("city <> name", True),
    ("ROUND(amount, -1)", Decimal(-10)),
    ("ROUND(amount, 0)", Decimal(-13)),
    ("ROUND(amount, -1.9)", Decimal(-10)),
    ("ROUND(amount, -2)", Decimal(0)),
    ("TRUNC(amount, discount)", Decimal(-12)),
    ("CEILING(amount)", Decimal(-13)),
    ("FLOOR(amount)", Decimal(-12)),
    ("MCEILING(amount)", Decimal(-12)),
    ("MFLOOR(amount)", Decimal(-13)),
    ("FLOOR(-discount)", Decimal(0)),
    ("MCEILING(-discount)", Decimal(0)),
    ("MOD(amount, 5)", Decimal("-2.5")),
    ("MOD(7, amount)", Decimal(7)),
    ("MOD(amount, discount - 0.5)", Failure.DIVISION_BY_ZERO),
    ("amount ^ discount", Failure.OUT_OF_RANGE),
    ("SQRT(amount)", Failure.NOT_FINITE),
    ("LN(discount - 0.5)", Failure.NOT_FINITE),
    ("ADDMONTHS(start, 12)", date(2024, 2, 29)),
    ("ADDMONTHS(start, 1.9)", date(2023, 3, 31)),
    ("ADDMONTHS(start, 99999)", Failure.OUT_OF_RANGE),
    ("ADDMONTHS(end, 1)", None),
    ("start + discount + discount", date(2023, 2, 28)),
    ("start - 9999999", Failure.OUT_OF_RANGE),
    ("DATE(2024, amount, 1)", Failure.OUT_OF_RANGE),
    ("UNIXTIMESTAMP(seen)", Decimal(-1)),
    ("HOUR(TIMEVALUE(seen) + 1000)", Decimal(0)),
    ("TEXT(seen + discount)", "1970-01-01 11:59:59Z"),
    ("FORMATDURATION(amount)", "00:00:12"),
    ("ISBLANK(city) && NOT(ISNULL(city))", True),
    ("BLANKVALUE(city, name)", "banana"),
    ("NULLVALUE(city, name)", None),
    ("NULLVALUE(end, start)", date(2023, 2, 28)),
    ("CASE(city, '', 1, 2)", Decimal(1)),
    ("CASE(end, NULL, 1, 2)", Decimal(2)),
    ("CASE(stage, '', 1, 2)", Decimal(1)),
    ("IN(city, '')", False),
    ("active = FALSE", True),
    ("INCLUDES(colours, 'red')", False),
    ("PICKLISTCOUNT(colours)", Decimal(0)),
]

BLANKS: list[tuple[str, Any, Any]] = [
    ("count", None, Decimal(0)),
    ("TEXT(count)", None, "0"),
    ("ISBLANK(count)", True, False),
    ("ISNULL(count + 1)", True, False),
    ("BLANKVALUE(count, 5)", Decimal(5), Decimal(0)),
    ("NULLVALUE(count, 5)", Decimal(5), Decimal(0)),
    ("IN(count, 0)", False, True),
    ("CASE(count, 0, 'none', 'some')", "some", "none"),
    ("count = 0", None, True),
    ("count >= 0", None, True),
    ("MAX(amount, count)", None, Decimal(0)),
    ("amount / count", None, Failure.DIVISION_BY_ZERO),
    ("MOD(amount, count)", None, Failure.DIVISION_BY_ZERO),
    ("amount ^ count", None, Decimal(1)),
    ("LN(count)", None, Failure.NOT_FINITE),
    ("EXP(count)", None, Decimal(1)),
    ("ROUND(amount, count)", None, Decimal(-13)),
    ("MID(name, count, 2)", None, "ba"),
    ("SUBSTR(name, count)", None, "banana"),
    ("LPAD(name, count)", None, None),
    ("start + count", None, date(2023, 2, 28)),
    ("ADDMONTHS(start, count)", None, date(2023, 2, 28)),
    ("DATE(2024, 1, count)", None, Failure.OUT_OF_RANGE),
    ("TEXT(FROMUNIXTIME(count))", None, "1970-01-01 00:00:00Z"),
    ("FORMATDURATION(count)", None, "00:00:00"),
    ("VALUE(city) + count", None, None),
    ("ISBLANK(VALUE(city))", True, True),
]


@pytest.fixture(scope="module")
def databases(fresh_database_url: Callable[[str], str]) -> Iterator[list[Database]]:
    made = [
        filled(fresh_database_url(kind), digits, table(), [ROW])
        for kind, digits in (("sqlite", 18), ("postgresql", 39))
    ]
    yield made
    for each in made:
        each.engine.dispose()


def _yields(databases: list[Database], text: str, blanks: Any, wanted: Any) -> None:
    formula = compile(text, SCOPE, None, blanks)
    for database in databases:
        for _, in_python, in_sql in list(database.compare(formula))[:1]:
            assert (in_python, in_sql) == (wanted, wanted), database.engine.dialect.name


@pytest.mark.parametrize(("text", "wanted"), EDGES, ids=[each[0] for each in EDGES])
def test_an_edge_yields_the_same_everywhere(databases: list[Database], text: str, wanted: Any) -> None:
    _yields(databases, text, "blank", wanted)


@pytest.mark.parametrize(("text", "as_blank", "as_zero"), BLANKS, ids=[each[0] for each in BLANKS])
def test_a_blank_number_counts_as_asked(databases: list[Database], text: str, as_blank: Any, as_zero: Any) -> None:
    _yields(databases, text, "blank", as_blank)
    _yields(databases, text, "zero", as_zero)


@pytest.mark.parametrize("text", ["0 * -1", "FLOOR(-0.5)", "ROUND(-0.4, 0)", "-(0)"])
def test_zero_has_no_sign(text: str) -> None:
    assert str(compile(text, SCOPE).evaluate({})) in ("0", "0.0")


@pytest.mark.parametrize("pattern", ["[a-z&&[^b]]", "[a-d[m-p]]", "[[a]", "(?=a)a", "(a)\\\\1", "a*+"])
def test_what_re2_lacks_is_an_invalid_pattern(pattern: str) -> None:
    """Rather than another meaning than the one that Java gives it."""
    made = compile(f'IFERROR(REGEX(name, "{pattern}"), NULL)', SCOPE)
    assert made.evaluate({("name",): "a"}) is None
