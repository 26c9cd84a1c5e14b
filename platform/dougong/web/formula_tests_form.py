"""Tests beside a formula in the editor's form: what stands there as it is typed, and new ones, made from a record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from dougong.base.errors import DougongError
from dougong.base.language import Message
from dougong.engine.saving.expressions import reader
from dougong.formulas import EvaluationError, Formula, Path, Type
from dougong.formulas.types import FieldInfo
from dougong.metadata.checking.formula_values import shown
from dougong.metadata.model import Object
from dougong.metadata.scope import FieldScope
from dougong.web.formula_check import SeenRelated
from dougong.web.visit import Visit

MOST_MADE = 20
"""New tests that one form may hold."""

_KEYS = {"key", "given", "before", "at", "expect"}


def typed(value: Any) -> str:
    """What a test says, as it is typed: yes and no as such, a blank as nothing, an error as its JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def expectation(said: str, was: Any) -> Any:
    """What was typed as a test says it; what stands there already stays as it is."""
    if said == typed(was):
        return was
    if said in ("true", "false"):
        return said == "true"
    return said or None


def made_tests(visit: Visit) -> tuple[Mapping[str, Any], ...]:
    """The tests that the form has made so far; what is none is left out."""
    found = (_read(text) for text in visit.sent_all("made_test")[:MOST_MADE])
    return tuple(each for each in found if each is not None)


def _read(text: str) -> Mapping[str, Any] | None:
    try:
        found = orjson.loads(text)
    except ValueError:
        return None
    sound = isinstance(found, dict) and {"key", "expect"} <= set(found) <= _KEYS and isinstance(found["key"], str)
    return found if sound and all(isinstance(found.get(key, {}), dict) for key in ("given", "before")) else None


# -- a new test ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class NewTest:
    """The test being written: of each path that the formula reads, what is given and what was before."""

    key: str
    values: tuple[tuple[str, str, str], ...]
    at: str
    expects: str
    changes: bool
    """Whether the formula looks at what changed."""
    clock: bool


def being_written(visit: Visit, obj: Object, formula: Formula, record: str, known: int, filled: bool) -> NewTest:
    """The row of a new test as it is typed; `filled` in from the record chosen, where the reader sees one."""
    paths = [".".join(path) for path in (*formula.references, *formula.variables)]
    from_record = _of_record(visit, obj, formula, record) if filled and record else {}
    values = (
        (each, from_record.get(each, visit.sent(f"given.{each}")), visit.sent(f"before.{each}")) for each in paths
    )
    return NewTest(
        key=visit.sent("test_key").strip() or f"case_{known + 1}",
        values=tuple(values),
        at=visit.sent("test_at").strip() or (visit.unit.now.isoformat(timespec="seconds") if filled else ""),
        expects=visit.sent("test_expect", "true"),
        changes=formula.save_only,
        clock=formula.uses_clock,
    )


def _of_record(visit: Visit, obj: Object, formula: Formula, record: str) -> dict[str, str]:
    try:
        values = visit.unit.records.get(obj.name, record).values
    except DougongError:
        return {}
    read = reader(visit.unit, obj.name, values, formula, SeenRelated)
    return {".".join(path): _written(visit, read(path)) for path in formula.references}


def _written(visit: Visit, value: Any) -> str:
    if value is None:
        return ""
    try:
        said = shown(value)
    except EvaluationError:
        return ""
    return visit.say(said) if isinstance(said, Message) else said


def made_of(row: NewTest, scope: FieldScope) -> dict[str, Any]:
    """The test that a row says, as it stands in a document."""
    made: dict[str, Any] = {"key": row.key, "given": dict(_given(row, scope, 1))}
    before = dict(_given(row, scope, 2))
    made |= {"before": before} if row.changes and before else {}
    made |= {"at": row.at} if row.clock and row.at else {}
    return made | {"expect": expectation(row.expects, None)}


def _given(row: NewTest, scope: FieldScope, column: int) -> Iterator[tuple[str, Any]]:
    for each in row.values:
        if each[column].strip():
            path: Path = tuple(each[0].split("."))
            yield each[0], _value(scope.resolve(path), each[column].strip())


def _value(info: FieldInfo | None, text: str) -> Any:
    """What was typed for a field, as tests say it: yes and no as such, several values as a list, the rest as text."""
    if info is not None and info.type is Type.BOOLEAN and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if info is not None and info.type is Type.MULTI_PICKLIST:
        return [each.strip() for each in text.split(";") if each.strip()]
    return text
