"""Working days and fiscal years at their edges: in Python, and in SQL on both databases."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from dougong.formulas import (
    Context,
    EvaluationError,
    Failure,
    FieldInfo,
    NamedFields,
    Path,
    Type,
    WorkingCalendar,
    compile,
)
from dougong.formulas.sql.evaluation import SqlEvaluation
from dougong.formulas.working_days import parsed

FIELDS: dict[Path, FieldInfo] = {
    ("d",): FieldInfo(Type.DATE),
    ("o",): FieldInfo(Type.DATE),
    ("n",): FieldInfo(Type.NUMBER, 18, 4),
}
SCOPE = NamedFields(FIELDS)


def day(text: str) -> date:
    return date.fromisoformat(text)


def days(*texts: str) -> frozenset[date]:
    """Days, and ranges of days as ``2024-02-10/2024-02-17``."""
    found: set[date] = set()
    for text in texts:
        first, _, last = text.partition("/")
        span = (day(last or first) - day(first)).days
        found.update(day(first) + timedelta(each) for each in range(span + 1))
    return frozenset(found)


PLAIN = WorkingCalendar()
CHINA = WorkingCalendar(
    holidays=days(
        "2024-01-01", "2024-02-10/2024-02-17", "2024-04-04/2024-04-06", "2024-05-01/2024-05-05", "2024-06-10",
        "2024-09-15/2024-09-17", "2024-10-01/2024-10-07",
    ),
    workdays=days(
        "2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11", "2024-09-14", "2024-09-29", "2024-10-12"
    ),
    fiscal_month=4,
)  # fmt: skip
SUNDAYS = WorkingCalendar(weekdays=frozenset({6}), fiscal_month=10, named_after_end=True)
SIX_DAYS = WorkingCalendar(weekdays=frozenset(range(6)), holidays=days("2024-02-26/2024-03-02"))

WORKDAYS = [
    (PLAIN, "2024-02-28", "2024-03-01", 2), (PLAIN, "2024-02-29", "2024-02-29", 0),
    (PLAIN, "2024-03-01", "2024-03-04", 1), (PLAIN, "2024-03-02", "2024-03-03", 0),
    (PLAIN, "2024-03-04", "2024-03-01", -1), (PLAIN, "2023-12-31", "2024-12-31", 262),
    (PLAIN, "0001-01-01", "9999-12-31", 2608614), (PLAIN, "9999-12-31", "0001-01-01", -2608614),
    (CHINA, "2024-02-09", "2024-02-18", 1), (CHINA, "2024-02-18", "2024-02-09", -1),
    (CHINA, "2024-02-03", "2024-02-04", 1), (CHINA, "2024-02-10", "2024-02-17", 0),
    (CHINA, "2024-09-13", "2024-09-18", 2), (CHINA, "2024-09-28", "2024-10-12", 7),
    (CHINA, "2023-12-31", "2024-12-31", 251), (CHINA, "2024-04-30", "2024-05-31", 21),
    (SUNDAYS, "2024-02-04", "2024-02-11", 1), (SUNDAYS, "2024-02-11", "2024-02-17", 0),
    (SIX_DAYS, "2024-02-24", "2024-03-04", 1), (SIX_DAYS, "2024-03-04", "2024-02-24", -1),
]  # fmt: skip
ADDED = [
    (PLAIN, "2024-02-28", "1", "2024-02-29"), (PLAIN, "2024-02-29", "1", "2024-03-01"),
    (PLAIN, "2024-03-01", "1", "2024-03-04"), (PLAIN, "2024-03-04", "-1", "2024-03-01"),
    (PLAIN, "2024-03-02", "0", "2024-03-02"), (PLAIN, "2024-03-02", "0.9", "2024-03-02"),
    (PLAIN, "2024-03-02", "-0.9", "2024-03-02"), (PLAIN, "2024-03-01", "1.9", "2024-03-04"),
    (PLAIN, "2024-03-04", "-1.9", "2024-03-01"), (PLAIN, "2024-03-03", "-1", "2024-03-01"),
    (PLAIN, "0001-01-01", "2608614", "9999-12-31"), (PLAIN, "0001-01-01", "2608615", Failure.OUT_OF_RANGE),
    (PLAIN, "9999-12-31", "-2608614", "0001-01-01"), (PLAIN, "9999-12-31", "-2608615", Failure.OUT_OF_RANGE),
    (PLAIN, "2024-03-01", "99999999999999", Failure.OUT_OF_RANGE), (PLAIN, "0001-01-01", "-1", Failure.OUT_OF_RANGE),
    (CHINA, "2024-02-09", "1", "2024-02-18"), (CHINA, "2024-02-19", "-1", "2024-02-18"),
    (CHINA, "2024-02-19", "-2", "2024-02-09"), (CHINA, "2024-09-30", "5", "2024-10-12"),
    (CHINA, "2024-04-30", "-2", "2024-04-28"), (CHINA, "2024-04-30", "10", "2024-05-16"),
    (SUNDAYS, "2024-02-04", "52", "2025-02-02"), (SUNDAYS, "0001-01-07", "-1", Failure.OUT_OF_RANGE),
    (SUNDAYS, "0001-01-08", "-1", "0001-01-07"), (SIX_DAYS, "2024-02-24", "1", "2024-03-04"),
]  # fmt: skip
WORKED = [
    (PLAIN, "2024-02-29", True), (PLAIN, "2024-03-02", False), (PLAIN, "2024-03-03", False),
    (PLAIN, "0001-01-01", True), (PLAIN, "9999-12-31", True), (CHINA, "2024-02-04", True),
    (CHINA, "2024-02-10", False), (CHINA, "2024-02-12", False), (CHINA, "2024-02-18", True),
    (CHINA, "2024-02-25", False), (CHINA, "2025-01-01", True), (SUNDAYS, "2024-02-18", True),
    (SUNDAYS, "2024-02-19", False), (SIX_DAYS, "2024-03-02", False), (SIX_DAYS, "2024-03-09", True),
]  # fmt: skip
FISCAL = [
    (PLAIN, "2024-01-01", 2024, 1), (PLAIN, "2024-12-31", 2024, 4), (PLAIN, "2024-02-29", 2024, 1),
    (CHINA, "2024-03-31", 2023, 4), (CHINA, "2024-04-01", 2024, 1), (CHINA, "2024-06-30", 2024, 1),
    (CHINA, "2024-07-01", 2024, 2), (CHINA, "2024-12-31", 2024, 3), (CHINA, "2025-01-01", 2024, 4),
    (CHINA, "0001-01-01", 0, 4), (SUNDAYS, "2024-09-30", 2024, 4), (SUNDAYS, "2024-10-01", 2025, 1),
    (SUNDAYS, "9999-12-31", 10000, 1), (SUNDAYS, "2024-01-01", 2024, 2),
]  # fmt: skip

Case = tuple[WorkingCalendar, str, dict[str, Any], Any]
CASES: list[Case] = [
    *((each, "WORKDAYS(d, o)", {"d": day(one), "o": day(two)}, Decimal(found)) for each, one, two, found in WORKDAYS),
    *((each, "ADDWORKDAYS(d, n)", {"d": day(one), "n": Decimal(count)},
       found if isinstance(found, Failure) else day(found)) for each, one, count, found in ADDED),
    *((each, "ISWORKDAY(d)", {"d": day(one)}, found) for each, one, found in WORKED),
    *((each, "FISCALYEAR(d)", {"d": day(one)}, Decimal(year)) for each, one, year, _ in FISCAL),
    *((each, "FISCALQUARTER(d)", {"d": day(one)}, Decimal(quarter)) for each, one, _, quarter in FISCAL),
    *((CHINA, text, values, None) for values in ({}, {"d": day("2024-02-29")}) for text in
      ("WORKDAYS(d, o)", "WORKDAYS(o, d)", "ADDWORKDAYS(d, n)", "ISWORKDAY(o)", "FISCALYEAR(o)", "FISCALQUARTER(o)")),
    (CHINA, "ADDWORKDAYS(d, n)", {"n": Decimal(1)}, None),
    (CHINA, "IF(ISWORKDAY(d), 'yes', 'no')", {"d": day("2024-02-18")}, "yes"),
    (CHINA, "IFERROR(ADDWORKDAYS(d, n), o)", {"d": date.max, "n": Decimal(1), "o": date.min}, date.min),
    (CHINA, "WORKDAYS(d, ADDWORKDAYS(d, 7))", {"d": day("2024-01-31")}, Decimal(7)),
]  # fmt: skip


def test_in_python_and_in_sql(connection: Connection) -> None:
    """Value, blank and kind of failure are one, whatever the calendar."""
    in_sql = SqlEvaluation(connection)
    for calendar, text, chosen, expected in CASES:
        formula, context = compile(text, SCOPE), Context(calendar=calendar)
        values = {(name,): chosen.get(name) for (name,) in FIELDS}
        for evaluate in (formula.evaluate, lambda row, known, formula=formula: in_sql(formula, row, known)):
            try:
                found = evaluate(values, context)
            except EvaluationError as error:
                found = error.kind
            assert found == expected, (text, chosen)


def test_calendars_of_all_sorts(connection: Connection) -> None:
    """Random weeks, holidays and make-up days: what SQL gives is what Python gives."""
    chance = random.Random(8)
    counted, added = compile("WORKDAYS(d, o)", SCOPE), compile("ADDWORKDAYS(d, n)", SCOPE)
    worked = compile("ISWORKDAY(d)", SCOPE)

    def near() -> date:
        return day("2024-02-01") + timedelta(chance.randrange(120))

    for _ in range(60):
        off = frozenset(near() for _ in range(chance.randrange(40)))
        calendar = WorkingCalendar(
            weekdays=frozenset(chance.sample(range(7), chance.randrange(1, 8))),
            holidays=off,
            workdays=frozenset(near() for _ in range(chance.randrange(10))) - off,
        )
        values = {("d",): near(), ("o",): near(), ("n",): Decimal(chance.randrange(-60, 60))}
        context, in_sql = Context(calendar=calendar), SqlEvaluation(connection)  # it keeps its first context
        for formula in (counted, added, worked):
            assert in_sql(formula, values, context) == formula.evaluate(values, context), (formula.text, values)


NEAR = st.dates(day("2024-01-01"), day("2024-06-30"))
CALENDARS = st.builds(
    lambda week, off, worked: WorkingCalendar(
        frozenset(week), frozenset(off) - frozenset(worked), frozenset(worked), fiscal_month=1
    ),
    st.sets(st.integers(0, 6), min_size=1),
    st.sets(NEAR, max_size=40),
    st.sets(NEAR, max_size=10),
)


@given(CALENDARS, NEAR, NEAR)
def test_counting_is_looking_at_each_day(calendar: WorkingCalendar, start: date, end: date) -> None:
    first, last = sorted((start, end))
    looked = sum(calendar.is_workday(first + timedelta(each)) for each in range(1, (last - first).days + 1))
    assert calendar.between(start, end) == (looked if start <= end else -looked)


@given(CALENDARS, NEAR, st.integers(-90, 90))
def test_what_was_added_is_counted(calendar: WorkingCalendar, start: date, count: int) -> None:
    """The day found is worked, and so many working days away."""
    found = calendar.after(start, count)
    assert found is not None
    if count:
        assert calendar.is_workday(found)
    way = calendar.between(start, found) if count > 0 else calendar.between(found - timedelta(1), start - timedelta(1))
    assert way == abs(count)


@given(CALENDARS, NEAR, NEAR)
def test_the_text_of_a_calendar_says_all(calendar: WorkingCalendar, start: date, end: date) -> None:
    """What the databases are given decides as the calendar itself."""
    again = parsed(calendar.text)
    assert again.is_workday(start) is calendar.is_workday(start)
    assert again.between(start, end) == calendar.between(start, end)
    assert again.text == calendar.text


def test_a_formula_knows_that_it_follows_the_calendar() -> None:
    assert compile("WORKDAYS(d, o) > 3", SCOPE).uses_calendar
    assert not compile("d - o > 3", SCOPE).uses_calendar
