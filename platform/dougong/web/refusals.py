"""What stands against a change that a button asks for: told where the person is; a reason asked for where that settles.

A form says such things at its fields. A button has none: deleting, restoring, putting into effect, taking back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from dougong.base.errors import Conflict, Problem, Rejected
from dougong.engine.saving.batch import Change
from dougong.metadata.model import Object
from dougong.web.context import record_url
from dougong.web.errors_in_forms import ask_why
from dougong.web.frame import framed
from dougong.web.visit import Visit
from dougong.web.ways import ways_on

REFUSALS = (Rejected, Conflict)
"""The errors that say what stands against a change, and not that there is nothing to change."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for: by which `button`, with which `hidden` values, and where one goes on without it.

    `record` is the one whose fields can be mended in its form; "" where there is none to open.
    """

    title: str
    button: str
    action: str
    cancel: str
    hidden: Mapping[str, str] | Mapping[str, str | list[str]]
    record: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that stands against it; `url` opens the form at the field that it names."""

    text: str
    url: str = ""


def refused(
    visit: Visit, obj: Object, wish: Wish, error: Rejected | Conflict, changes: Sequence[Change] = ()
) -> Response:
    """Say what stands against `wish`: in the sheet of the page that asked, or as a page of its own.

    `changes` are what it asked for, where that is of one record.
    """
    found = {each.text: each for each in (_objection(visit, obj, wish, problem) for problem in error.problems)}
    asks, sheet = ask_why(error), visit.partial or visit.scripted
    values = {
        "wish": wish,
        "objections": list(found.values()),
        "why": visit.sent("why") if asks else None,
        "edit": f"{record_url(obj.name, wish.record)}/edit" if wish.record and not asks else "",
        "sheet": sheet,
        "ways": ways_on(visit, obj, changes, error),
    }
    if not sheet:
        return framed(visit, "refused.html", obj.name, wish.title, error.status, **values)
    answer = visit.page("sheet_refused.html", status=error.status, **values)
    answer.headers["hx-retarget"], answer.headers["hx-reswap"] = "#sheet", "innerHTML"
    return answer


def _objection(visit: Visit, obj: Object, wish: Wish, problem: Problem) -> Objection:
    said = problem.text(visit.language)
    field = obj.fields.get(problem.place.field or "")
    if field is None or not wish.record or not field.type.writable:
        return Objection(said)
    name = field.label.get(visit.language) or ""
    named = said if name in said else f"{name}: {said}"
    return Objection(named, f"{record_url(obj.name, wish.record)}/edit#i-{field.name}")
