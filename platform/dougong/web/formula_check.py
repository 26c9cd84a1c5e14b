"""What the formula editor computes: the mistakes of a text as one types, what it means, what it gives for a record."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dougong.base.errors import DougongError, FormulaError, Problem
from dougong.base.field_types import FIELD_TYPES
from dougong.base.language import Message, label
from dougong.engine.formula_scope import scope_of
from dougong.engine.saving.expressions import reader
from dougong.engine.saving.related import Related
from dougong.engine.variables import formula_context
from dougong.formulas import EvaluationError, Formula, Path, Type, compile
from dougong.formulas.explanation import Step
from dougong.formulas.formula import SAVE_ONLY
from dougong.metadata.checking.formula_fields import sql_refusals
from dougong.metadata.model import Object
from dougong.metadata.scope import FieldScope
from dougong.web.record_page import title_of
from dougong.web.visit import Visit, whole_number

MOST_STEPS = 400
"""Parts that a formula may have to be shown taken apart: nobody reads more."""

MOST_DECIMALS = 10
"""Decimals of a number that the preview shows."""

_WORD = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|[$\w][\w.]*|[<>=!&|]{2}|\S")
_MEANT = "Did you mean {name}?"


# -- what is wrong ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: `start` and `end` in UTF-16 units of the text, as browsers count; `instead` mends it, if known."""

    line: int
    column: int
    start: int
    end: int
    text: str
    instead: str = ""


def mistake(text: str, problem: Problem, language: str) -> Mistake:
    """A problem of a formula, at its word."""
    line, column = problem.place.line or 1, problem.place.column or 1
    start = sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1
    found = _WORD.match(text, start)
    end = found.end() if found else min(start + 1, len(text))
    if problem.code == "formula-result-type":
        end = len(text)
    meant = problem.fix.values.get("name", "") if problem.fix and problem.fix.text == _MEANT else ""
    return Mistake(line, column, _units(text[:start]), _units(text[:end]), problem.text(language), str(meant))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def mended(text: str, start: int, end: int, instead: str) -> str:
    """`text` with what stands from `start` to `end` (UTF-16 units) replaced."""
    coded = text.encode("utf-16-le", "surrogatepass")
    pieces = coded[: 2 * start] + instead.encode("utf-16-le") + coded[2 * end :]
    return pieces.decode("utf-16-le", "replace")


def mended_at(text: str, where: str) -> str:
    """`text` with what a button says put where it says: ``start:end:instead``."""
    start, end, instead = (*where.split(":", 2), "", "")[:3]
    first, last = whole_number(start), whole_number(end)
    if first is None or last is None or first > last:
        return text
    return mended(text, first, last, instead)


# -- what it means ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Part:
    """A part of a formula as the preview shows it; `failed` where it has no value."""

    text: str
    value: str
    failed: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a formula gives for a record, and how it comes to it; `whole` is None where there are too many parts."""

    title: str
    value: str
    failed: bool
    whole: Part | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """A text, read as a formula: its `mistakes`, or what it is. `remarks` say where it can be used."""

    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()
    formula: Formula | None = None
    canonical: str = ""
    reads: tuple[tuple[str, str], ...] = ()
    remarks: tuple[Message, ...] = ()
    refused: tuple[str, ...] = ()
    """Why it has no SQL."""
    preview: Preview | None = None
    no_preview: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be read as a formula, over which object, of which type ("" takes what it yields)."""

    object: Object
    text: str
    returns: str = ""
    scale: int | None = None
    blanks: str = "blank"
    record: str = ""
    result: str | None = None
    """What it must yield as formulas name it, where no type of field says so."""


def meaning(visit: Visit, wanted: Wanted) -> Meaning:
    """Read the text; where it is sound, say what it means and what it gives for the record chosen."""
    scope = scope_of(visit.unit, wanted.object.name)
    try:
        formula = _compiled(scope, wanted)
    except FormulaError as error:
        return Meaning(mistakes=tuple(mistake(wanted.text, each, visit.language) for each in error.problems))
    refused = () if formula.save_only else sql_refusals(scope.index, wanted.object.name, formula)
    preview, no_preview = _preview(visit, wanted, formula)
    return Meaning(
        warnings=tuple(mistake(wanted.text, each, visit.language) for each in formula.warnings),
        formula=formula,
        canonical=canonical(formula),
        reads=tuple((".".join(path), path_label(visit, wanted.object, path)) for path in _read(formula)),
        remarks=formula.remarks,
        refused=tuple(each.text(visit.language) for each in refused),
        preview=preview,
        no_preview=no_preview,
    )


def _compiled(scope: FieldScope, wanted: Wanted) -> Formula:
    kind = FIELD_TYPES[wanted.returns] if wanted.returns else None
    result = wanted.result or (kind.formula_type if kind else None)
    return compile(wanted.text, scope, result, wanted.blanks, scale=wanted.scale)  # type: ignore[arg-type]


def canonical(formula: Formula) -> str:
    """The formula as it is written canonically; "" where that would lose its comments."""
    return "" if "/*" in formula.source else formula.text


def _read(formula: Formula) -> tuple[Path, ...]:
    return (*formula.references, *formula.variables)


def path_label(visit: Visit, obj: Object, path: Path) -> str:
    """A path in the reader's words: "Account › Name"; as far as it leads over fields."""
    said: list[str] = []
    at: Object | None = visit.model.objects.get("user") if path[0] == "$User" else obj
    for name in path[1:] if path[0] == "$User" else path:
        known = at.fields.get(name) if at else None
        if known is None:
            break
        said.append(label(known.label, visit.language))
        at = visit.model.objects.get(known.targets[0]) if known.targets else None
    return " › ".join(said)


# -- what it gives ---------------------------------------------------------------------------------------------
class SeenRelated(Related):
    """The parents of a record, those left out that the reader may not see."""

    def values(self, reference: Any) -> Any:
        seen = self.seen(reference)
        return seen.values if seen and seen.visible else None


def _preview(visit: Visit, wanted: Wanted, formula: Formula) -> tuple[Preview | None, str]:
    """What the formula gives for the record chosen, or why that cannot be shown; neither where none is chosen."""
    if not wanted.record:
        return None, ""
    if formula.save_only:
        return None, visit.say(SAVE_ONLY)
    try:
        values = visit.unit.records.get(wanted.object.name, wanted.record).values
    except DougongError as error:
        return None, error.problems[0].text(visit.language)
    read, context = reader(visit.unit, wanted.object.name, values, formula, SeenRelated), formula_context(visit.unit)
    try:
        value, failed = shown(visit, formula.evaluate(read, context)), False
    except EvaluationError as error:
        value, failed = visit.say(error.kind.reason), True
    whole = _part(visit, formula.explain(read, context)) if formula.size <= MOST_STEPS else None
    return Preview(title_of(visit, wanted.object, values), value, failed, whole), ""


def _part(visit: Visit, step: Step) -> Part:
    parts = tuple(_part(visit, each) for each in step.steps)
    if step.failure:
        return Part(step.text, visit.say(step.failure.reason), True, parts)
    return Part(step.text, shown(visit, step.value), parts=parts)


def shown(visit: Visit, value: Any) -> str:
    """A value of the language as people read it; "" for a blank."""
    x = visit.context
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return _number(x.number(value))
    if isinstance(value, frozenset | tuple):
        return "; ".join(str(each) for each in (sorted(value) if isinstance(value, frozenset) else value))
    if isinstance(value, dt.datetime):
        return x.datetime(value)
    if isinstance(value, dt.date):
        return x.date(value)
    return x.time(value) if isinstance(value, dt.time) else str(value)


def _number(text: str) -> str:
    """A number without zeros at the end of its decimals; of very many decimals the first, and that there are more."""
    whole, point, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) > MOST_DECIMALS:
        return f"{whole}.{decimals[:MOST_DECIMALS]}…"
    return f"{whole}{point}{decimals}" if decimals else whole


def yields(formula: Formula) -> str:
    """The type of field that holds what a formula yields, where none was chosen."""
    kinds = {Type.NUMBER: "decimal", Type.BOOLEAN: "boolean", Type.DATE: "date", Type.DATETIME: "datetime"}
    return {**kinds, Type.TIME: "time"}.get(formula.type, "text")
