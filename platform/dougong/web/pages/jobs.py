"""Background work: what waits and what failed; ask for it once more, or give it up with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from starlette.responses import Response

from dougong.base.language import Message, msg
from dougong.engine import backlog
from dougong.engine.backlog import GROUPS, Group
from dougong.engine.jobs import JOBS
from dougong.engine.unit import Unit
from dougong.web.endpoints import silent
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query

HERE = "/jobs"

NAMES: Mapping[Group, Message] = {
    "failed": msg("Failed"),
    "due": msg("Due"),
    "running": msg("Running"),
    "later": msg("Later"),
    "done": msg("Done"),
    "dropped": msg("Dropped"),
}


def _group(text: str) -> Group:
    return next((each for each in GROUPS if each == text), "failed")


def show(visit: Visit) -> Response:
    """A page of the work of one group; the first one is what failed."""
    backlog.require_right(visit.unit)
    group = _group(visit.asked("show"))
    found, before = backlog.listed(visit.unit, group, visit.asked("before") or None)
    counts = backlog.counts(visit.unit)
    return framed(
        visit,
        "jobs.html",
        HERE,
        visit.say(msg("Background work")),
        tabs=[(_url(each), visit.say(name), counts[each], each == group) for each, name in NAMES.items()],
        group=group,
        group_name=visit.say(NAMES[group]),
        work=[(each, _called(visit, each.job), each.why(visit.language)) for each in found],
        silent=silent(visit),
        first=_url(group) if visit.asked("before") else "",
        following=with_query(HERE, [("show", group), ("before", before)]) if before else "",
    )


def _called(visit: Visit, name: str) -> str:
    """What people call a job; its name where it says nothing else, or is of a plugin that is gone."""
    job = JOBS.get(name)
    return visit.say(job.label) if job is not None and job.label is not None else name


def _url(group: Group) -> str:
    return with_query(HERE, [("show", group)] if group != "failed" else [])


def one(visit: Visit, id: str) -> Response:
    """One piece of work in full, with the whole error."""
    backlog.require_right(visit.unit)
    return _one(visit, id, 200)


def _one(visit: Visit, id: str, status: int, error: str = "") -> Response:
    found = backlog.get(visit.unit, id)
    return framed(
        visit,
        "job.html",
        HERE,
        _called(visit, found.job),
        status=status,
        work=found,
        why=found.why(visit.language),
        error=error,
        state=visit.say(NAMES["running" if found.state == "claimed" else "due"])
        if found.state in ("claimed", "ready")
        else visit.say(NAMES[_group(found.state)]),
        payload=json.dumps(dict(backlog.shown(found)), ensure_ascii=False, indent=2, default=str),
    )


def retry(visit: Visit, id: str) -> Response:
    """Ask for failed work once more."""
    return _decide(visit, id, lambda unit, why: backlog.retry(unit, id, why), msg("Asked for once more"))


def drop(visit: Visit, id: str) -> Response:
    """Give work up; a reason has to be given."""
    if not visit.sent("why").strip():
        with visit.read() as reading:
            backlog.require_right(reading.unit)
            return _one(reading, id, 422, reading.say(msg("Say why.")))
    return _decide(visit, id, lambda unit, why: backlog.drop(unit, id, why), msg("Given up"))


def _decide(visit: Visit, id: str, decide: Callable[[Unit, str], None], told: Message) -> Response:
    def work(unit: Unit) -> None:
        backlog.require_right(unit)
        decide(unit, visit.sent("why").strip())

    visit.write(work)
    return visit.go(HERE, visit.say(told))


PAGES = (
    Page("GET", HERE, show, right=backlog.RIGHT),
    Page("GET", HERE + "/{id}", one, right=backlog.RIGHT),
    Page("POST", HERE + "/{id}/retry", retry, right=backlog.RIGHT),
    Page("POST", HERE + "/{id}/drop", drop, right=backlog.RIGHT),
)
