"""Formulas that people write into filters: read over the fields that they may read, and never over another.

Whoever may not read a field, or sees but a mask of it, is told nothing by which records a condition over it finds.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from dougong.base.errors import BadRequest, FormulaError, Problem
from dougong.base.language import msg
from dougong.engine.fields.masked import is_masked
from dougong.engine.formula_scope import scope_of
from dougong.engine.query import Filter
from dougong.engine.reading.computed import LONGEST_PATH, under
from dougong.engine.reading.filters import conditions, formulas
from dougong.engine.reading.paths import resolve
from dougong.engine.reading.prepared import prepared
from dougong.formulas import Formula, Path, compile
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def formula_of(unit: Unit, obj: Object, text: str) -> Formula:
    """`text` as a condition over records of `obj`, read once per revision, text and set of rights.

    Raises:
        BadRequest: it is no formula, is none that a query can ask, or reads what the actor may not; every mistake.
    """
    key = (obj.name, text, unit.access.rights_key)
    try:
        return prepared(unit.runtime, key, lambda: _read(unit, obj, text), "written formulas")
    except FormulaError as error:
        raise BadRequest([replace(each, thing=each.thing or "filter") for each in error.problems]) from None


def _read(unit: Unit, obj: Object, text: str) -> Formula:
    declared = next((each.when for each in obj.list_views.values() if each.when and each.when.source == text), None)
    if declared is not None and all(sees(unit, obj, each) for each in _paths(declared)):
        return declared
    found = compile(text, scope_of(unit, obj.name), "boolean")
    if found.save_only:
        reason = msg("This condition is not asked while a record is saved, so it cannot look at what changed.")
        raise FormulaError(Problem(code="formula-save-only", thing="filter", reason=reason))
    return found


def _paths(formula: Formula) -> Iterable[Path]:
    """The fields that a formula reads, of its record and of the reader."""
    return (*formula.references, *(each for each in formula.variables if each[0] == "$User"))


def sees(unit: Unit, obj: Object, path: Path) -> bool:
    """Whether the actor has every field on the way, the last one whole."""
    start, names = (unit.runtime.model.objects["user"], path[1:]) if path[0] == "$User" else (obj, path)
    try:
        return not is_masked(resolve(unit.runtime.model, unit.access, start, ".".join(names), LONGEST_PATH).field)
    except BadRequest:
        return False


def under_filter(unit: Unit, obj: Object, key: Hashable, where: Filter | None, texts: Iterable[str] = ()) -> Hashable:
    """The `key` of a statement as `dougong.engine.reading.computed.under` has it, its filter and `texts` considered.

    Raises:
        BadRequest: a formula of the filter cannot be read.
    """
    found = [formula_of(unit, obj, each.text) for each in formulas(where)]
    return under(unit, key, texts_of(unit, obj, where, texts), found)


def texts_of(unit: Unit, obj: Object, where: Filter | None, texts: Iterable[str] = ()) -> tuple[str, ...]:
    """The field paths of a statement: its `texts`, those of its filter, and those of the formulas in it.

    Raises:
        BadRequest: a formula of the filter cannot be read.
    """
    found = [formula_of(unit, obj, each.text) for each in formulas(where)]
    named = (*texts, *(each.field for each in conditions(where)))
    return (*named, *(".".join(path) for each in found for path in each.references))
