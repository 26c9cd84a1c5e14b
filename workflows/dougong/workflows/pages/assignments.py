"""Who gets records: the assignment rules, and who would get the newest records that each is for."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.field_types import Reference
from dougong.base.language import label, msg
from dougong.engine import backlog
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit
from dougong.workflows.assigning import previewing
from dougong.workflows.pages import automation_runs

HERE = "/automations/assignments"

MOMENTS = {
    "create": msg("when it is made"),
    "change": msg("when it is changed"),
    "import": msg("when it is imported"),
    "button": msg("by a button"),
}
"""When a rule assigns by itself, by what its document says under `on`."""


def show(visit: Visit) -> Response:
    """Every rule with when it assigns."""
    backlog.require_right(visit.unit)
    rules = []
    for name, each in sorted(visit.model.workflows.assignments.items()):
        kind = visit.model.objects[each.object]
        moments = [visit.say(MOMENTS[on]) for on in MOMENTS if on in each.body.get("on", ())]
        said = ", ".join(moments) or visit.say(msg("where an automation names it"))
        rules.append((f"{HERE}/{name}", label(each.label, visit.language, name), kind, said, len(each.choices)))
    return framed(visit, "assignments.html", automation_runs.HERE, visit.say(msg("Assignment rules")), rules=rules)


def one(visit: Visit, name: str) -> Response:
    """Who would get the newest records that a rule is for, of those that the reader sees."""
    backlog.require_right(visit.unit)
    rule = previewing.named(visit.unit, name)
    rows = previewing.meant(visit.unit, rule)
    foreseen = previewing.foresee(visit.unit, rule, [row.id for row in rows])
    found = []
    for row, each in zip(rows, foreseen, strict=True):
        title, owner = row.values
        now = owner.title if isinstance(owner, Reference) else ""
        found.append((record_url(rule.object, row.id), title or row.id, now, each.name or "", visit.say(each.why)))
    title = label(rule.label, visit.language, name)
    kind = visit.model.objects[rule.object]
    return framed(visit, "assignment.html", automation_runs.HERE, title, kind=kind, found=found)


PAGES = (
    Page("GET", HERE, show, right=backlog.RIGHT),
    Page("GET", HERE + "/{name}", one, right=backlog.RIGHT),
)
