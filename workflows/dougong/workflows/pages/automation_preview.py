"""What an automation would have done over what really happened in a period. Nothing is changed, and nobody is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from starlette.responses import Response

from dougong.base.errors import DougongError, NotFound, Problem
from dougong.base.language import Message, label, msg
from dougong.engine import backlog
from dougong.metadata.automation import Automation
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query
from dougong.workflows.automations import period
from dougong.workflows.automations.period import Limits, Period, Rehearsed
from dougong.workflows.automations.seeing import Sight
from dougong.workflows.pages.automation_runs import HERE as RUNS
from dougong.workflows.pages.automation_runs import PREVIEW, named
from dougong.workflows.pages.automation_steps import Showing, Shown

DAYS = 7
"""How many days a period has where nobody says."""

SECONDS = 8.0
"""How long somebody waits for the page at most; then it shows what was found so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for: the name of an automation ("" before they chose one), the first day and the last."""

    automation: str
    since: date
    until: date


def show(visit: Visit) -> Response:
    """Choose an automation and a period; then what it would have done."""
    backlog.require_right(visit.unit)
    asked = _asked(visit)
    found, wrong = _found(visit, asked) if asked.automation else (None, ())
    rows, hidden = _rows(visit, found) if found is not None else ([], 0)
    return framed(
        visit,
        "automation_preview.html",
        RUNS,
        visit.say(msg("What an automation would have done")),
        asked=asked,
        of=named(visit, asked.automation) if asked.automation else "",
        runs=with_query(RUNS, [("automation", asked.automation)]) if asked.automation else RUNS,
        choices=list(_choices(visit)),
        found=found,
        figures=_figures(found) if found is not None else (),
        rows=rows,
        hidden=hidden,
        wrong=wrong,
        days=DAYS,
    )


def _asked(visit: Visit) -> Asked:
    until = _day(visit.asked("until")) or visit.reading.today
    since = _day(visit.asked("since")) or until - timedelta(days=DAYS - 1)
    return Asked(automation=visit.asked("automation").strip(), since=since, until=until)


def _day(text: str) -> date | None:
    """A day as browsers send it, of those that have days before and after them."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year <= 9000 else None


def _choices(visit: Visit) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """(object, its automations), each with what it is called; what runs while records are saved is not among them."""
    by_object: dict[str, list[tuple[str, str]]] = {}
    for each in visit.model.workflows.automations.values():
        if not each.trigger.before_save:
            by_object.setdefault(each.object, []).append((each.name, label(each.label, visit.language, each.name)))
    called = {name: label(visit.model.objects[name].label, visit.language, name) for name in by_object}
    for name in sorted(by_object, key=lambda each: called[each]):
        yield called[name], sorted(by_object[name], key=lambda each: each[1])


def _found(visit: Visit, asked: Asked) -> tuple[Period | None, tuple[str, ...]]:
    """What the automation would have done, or why that cannot be told."""
    if asked.since > asked.until:
        return None, (visit.say(msg("The first day is after the last one.")),)
    limits = Limits(until=_midnight(visit, asked.until + timedelta(days=1)), seconds=SECONDS)
    try:
        automation = _automation(visit, asked.automation)
        since = _midnight(visit, asked.since)
        return period.over(visit.unit, automation, since, limits, visit.actor), ()
    except DougongError as error:
        return None, tuple(each.text(visit.language) for each in error.problems)


def _automation(visit: Visit, name: str) -> Automation:
    found = visit.model.workflows.automations.get(name)
    if found is None:
        reason = msg("There is no automation {name}.", name=name)
        raise NotFound(Problem(code="automation-unknown", thing=f"automation:{name}", reason=reason))
    return found


def _midnight(visit: Visit, day: date) -> datetime:
    return datetime.combine(day, time(), visit.reading.zone)


# -- figures ----------------------------------------------------------------------------------------------------------
def _figures(found: Period) -> tuple[tuple[Message, int], ...]:
    """What it comes to: of the events all that were looked at, of what would be done that which was tried."""
    steps = [step for each in found.rehearsed if each.preview is not None for step in each.preview.steps]
    written = {(each.object, each.id) for step in steps for each in step.written}
    return (
        (msg("Events looked at"), found.seen),
        (msg("Would have set it off"), found.fired),
        (msg("Records it is about"), found.records),
        (msg("Records written"), len(written)),
        (msg("Messages"), sum(len(step.told) for step in steps)),
        (msg("Calls"), sum(len(step.calls) for step in steps)),
        (msg("Would fail"), sum(map(_fails, found.rehearsed))),
    )


def _fails(each: Rehearsed) -> bool:
    return each.preview is None or any(step.problems for step in each.preview.steps)


# -- rows -------------------------------------------------------------------------------------------------------------
def _rows(visit: Visit, found: Period) -> tuple[list[Shown], int]:
    """The records that the reader may see, and how many they may not."""
    showing = Showing(visit, Sight(visit.unit, found.automation, found.rehearsed))
    rows = [row for each in found.rehearsed if (row := showing.row(found.automation, each)) is not None]
    return rows, len(found.rehearsed) - len(rows)


PAGES = (Page("GET", PREVIEW, show, right=backlog.RIGHT),)
