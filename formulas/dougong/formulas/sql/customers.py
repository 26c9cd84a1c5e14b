"""SQL of what is known of customers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, literal_column

from dougong.formulas.sql.comparisons import compared
from dougong.formulas.sql.dates import DATE
from dougong.formulas.sql.routines import Routine
from dougong.formulas.sql.values import Sql, constant, text
from dougong.formulas.types import Type

_STRICT = "IMMUTABLE STRICT PARALLEL SAFE"

IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
IDENTITY_SIGNS = "10X98765432"
"""The last sign by the remainder of the weighted sum by 11."""
CREDIT_WEIGHTS = tuple(3**place % 31 for place in range(17))
CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The signs of a credit code in the order of their values: the capitals but I, O, S, V and Z."""


def rfm_score(days: Sql, orders: Sql, amount: Sql, *steps: Sql) -> Sql:
    """Three scores side by side; the thresholds are literal, and have been checked."""
    thresholds = [[Decimal(part.strip()) for part in str(each.constant).split(",")] for each in steps]
    scores = [
        _score(days, thresholds[0], operator.le, "5432"),
        _score(orders, reversed(thresholds[1]), operator.ge, "5432"),
        _score(amount, reversed(thresholds[2]), operator.ge, "5432"),
    ]
    value = scores[0].concat(scores[1]).concat(scores[2])
    given = [each.value.is_not(None) for each in (days, orders, amount) if each.nullable]
    return text(case((and_(*given), value)) if given else value, may_be_empty=False, longest=3)


def _score(item: Sql, steps: Iterable[Decimal], compare: Callable[[Any, Any], Any], scores: str) -> ColumnElement[str]:
    """The score of the first threshold that is met, 1 where none is."""
    meets = compared(compare)
    known = (constant(Type.NUMBER, each, item.limit) for each in steps)
    whens = [(meets(item, step).value, _sign(each)) for step, each in zip(known, scores, strict=True)]
    return case(*whens, else_=_sign("1"))


def _sign(digit: str) -> ColumnElement[str]:
    return literal_column(f"'{digit}'", Text())


def _weighted(signs: str, weights: tuple[int, ...]) -> str:
    """The sum of the places of the first signs of `t` among `signs`, weighted."""
    listed = ", ".join(map(str, weights))
    return (
        f"(SELECT sum((strpos('{signs}', substr(t, place, 1)) - 1) * (ARRAY[{listed}])[place])::integer "
        f"FROM generate_series(1, {len(weights)}) place)"
    )


is_identity = Routine(
    name="dg_is_identity",
    result=Type.BOOLEAN,
    needs=(DATE,),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_is_identity(t text) RETURNS boolean LANGUAGE sql {_STRICT} AS $$
    SELECT CASE WHEN t ~ '^[0-9]{{17}}[0-9Xx]$' THEN
        dg_date(substr(t, 7, 4)::numeric, substr(t, 11, 2)::numeric, substr(t, 13, 2)::numeric) IS NOT NULL
        AND upper(substr(t, 18, 1)) =
            substr('{IDENTITY_SIGNS}', {_weighted("0123456789", IDENTITY_WEIGHTS)} % 11 + 1, 1)
    ELSE false END
$$;
""",
)

is_credit_code = Routine(
    name="dg_is_credit_code",
    result=Type.BOOLEAN,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_is_credit_code(t text) RETURNS boolean LANGUAGE sql {_STRICT} AS $$
    SELECT CASE WHEN t ~ '^[{CREDIT_SIGNS}]{{18}}$' THEN
        ({_weighted(CREDIT_SIGNS, CREDIT_WEIGHTS)} + strpos('{CREDIT_SIGNS}', substr(t, 18, 1)) - 1) % 31 = 0
    ELSE false END
$$;
""",
)
