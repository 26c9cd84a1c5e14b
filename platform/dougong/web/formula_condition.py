"""A condition that is a formula, written in the toolbar of a list: its mistakes, and how many records meet it."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.base.errors import BadRequest
from dougong.engine.query import Query, Written
from dougong.metadata.model import Object
from dougong.web.formula_check import Mistake, mended_at, mistake
from dougong.web.visit import Visit

FIELD = "="
"""What stands for a formula among the fields of the form; no field is called so."""

MOST_COUNTED = 1000
"""Records that are counted while one types; past it there are more."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The text as far as it is typed: its mistakes, or the number of records that meet it, "1,000+" for very many."""

    text: str = ""
    mistakes: tuple[Mistake, ...] = ()
    met: str = ""


def typed(visit: Visit, obj: Object) -> Typed:
    """What the form says, with what its button mends put right."""
    text = mended_at(visit.asked("formula").replace("\r\n", "\n").strip(), visit.asked("mend"))
    if not text:
        return Typed()
    try:
        found = visit.unit.records.count(Query(object=obj.name, where=Written(text)), cap=MOST_COUNTED)
    except BadRequest as error:
        return Typed(text, tuple(mistake(text, each, visit.language) for each in error.problems))
    number = visit.context.number(found.number)
    return Typed(text, met=f"{number}+" if found.capped else number)


def added(visit: Visit, obj: Object) -> Written | None:
    """The condition that the form was sent with; None while it has mistakes."""
    said = typed(visit, obj)
    return Written(said.text) if said.text and not said.mistakes else None
