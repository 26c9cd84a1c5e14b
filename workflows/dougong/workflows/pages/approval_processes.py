"""The approval processes: what there are, each drawn, and who would decide about a record if it were sent now."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from starlette.responses import Response

from dougong.base.language import label, msg
from dougong.engine.query import Query, Sort
from dougong.metadata.approval import Approval
from dougong.metadata.model import Object
from dougong.web.frame import framed
from dougong.web.record_page import title_of
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query
from dougong.workflows.approvals import definitions, seeing, service
from dougong.workflows.approvals.running import OPEN
from dougong.workflows.approvals.tables import instances
from dougong.workflows.charts.drawing import draw
from dougong.workflows.charts.telling import Teller
from dougong.workflows.pages.approvals import HERE

PROCESSES = HERE + "/of"

NEWEST = 10
"""Records that are offered for who would decide."""


def show(visit: Visit) -> Response:
    """The processes of objects that the reader may see; how many are open is for who looks after approvals."""
    open_now = _open(visit) if seeing.may_rescue(visit.unit) else None
    found = [
        (f"{PROCESSES}/{name}", each, visit.model.objects[each.object], _asking(each), (open_now or {}).get(name, 0))
        for name, each in sorted(visit.model.workflows.approvals.items())
        if _may_see(visit, each)
    ]
    title = visit.say(msg("Approval processes"))
    return framed(visit, "approval_processes.html", HERE, title, found=found, counted=open_now is not None)


def one(visit: Visit, name: str) -> Response:
    """The chart of a process, and who would decide about a record: the one that is asked for, or the newest.

    Raises:
        NotFound: there is none of this name for the reader.
    """
    approval = definitions.in_force(visit.unit, name)
    if not _may_see(visit, approval):
        raise definitions.unknown(name)
    obj = visit.model.objects[approval.object]
    newest = _newest(visit, obj) if _may_read(visit, approval) else []
    asked = visit.asked("record") or (newest[0][0] if newest else "")
    preview = service.preview(visit.unit, name, asked) if asked else None
    here = f"{PROCESSES}/{name}"
    return framed(
        visit,
        "approval_process.html",
        HERE,
        label(approval.label, visit.language, name),
        approval=approval,
        kind=obj,
        chart=draw(Teller(say=visit.say, language=visit.language, names={}), approval, None, str),
        preview=preview,
        record=title_of(visit, obj, visit.unit.records.get(obj.name, asked).values) if asked else "",
        refused=[each.text(visit.language) for each in preview.refused] if preview else [],
        newest=[(with_query(here, [("record", id)]), title, id == asked) for id, title in newest],
        here_url=here,
        looks_after=seeing.may_rescue(visit.unit),
    )


def _may_see(visit: Visit, approval: Approval) -> bool:
    return _may_read(visit, approval) or seeing.may_rescue(visit.unit)


def _may_read(visit: Visit, approval: Approval) -> bool:
    return visit.unit.access.may("read", visit.model.objects[approval.object])


def _asking(approval: Approval) -> int:
    """How many steps of a process ask people."""
    return sum(each.type == "approve" for each in approval.nodes.values())


def _open(visit: Visit) -> Mapping[str, int]:
    counted = select(instances.c.approval, func.count()).where(instances.c.status.in_(OPEN))
    rows = visit.unit.connection.execute(counted.group_by(instances.c.approval))
    return {str(name): int(count) for name, count in rows}


def _newest(visit: Visit, obj: Object) -> list[tuple[str, str]]:
    """The newest records that the reader sees, with their titles."""
    newest = (Sort("created_at", descending=True),)
    page = visit.unit.records.query(Query(object=obj.name, columns=(obj.title,), sort=newest, limit=NEWEST))
    return [(row.id, str(row.values[0] or row.id) if row.values else row.id) for row in page.rows]


PAGES = (Page("GET", PROCESSES, show), Page("GET", PROCESSES + "/{name}", one))
