"""The contract of field types: every type, on both databases, in both languages."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, exists, insert, not_, select
from sqlalchemy.engine import make_url

from dougong.base.field_types import FIELD_TYPES, Reading, ValueRefused
from dougong.engine.columns import Id, shape
from dougong.engine.dialects import open_database
from tests.engine.fields.case import CHINESE, ENGLISH, A, Case
from tests.engine.fields.cases import CASES
from tests.engine.fields.oracle import holds
from tests.engine.repeating import again

READINGS = (ENGLISH, CHINESE)
METADATA = MetaData()
LINKS = Table("links", METADATA, Column("source", Integer), Column("target", Id()))


def _table(case: Case) -> Table:
    field = case.field
    parts = field.type.parts(field)
    return Table(
        f"case_{case.id}", METADATA, Column("id", Integer, primary_key=True),
        *(Column(f"v{part.suffix}", part.type) for part in parts),
    )  # fmt: skip


TABLES = {case.id: _table(case) for case in CASES}


def parts(case: Case) -> list[Column[Any]]:
    """The columns of a case's field."""
    return list(TABLES[case.id].c)[1:]


def _fill(connection: Connection) -> None:
    """Each value of each case, backwards, then a blank; ids count the values from 1, the blank has 0."""
    for case in CASES:
        field, table = case.field, TABLES[case.id]
        numbered = [(0, None), *enumerate(case.values, 1)]
        for number, value in reversed(numbered):
            row = dict(zip((part.name for part in parts(case)), field.type.to_row(field, value), strict=True))
            if case.name == "money":
                row["v_company"] = value
            connection.execute(insert(table).values(id=number, **row))
            for each in (value or ()) if case.name == "link" else ():
                connection.execute(insert(LINKS).values(source=number, target=each.id))


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def connection(request: pytest.FixtureRequest, fresh_database_url: Callable[[str], str]) -> Iterator[Connection]:
    """A database with the values of every case."""
    database = open_database(make_url(fresh_database_url(request.param)), "default", 2)
    database.create()
    with database.writers.connect() as opened:
        database.begin_write(opened)
        METADATA.create_all(opened)
        _fill(opened)
        opened.commit()
        yield opened
    database.close()


def every(fits: Callable[[Case], bool] = lambda case: True) -> pytest.MarkDecorator:
    """Parametrise over all cases that fit."""
    return pytest.mark.parametrize("case", [case for case in CASES if fits(case)], ids=lambda case: case.id)


def test_every_type_has_a_case() -> None:
    """A new type cannot be forgotten here."""
    assert {case.name for case in CASES} == set(FIELD_TYPES)


@every(lambda case: case.field.type.stored)
def test_values_come_back_from_the_database(case: Case, connection: Connection) -> None:
    """What is stored is read back equal, of the same Python type."""
    field = case.field
    rows = again(connection, select(TABLES[case.id].c.id, *parts(case)).order_by("id"))
    found = [field.type.from_row(field, row[1:]) for row in rows]
    assert found == [None, *case.values]
    assert [type(value) for value in found[1:]] == [
        type(field.type.coerce(field, value, ENGLISH)) for value in case.values
    ]


@every()
def test_json_reads_back(case: Case) -> None:
    """`coerce` reads what `to_json` wrote, through real JSON text."""
    field = case.field
    for value in (None, *case.values):
        said = json.loads(json.dumps(field.type.to_json(field, value)))
        assert field.type.coerce(field, said, ENGLISH) == value


@every()
@pytest.mark.parametrize("reading", READINGS, ids=lambda each: each.language)
def test_text_and_form_read_back(case: Case, reading: Reading) -> None:
    """`coerce` reads what export wrote, and what the form shows."""
    field = case.field
    for value in case.values:
        assert field.type.coerce(field, field.type.to_text(field, value, reading), reading) == value
        assert field.type.coerce(field, field.type.form(field, value, reading), reading) == value
    assert field.type.to_text(field, None, reading) == ""
    assert not field.type.coerce(field, field.type.form(field, None, reading), reading)


@every()
def test_python_values_stay(case: Case) -> None:
    """`coerce` leaves a value of the field as it is."""
    field = case.field
    for value in case.values:
        assert field.type.coerce(field, value, CHINESE) == value


@pytest.mark.parametrize(
    ("case", "given", "expected"),
    [(case, given, expected) for case in CASES for given, expected in case.reads],
    ids=lambda value: getattr(value, "id", None) and str(value.id),
)
def test_input_is_read(case: Case, given: Any, expected: Any) -> None:
    """What people type and files hold becomes the value that is meant."""
    found = case.field.type.coerce(case.field, given, CHINESE)
    assert (found, type(found)) == (expected, type(found)), given


@pytest.mark.parametrize(
    ("case", "given", "code"),
    [(case, given, code) for case in CASES for given, code in case.refused],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 and value.isascii() else None,
)
def test_bad_input_is_refused(case: Case, given: Any, code: str) -> None:
    """A refusal has its code and says why in both languages, differently."""
    with pytest.raises(ValueRefused) as refused:
        case.field.type.coerce(case.field, given, ENGLISH)
    assert refused.value.code == code
    said = [
        (refused.value.reason.to(language), refused.value.fix and refused.value.fix.to(language))
        for language in ("en", "zh-CN")
    ]
    assert said[0][0] and said[0][0] != said[1][0]
    assert "{" not in said[0][0].replace(str(given), "") or case.name == "geolocation"


@every()
def test_display(case: Case) -> None:
    """People read a value in their language; blank shows nothing (a yes-or-no shows no)."""
    field = case.field
    assert field.type.display(field, case.values[0], CHINESE) == case.shown
    assert all(isinstance(field.type.display(field, value, ENGLISH), str) for value in case.values)
    assert field.type.display(field, None, ENGLISH) == ("No" if case.name == "boolean" else "")


@every()
def test_operators_are_all_tried(case: Case) -> None:
    """The table of operands has each operator that the type offers, and no other."""
    assert {operator.name for operator in case.field.type.operators(case.field)} == set(case.operands)


@every()
def test_operators_mean_what_they_say(case: Case, connection: Connection) -> None:
    """Each operator chooses what the oracle chooses; NOT chooses the rest, blanks included."""
    field, table = case.field, TABLES[case.id]
    values = dict(enumerate((None, *case.values)))
    for op, given in ((op, given) for op, all_given in case.operands.items() for given in all_given):
        operand = field.type.operand(field, op, given, CHINESE)
        condition = (
            _linked(case, op, operand) if case.name == "link" else field.type.condition(field, parts(case), op, operand)
        )
        chosen = {id for (id,) in again(connection, select(table.c.id).where(condition), plain=False)}
        rest = set(connection.scalars(select(table.c.id).where(not_(condition))))
        expected = {number for number, value in values.items() if holds(case, op, value, operand)}
        assert (chosen, rest) == (expected, set(values) - expected), (op, given, operand)


def _linked(case: Case, op: str, operand: Any) -> Any:
    """As queries wrap a link's condition."""
    inner = case.field.type.condition(case.field, [LINKS.c.target], op.replace("excludes", "includes"), operand)
    found = exists().where(LINKS.c.source == TABLES[case.id].c.id, inner)
    return not_(found) if op in ("excludes", "blank") else found


@every()
def test_bad_operands_are_refused(case: Case) -> None:
    """An operand that is missing, or an operator that the type lacks, is refused by name."""
    field = case.field
    with pytest.raises(ValueRefused) as refused:
        field.type.operand(field, "sounds_like", "x", ENGLISH)
    assert refused.value.code == "operator-unknown"
    for operator in field.type.operators(field):
        if operator.arity in ("one", "two"):
            with pytest.raises(ValueRefused):
                field.type.operand(field, operator.name, None, ENGLISH)


@every(lambda case: case.field.type.sortable)
@pytest.mark.parametrize("descending", (False, True))
def test_sort_order(case: Case, descending: bool, connection: Connection) -> None:
    """Sorting follows the order of the table's values, blanks last either way."""
    field, table = case.field, TABLES[case.id]
    keys = field.type.sort_keys(field, parts(case))
    order = [(key.desc() if descending else key.asc()).nulls_last() for key in keys]
    found = list(connection.scalars(select(table.c.id).order_by(*order)))
    numbers = list(range(1, len(case.values) + 1))
    assert found == [*(reversed(numbers) if descending else numbers), 0]


def test_parts_are_known_shapes() -> None:
    """Every physical column is of a kind that publishing knows how to move."""
    for case in CASES:
        assert all(shape(part.type) for part in case.field.type.parts(case.field)), case.id


def test_filters_find_labels_in_both_languages() -> None:
    """No two operators of a type are called the same, in either language."""
    for case, language in itertools.product(CASES, ("en", "zh-CN")):
        names = [operator.label.to(language) for operator in case.field.type.operators(case.field)]
        assert len(set(names)) == len(names), (case.id, language, names)


def test_reference_is_read_from_a_foreign_title() -> None:
    """A title that came along is kept for messages, never needed."""
    lookup = next(case for case in CASES if case.id == "lookup").field
    value = lookup.type.coerce(lookup, A.upper(), ENGLISH)
    assert (value.id, value.object, value.title) == (A, "account", "")
