"""SQL and Python agree: value, blank and error, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from dougong.base.errors import FormulaError
from dougong.formulas import compile
from tests.formulas.sql_rows import SCOPE, Database, filled

FORMULAS = """
amount
amount + discount * 2 - count
-amount
amount * discount
amount > 12.5
amount > 12.501
amount >= -0.015
amount = 0.001
count < -0.001
count >= -0.001
amount <> 0.001
amount < count
12.345 > amount
count = 7 && NOT active
amount = NULL
NULL + amount
ABS(amount) >= 0.01
ROUND(amount, 1)
ROUND(amount, 0)
ROUND(amount, 5)
TRUNC(amount, 1)
TRUNC(amount)
CEILING(amount)
FLOOR(amount)
MCEILING(amount)
MFLOOR(amount)
MFLOOR(amount + discount)
MOD(amount, discount)
MOD(count, 5)
IFERROR(MOD(count, amount), -1)
MAX(amount, discount, count)
MIN(amount, discount, 0)
IF(amount > 0, amount, discount)
IF(active, "yes", "no")
IF(amount > 100, name, NULL)
IFS(amount > 100, 1, amount > 10, 2, amount > 0, count, 0)
IFS(MOD(1, count) = 0, 1, active, 2, 3)
CASE(count, 7, "seven", 12, "twelve", "other")
CASE(stage, "open", 1, "won", amount, NULL, 3, 9)
CASE(stage, "won", MOD(1, count), 0)
CASE(name, city, "same", "other")
IN(count, 7, 12, NULL)
IN(name, "Ada", city)
ISBLANK(name)
ISBLANK(amount)
ISNULL(name)
ISNULL(start)
BLANKVALUE(amount, count)
BLANKVALUE(name, "none")
BLANKVALUE(count, MOD(1, amount))
NULLVALUE(name, "none")
NULLVALUE(amount, discount)
NULLVALUE(amount, MOD(1, count))
ISPICKVAL(stage, "won")
ISPICKVAL(stage, "")
NOT ISPICKVAL(stage, "won")
TEXT(stage) = "won"
TEXT(stage) <> "won"
INCLUDES(colours, "red")
INCLUDES(colours, "re")
NOT INCLUDES(colours, "blue")
PICKLISTCOUNT(colours)
name = city
name <> city
name = ""
name <> ""
name = NULL
"Ada" = name
name < city
name >= "Ada"
name & city
name + " " + city
name & NULL
CONTAINS(name, "a")
CONTAINS(name, city)
CONTAINS(city, NULL)
BEGINS(name, "A")
BEGINS(name, city)
SUBSTITUTE(name, "a", "")
SUBSTITUTE(name, city, NULL)
SUBSTITUTE(name, "%", "_")
TRIM(name)
active
NOT active
active = TRUE
active <> (amount > 0)
NOT(amount > 10)
AND(amount > 10, active)
NOT(AND(amount > 10, active))
OR(amount > 10, MOD(1, count) = 1)
AND(active, MOD(1, count) = 1)
OR(MOD(1, count) = 1, active)
NOT(OR(amount > 10, discount > 0))
amount > 10 || active
amount > 10 && active && NOT ISBLANK(name)
start < end
start = DATE(2024, 2, 29)
start > TODAY()
start - end
start + 30
start - count
start + 0.9
end + amount
start + 1000000 > end
YEAR(start)
MONTH(start)
DAY(end)
WEEKDAY(start)
DAYOFYEAR(start)
YEAR(start + count)
end - TODAY() > 0
seen > NOW() - 1
seen = NOW()
IF(active, start, end)
IF(active, NOW(), NOW() - 1) > seen
IF(active, NOW(), seen)
NOW()
TIMENOW()
TODAY()
owner = $User.id
owner <> $User.id
owner = "nobody"
owner = name
ISBLANK(owner)
BLANKVALUE(owner, $User.id) = $User.id
IF(active, owner, name)
IF(count > 1, IF(active, $User.id, BLANKVALUE($User.id, owner)), owner)
IF(count > 1, IF(active, $User.id, $User.id), owner) = owner
IF(count > 1, IF(active, $User.id, $User.id), BLANKVALUE(owner, $User.id)) = IF(active, $User.id, $User.id)
CONTAINS(owner, "0001")
$User.name = name
1/0 = 1
IFERROR(1/0, amount)
active && 1/0 = 1
IF(active, 1/0, amount)
TRUE
NULL
"a" & "b"
1.5
amount / count
count / amount
IFERROR(discount / amount, -1)
amount / discount > 2
amount / 3 = discount
ROUND(amount / count, 2)
amount / count / discount / amount
1 / 3 * 3
amount * amount * amount * amount * amount
amount * discount * amount * discount - amount / 7
amount / 3 + amount / 3 - amount / 3 * 2
ABS(-amount / 7)
MOD(amount / 7, discount / 3)
MOD(amount, 0.3 / discount)
MAX(amount / 3, discount, count / 7)
MIN(amount / 3, NULL)
CEILING(amount / 0.7 * 0.7)
FLOOR(6 / 11 * count / 6 * 11)
MCEILING(amount / 7)
MFLOOR(amount / 7)
ROUND(amount, count)
ROUND(amount, -1)
ROUND(amount / 7, -2)
ROUND(amount / 7, discount * 10)
TRUNC(amount / 7, 3)
TRUNC(amount / 7)
TRUNC(amount * 3, count)
count ^ 2
amount ^ 3
amount ^ count
discount ^ -7
discount ^ amount
(amount / 7) ^ 5
1.0000001 ^ (count * 1000)
IF(active, amount / 7, count) > discount
CASE(amount / 100, 1, "hundred", 0.125, "eighth", "other")
IN(amount / 4, 25, 3.125)
BLANKVALUE(amount / discount, 7)
NULLVALUE(amount / 3, 1 / count)
start + amount / 7
amount > 12345678901234567890.5
amount * 1000000000000000000
SQRT(amount)
SQRT(amount / 7)
LN(amount)
LOG(amount * 10)
LOG(count)
EXP(amount)
EXP(-amount * 7)
EXP(-count - 600)
EXP(count * 58 + 20)
EXP(-count * 60)
SIN(amount)
COS(amount * 1000000)
TAN(discount)
ASIN(discount)
ACOS(discount / 2)
ATAN(amount)
ATAN2(amount, count)
SIN(EXP(-count * 60))
SQRT(EXP(-count * 60))
LN(EXP(count * 58) * EXP(count * 58))
EXP(amount) * EXP(amount) / EXP(amount)
ROUND(EXP(amount / 100), 2) > 1.13
TEXT(amount)
TEXT(amount / 3)
TEXT(ROUND(amount, 1)) & "!"
TEXT(EXP(-count))
VALUE(name)
VALUE(TEXT(amount))
VALUE(TEXT(amount / 7)) = amount / 7
IFERROR(VALUE(name), 0)
VALUE(TEXT(count) & "e" & TEXT(count))
ISNUMBER(name)
ISNUMBER(TEXT(amount))
ISNUMBER(TEXT(count) & ".5e7")
FORMATCURRENCY("USD", amount)
FORMATCURRENCY("JPY", amount * 1000)
FORMATCURRENCY(name, discount)
FORMATCURRENCY("KWD", -0.0001 * count)
ISBLANK(GEOLOCATION(amount, discount))
DISTANCE(GEOLOCATION(amount, discount), GEOLOCATION(count, 10), "km")
DISTANCE(GEOLOCATION(31.2, 121.5), GEOLOCATION(discount, count), "mi")
DISTANCE(GEOLOCATION(discount, amount), GEOLOCATION(discount, amount), name)
DISTANCE(CASE(stage, "won", GEOLOCATION(1, 2), "open", GEOLOCATION(2, amount), NULL), GEOLOCATION(3, 4), "km")
DISTANCE(GEOLOCATION(amount * -1000000000, discount), GEOLOCATION(10, amount * 1000000000), "km")
DISTANCE(GEOLOCATION(ASIN(2) + 0, discount), GEOLOCATION(10, amount), "km")
DISTANCE(IF(active, GEOLOCATION(1, 2), GEOLOCATION(discount, 3)), GEOLOCATION(EXP(-count * 6), 1), "km") > 100
""".strip().splitlines()

REFUSED = {
    "ISNEW()": "ISNEW",
    "GEOLOCATION(amount, discount)": "geolocation",
    "amount > 1 && ISCHANGED(amount)": "ISCHANGED",
}


@pytest.fixture(scope="module", params=[("sqlite", 18), ("postgresql", 39)], ids=lambda each: str(each[0]))
def database(request: pytest.FixtureRequest, fresh_database_url: Callable[[str], str]) -> Iterator[Database]:
    kind, digits = request.param
    made = filled(fresh_database_url(kind), digits)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("blanks", ["blank", "zero"])
@pytest.mark.parametrize("text", FORMULAS)
def test_sql_agrees_with_python(database: Database, text: str, blanks: str) -> None:
    formula = compile(text, SCOPE, None, blanks)  # type: ignore[arg-type]
    for row, expected, found in database.compare(formula):
        assert (expected, type(expected)) == (found, type(found)), row


@pytest.mark.parametrize(("result_type", "scale"), [("number", 1), ("percent", None), ("percent", 0)])
def test_the_result_is_finished_alike(database: Database, result_type: str, scale: int | None) -> None:
    """Percent points and rounding to the field's scale happen in SQL too."""
    formula = compile("amount * 0.25", SCOPE, result_type, scale=scale)
    for row, expected, found in database.compare(formula):
        assert expected == found, row


@pytest.mark.parametrize(("text", "name"), REFUSED.items())
def test_what_has_no_sql_is_refused_by_name(database: Database, text: str, name: str) -> None:
    formula = compile(text, SCOPE)
    columns = {path: database.table.c[path[0]] for path in formula.references}
    with pytest.raises(FormulaError, match=f"{name} is not yet supported in SQL"):
        formula.sql(columns)


def test_too_many_digits_are_refused(database: Database) -> None:
    """Better no SQL than a number that PostgreSQL does not hold."""
    product = "EXP(amount) * EXP(count) * EXP(discount)"
    formula = compile(f"{product} * {product} * {product}", SCOPE)
    columns = {path: database.table.c[path[0]] for path in formula.references}
    with pytest.raises(FormulaError, match=r"digits; \d+ are exact"):
        formula.sql(columns, digits=database.digits)
