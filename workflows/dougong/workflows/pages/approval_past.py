"""The past of an approval process: its figures, and its approvals replayed on a draft."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, BinaryIO

from starlette.responses import Response

from dougong.base.language import Message, label, msg
from dougong.engine import drafts
from dougong.metadata.approval import Approval
from dougong.web.downloads import download
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query
from dougong.workflows.approvals import analysing, definitions, replaying, seeing
from dougong.workflows.approvals.lists import names_of
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.replayed_csv import HEADS, line
from dougong.workflows.approvals.replaying import Replayed
from dougong.workflows.charts.telling import TYPES
from dougong.workflows.pages.approvals import HERE, status_of

FIGURES, REPLAY = HERE + "/of/{name}/figures", HERE + "/of/{name}/replay"

PERIODS = (30, 90, 365)
"""Days that a reader chooses between."""

MOST = 1000
"""Approvals that are replayed for a page; the command line takes all."""

SHOWN = 100

ENDS: Mapping[str, Message] = {
    "not_needed": msg("not needed"),
    "refused": msg("refused at the start, or on the way"),
}
"""How a replay ends beside the states of approvals."""


def figures(visit: Visit, name: str) -> Response:
    """The figures of a process in a period."""
    approval, days = definitions.in_force(visit.unit, name), _days(visit)
    found = analysing.figures(visit.unit, name, visit.unit.now - timedelta(days=days))
    longest = max((each.ninety for each in found.steps if each.ninety), default=timedelta())
    return framed(
        visit,
        "approval_figures.html",
        HERE,
        visit.say(msg("Figures")),
        approval=approval,
        found=found,
        tabs=_tabs(visit, name, "figures", days),
        replay=f"{HERE}/of/{name}/replay",
        steps=[(each, _called(visit, approval, each.node, each.label), _hours(each.median), _hours(each.ninety),
                _percent(each.rejected, each.decided), _percent(each.sent_back, each.decided),
                _percent(each.late, each.asked)) for each in found.steps],
        people=[(each, _hours(each.median)) for each in found.people],
        longest=_hours(longest) or 0,
        ended=[(status_of(key)[0], count) for key, count in sorted(found.ended.items())],
        rework=_percent(found.again, found.begun),
        status_of=status_of,
    )  # fmt: skip


def _days(visit: Visit) -> int:
    said = visit.asked("days")
    return next((each for each in PERIODS if str(each) == said), PERIODS[1])


def _tabs(visit: Visit, name: str, page: str, days: int, **kept: str) -> list[tuple[str, str, bool]]:
    return [
        (with_query(f"{HERE}/of/{name}/{page}", [*kept.items(), ("days", str(each))]),
         visit.say(msg("{n} days", n=each)), each == days)
        for each in PERIODS
    ]  # fmt: skip


def _hours(took: timedelta | None) -> float | None:
    return None if took is None else round(took.total_seconds() / 3600, 1)


def _percent(count: int, of: int) -> int:
    return round(100 * count / of) if of else 0


def _called(visit: Visit, approval: Approval, key: str, said: Any = None) -> str:
    """What a step is called; by its task where the definition has it no more."""
    node = approval.nodes.get(key)
    if node is None:
        return label(said or {}, visit.language, key)
    return label(node.label, visit.language) or visit.say(TYPES[node.type])


# -- replay -----------------------------------------------------------------------------------------------------------
def replay(visit: Visit, name: str) -> Response:
    """The approvals of a period on a draft, or on the version in force: those that would go another way."""
    approval, days, said = definitions.in_force(visit.unit, name), _days(visit), visit.asked("draft")
    mine = drafts.mine(visit.unit) if visit.unit.access.has("design") else []
    if said and visit.asked("as") == "csv":
        return download(lambda file: _written(visit, name, said, days, file), "text/csv; charset=utf-8")
    wanted = _wanted(visit, name, said) if said else approval
    every = list(_replayed(visit, name, wanted, days)) if said else []
    differing = [each for each in every if each.differs]
    shown = differing[:SHOWN]
    people = names_of(People(visit.unit), sorted({id for each in shown for id in _ids(each)}))
    query = [("draft", said), ("days", str(days))]
    return framed(
        visit,
        "approval_replay.html",
        HERE,
        visit.say(msg("Replay")),
        approval=approval,
        address=f"{HERE}/of/{name}/replay",
        figures=f"{HERE}/of/{name}/figures",
        tabs=_tabs(visit, name, "replay", days, draft=said) if said else [],
        days=days,
        said=said,
        drafts=mine,
        count=len(every),
        most=MOST,
        differing=len(differing),
        rows=[(each, _end(each.before.ends), _end(each.after.ends), _told(visit, wanted, each, people))
              for each in shown],
        people=people,
        export=with_query(f"{HERE}/of/{name}/replay", [*query, ("as", "csv")]),
    )  # fmt: skip


def _wanted(visit: Visit, name: str, said: str) -> Approval:
    """The draft that is meant, or the version in force."""
    return definitions.in_force(visit.unit, name) if said == "now" else replaying.of_draft(visit.unit, name, said)


def _replayed(visit: Visit, name: str, wanted: Approval, days: int) -> Any:
    return replaying.replay(visit.unit, name, wanted, visit.unit.now - timedelta(days=days), MOST)


def _ids(each: Replayed) -> set[str]:
    ways = (each.before, each.after)
    return {each.initiator} | {id for way in ways for step in each.others for id in way.people.get(step, ())}


def _end(said: str) -> Message | str:
    return ENDS.get(said) or status_of(said)[0]


def _told(visit: Visit, wanted: Approval, each: Replayed, people: Mapping[str, Any]) -> list[str]:
    """In words, what is other on the draft."""
    found = [visit.say(msg("enters {step}", step=_called(visit, wanted, step))) for step in each.entered]
    found += [visit.say(msg("skips {step}", step=_called(visit, wanted, step))) for step in each.skipped]
    comma = visit.say(msg(", "))
    for step in each.others:
        was, now = (
            comma.join(sorted(people[id].name for id in way.people[step] if id in people)) or "—"
            for way in (each.before, each.after)
        )
        found.append(visit.say(msg("{step}: {was} → {now}", step=_called(visit, wanted, step), was=was, now=now)))
    return found + [problem.text(visit.language) for problem in each.after.refused]


def _written(visit: Visit, name: str, said: str, days: int, file: BinaryIO) -> str:
    """Those that differ, as CSV."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(HEADS)
    writer.writerows(line(each) for each in _replayed(visit, name, _wanted(visit, name, said), days) if each.differs)
    text.detach()
    return f"{name}-replay.csv"


PAGES = (Page("GET", FIGURES, figures, right=seeing.RESCUERS), Page("GET", REPLAY, replay, right=seeing.RESCUERS))
