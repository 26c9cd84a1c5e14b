"""Moving approvals that run to the version in force: what each move comes to, both charts, and the button."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from starlette.responses import Response

from dougong.base.errors import DougongError, Problem
from dougong.base.language import label, msg
from dougong.metadata.approval import Approval
from dougong.web.formats import formats
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, whole_number, with_query
from dougong.workflows.approvals import moving, seeing
from dougong.workflows.approvals.moving import Movable, Moves
from dougong.workflows.charts.drawing import Chart, draw
from dougong.workflows.charts.telling import TYPES, Teller
from dougong.workflows.pages.approvals import HERE

MOVE = HERE + "/of/{name}/move"

MOST_CHARTS = 3
"""Earlier versions that are drawn beside the one in force."""


def show(visit: Visit, name: str) -> Response:
    """The approvals on earlier versions, the oldest first, each with what its move comes to."""
    return _page(visit, name, _stated(visit.request.query_params.getlist("step")))


def _stated(said: list[str]) -> Mapping[str, str]:
    """Steps by what they become, as the form sends them: ``old:new``."""
    pairs = [each.partition(":") for each in said]
    return {old: new for old, _, new in pairs if old and new}


def _page(visit: Visit, name: str, stated: Mapping[str, str], refused: tuple[str, ...] = (), why: str = "") -> Response:
    found = moving.preview(visit.unit, name, stated=stated, after=visit.asked("after"))
    here = f"{HERE}/of/{name}/move"
    kept = [("step", f"{old}:{new}") for old, new in stated.items()]
    return framed(
        visit,
        "approval_move.html",
        HERE,
        visit.say(msg("Move to the version in force")),
        status=422 if refused else 200,
        moves=found,
        rows=[(row, _steps(visit, found.new, row), _names(found, row), _reasons(visit, row.moved.refused))
              for row in found.rows],
        charts=list(_charts(visit, found)),
        open_steps=_open_steps(visit, found),
        choices=[(node.key, _called(visit, found.new, node.key)) for node in found.new.nodes.values()],
        stated=stated,
        refused=refused,
        why=why,
        address=here,
        first=with_query(here, kept) if visit.asked("after") else "",
        following=with_query(here, [*kept, ("after", found.next)]) if found.next else "",
    )  # fmt: skip


def _called(visit: Visit, approval: Approval | None, key: str) -> str:
    """What a step is called."""
    node = approval.nodes.get(key) if approval is not None else None
    if node is None:
        return key
    return label(node.label, visit.language) or visit.say(TYPES[node.type])


def _steps(visit: Visit, new: Approval, row: Movable) -> list[tuple[str, str, bool]]:
    """The steps of people that it came through: what each is called, what it becomes, whether it is at work."""
    return [
        (_called(visit, row.old, each.old), _called(visit, new, each.new) if each.new else "", each.at_work)
        for each in row.moved.steps
        if each.at_work or each.old != each.new
    ]


def _names(found: Moves, row: Movable) -> tuple[list[str], list[str], list[str]]:
    """Who is kept, dropped and added."""
    kept, dropped, added = (
        [found.people[each.person].name for each in several if each.person in found.people]
        for several in (row.moved.kept, row.moved.dropped, row.moved.added)
    )
    return kept, dropped, added


def _reasons(visit: Visit, problems: tuple[Problem, ...]) -> list[str]:
    return [each.text(visit.language) for each in problems]


def _open_steps(visit: Visit, found: Moves) -> list[tuple[str, str]]:
    """The steps at work that the version in force has nothing for, or for which something was stated."""
    keys = {
        each.old: _called(visit, row.old, each.old)
        for row in found.rows
        for each in row.moved.steps
        if each.at_work and (each.new is None or each.new != each.old)
    }
    return sorted(keys.items())


def _charts(visit: Visit, found: Moves) -> Iterator[tuple[str, Chart]]:
    """The earlier versions and the one in force, as charts."""
    said, zone, today = formats(visit.language), visit.reading.zone, visit.reading.today
    teller = Teller(say=visit.say, language=visit.language, names={})

    def drawn(approval: Approval) -> Chart:
        return draw(teller, approval, None, lambda at: said.datetime(at.astimezone(zone), today))

    earlier: list[Approval] = []
    for row in found.rows:
        if row.old is not None and row.old not in earlier and len(earlier) < MOST_CHARTS:
            earlier.append(row.old)
    yield from ((visit.say(msg("Earlier version")), drawn(each)) for each in earlier)
    yield visit.say(msg("Version in force")), drawn(found.new)


def move(visit: Visit, name: str) -> Response:
    """Move those chosen, each in a transaction of its own; those that cannot be are named with their reason."""
    stated, why = _stated(visit.sent_all("step")), visit.sent("why").strip()
    refused, count = [], 0
    for each in visit.sent_all("id"):
        instance, _, number = each.partition(":")
        work = partial(
            moving.move, id=instance, to=visit.sent("to"), number=whole_number(number) or 0, why=why, stated=stated
        )
        try:
            visit.write(work)
            count += 1
        except DougongError as error:
            refused += [one for one in _reasons(visit, error.problems) if one not in refused]
    if refused:
        with visit.read() as reading:
            return _page(reading, name, stated, tuple(refused), why)
    return visit.go(f"{HERE}/of/{name}/move", visit.say(msg("{n} moved", n=count)))


PAGES = (Page("GET", MOVE, show, right=seeing.RESCUERS), Page("POST", MOVE, move, right=seeing.RESCUERS))
