"""Whether one of several conditions always holds: proved by trying every case that they can tell apart.

It can be proved where they look at single fields alone: blank or not, which value of a picklist, which side of a
constant. Such conditions are the same for all numbers between two constants, so one number of each such range stands
for the rest. What else a condition does (arithmetic, settings, text functions) proves nothing here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dougong.formulas import EvaluationError, Formula, Path, Type
from dougong.formulas.typed import Apply, Constant, Field, Inlined, TypedNode

MOST_CASES = 20_000
"""Cases that are tried; conditions that tell more apart are not proved."""

LOGIC = frozenset({"AND", "OR", "NOT", "&&", "||"})
EQUALITY = frozenset({"=", "<>"})
ORDER = frozenset({"<", ">", "<=", ">="})

COMPARED = frozenset({Type.BOOLEAN, Type.NUMBER, Type.TEXT, Type.PICKLIST})
BLANK_OR_NOT = frozenset({Type.ID, Type.DATE, Type.DATETIME})

Asked = dict[Path, tuple[Field, set[Any]]]
"""By path, the field that conditions look at and the constants that they compare it with."""


def always(conditions: Sequence[Formula]) -> bool:
    """Whether it is proved that at least one condition holds for every record."""
    asked: Asked = {}
    if not all(_understood(each.node, asked) for each in conditions):
        return False
    cases = {path: _cases(field, constants) for path, (field, constants) in asked.items()}
    if math.prod(map(len, cases.values())) > MOST_CASES:
        return False
    return all(
        _one_holds(conditions, dict(zip(cases, case, strict=True))) for case in itertools.product(*cases.values())
    )


def _one_holds(conditions: Iterable[Formula], values: Mapping[Path, Any]) -> bool:
    for each in conditions:
        try:
            if each.evaluate(values) is True:
                return True
        except EvaluationError:
            return False
    return False


def _understood(node: TypedNode, asked: Asked) -> bool:
    """Note in `asked` what a condition looks at; False where it does more than look at single fields."""
    if isinstance(node, Inlined):
        return _understood(node.inner, asked)
    if isinstance(node, Field):
        return node.type is Type.BOOLEAN and _noted(node, None, asked)
    if isinstance(node, Constant):
        return True
    if not isinstance(node, Apply):
        return False
    if node.function.name in LOGIC:
        return all(_understood(each, asked) for each in node.arguments)
    return _compared(node.function.name, node.arguments, asked)


def _compared(name: str, arguments: Sequence[TypedNode], asked: Asked) -> bool:
    if name == "ISBLANK" and isinstance(arguments[0], Field):
        return _noted(arguments[0], None, asked)
    if len(arguments) != 2:
        return False
    field, constant = sorted(arguments, key=lambda each: isinstance(each, Constant))
    if not isinstance(field, Field) or not isinstance(constant, Constant):
        return False
    fits = name == "ISPICKVAL" or name in EQUALITY or (name in ORDER and field.type is Type.NUMBER)
    return fits and _noted(field, constant.value, asked)


def _noted(field: Field, constant: Any, asked: Asked) -> bool:
    """False for fields of whose values no few stand for all; of some only whether they are blank is told apart."""
    if field.is_variable or not (field.type in COMPARED or (constant is None and field.type in BLANK_OR_NOT)):
        return False
    asked.setdefault(field.path, (field, set()))[1].add(constant)
    return True


def _cases(field: Field, constants: set[Any]) -> list[Any]:
    """Values of a field that stand for all others, a blank among them."""
    if field.type is Type.BOOLEAN:
        return [None, True, False]
    if field.type in BLANK_OR_NOT:
        return [None, "?"]
    known = constants - {None}
    if field.type is Type.NUMBER:
        numbers = sorted(map(Decimal, known)) or [Decimal(0)]
        between = [(low + high) / 2 for low, high in itertools.pairwise(numbers)]
        return [None, numbers[0] - 1, *numbers, *between, numbers[-1] + 1]
    texts = known | set(field.info.values)
    other = "".join(sorted(map(str, texts))) + "?"
    return [None, *sorted(map(str, texts)), *([other] if field.type is Type.TEXT else [])]
