"""The records that a rule would stand against, before it is published: to be looked at page by page, and taken out.

The rule is tried on every live record, as the plan does; what is shown of a record is what the reader may see of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from markupsafe import Markup
from starlette.responses import Response

from dougong.base.errors import Conflict, DougongError, Problem, Rejected, TooLarge
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.query import Condition, Query
from dougong.engine.reading.paths import usable
from dougong.engine.transfer import limits
from dougong.engine.transfer.exporting import write_csv
from dougong.engine.trials import Trial, against
from dougong.formulas import Formula
from dougong.metadata.model import ListColumn, ValidationRule
from dougong.web import formula_check, listing
from dougong.web.composer.columns import Column
from dougong.web.downloads import download
from dougong.web.formula_check import Wanted
from dougong.web.frame import framed
from dougong.web.navigation import several
from dougong.web.pages.exports import may_export
from dougong.web.pages.formula_opened import Opened, sent
from dougong.web.pages.formulas import HERE, entered
from dougong.web.routing import Page
from dougong.web.visit import Visit, whole_number

AGAINST = f"{HERE}/against"
SIZE = 50
MOST_COLUMNS = 8


def act(visit: Visit) -> Response:
    """The records, or the file of them.

    Raises:
        Conflict: the formula has mistakes, or is of no rule.
        Forbidden: the reader may not export the object.
    """
    with visit.read() as reading:
        entered(reading)
        opened = sent(reading)
        formula = _formula(reading, opened)
    trial = _tried(visit, opened, formula)
    try:
        if visit.sent("do") == "export":
            return _file(visit, opened, formula, trial)
        error = None
    except (Rejected, TooLarge) as refused:
        error = refused
    with visit.read() as reading:
        return _listed(reading, opened, formula, trial, error)


def _formula(visit: Visit, opened: Opened) -> Formula:
    found = formula_check.meaning(visit, Wanted(object=opened.object, text=opened.text, returns="boolean"))
    if opened.rule is None or found.formula is None:
        raise Conflict(Problem(code="formula-broken", thing="formula", reason=msg("Mend the formula first.")))
    return found.formula


def _tried(visit: Visit, opened: Opened, formula: Formula) -> Trial:
    """The rule of the form, tried; the newest records first."""
    types = opened.rule.record_types if opened.rule else ()
    rule = ValidationRule(object=opened.object.name, name="", label={}, when=formula, message={}, record_types=types)
    with visit.company.read(SYSTEM) as unit:
        found = against(unit, unit.runtime.storage.tables[opened.object.name], rule)
    found.records.sort(reverse=True)
    return found


def _columns(visit: Visit, opened: Opened, formula: Formula) -> tuple[str, ...]:
    """The title, the fields at which the rule is told, and what its formula reads, as far as the reader has them."""
    obj, at = opened.object, opened.rule.at if opened.rule else ()
    read = (".".join(path) for path in formula.references)
    asked = dict.fromkeys((obj.title, *(each for each in at if each in obj.fields), *read))
    named = [each for each in asked if usable(visit.model, visit.unit.access, obj, each) is not None]
    return tuple(named[:MOST_COLUMNS])


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of the records: `hidden` of them are not for the reader. `pages` are those before and after."""

    count: str
    total: str
    first: int
    last: int
    hidden: int
    heads: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: Markup
    before: int | None
    after: int | None


def _listed(visit: Visit, opened: Opened, formula: Formula, trial: Trial, error: DougongError | None) -> Response:
    obj, first = opened.object, min(whole_number(visit.sent("from")) or 0, max(0, trial.count - 1))
    ids = trial.records[first : first + SIZE]
    asked = tuple(ListColumn(field=each) for each in _columns(visit, opened, formula))
    ready = listing.prepare(visit, obj, asked, selectable=False)
    query = Query(object=obj.name, columns=ready.paths, where=Condition("id", "in", tuple(ids)), limit=SIZE)
    rows = visit.unit.records.query(query).rows
    common = listing.common_currency(visit, obj, ready, rows)
    x = visit.context
    shown = Shown(
        count=x.number(trial.count),
        total=x.number(visit.unit.records.count(Query(object=obj.name)).number),
        first=first + 1 if ids else 0,
        last=first + len(ids),
        hidden=len(ids) - len(rows),
        heads=tuple(f"{each.label} ({common})" if each.money and common else each.label for each in ready.columns),
        columns=ready.columns,
        rows=listing.render_rows(visit, ready, rows, common),
        before=max(0, first - SIZE) if first else None,
        after=first + SIZE if first + SIZE < trial.count else None,
    )
    return framed(
        visit,
        "formula_against.html",
        HERE,
        visit.say(msg("Records that the rule stands against")),
        error.status if error else 200,
        errors=[each.text(visit.language) for each in error.problems] if error else [],
        size=limits.size_of(visit.unit, query, trial.count),
        reason_above=x.number(limits.limits_of(visit.model).reason_above),
        why=visit.sent("why"),
        draft=opened,
        shown=shown,
        objects=several(obj, visit.language),
        may_export=may_export(visit, obj),
    )


def _file(visit: Visit, opened: Opened, formula: Formula, trial: Trial) -> Response:
    """The records that the reader sees, as CSV, within the limits of any export."""

    def make(file: BinaryIO) -> str:
        with visit.read(why=visit.sent("why").strip()) as reading:
            columns = ("id", *_columns(reading, opened, formula))
            write_csv(reading.unit, Query(object=opened.object.name, columns=columns), file, among=trial.records)
        return f"{opened.object.name}-against.csv"

    return download(make, "text/csv; charset=utf-8")


PAGES = (Page("POST", AGAINST, act, right="design"),)
