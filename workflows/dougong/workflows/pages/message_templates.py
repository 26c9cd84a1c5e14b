"""Templates of messages: what each says of a record to who looks, and a test of it to themselves."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.errors import NotFound, Problem
from dougong.base.ids import record_id
from dougong.base.language import label, msg
from dougong.engine import backlog
from dougong.engine.query import Query, Sort
from dougong.engine.unit import Unit
from dougong.metadata.message_template import MessageTemplate
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query
from dougong.workflows.notices import templates
from dougong.workflows.notices.preferences import MAIL
from dougong.workflows.notices.telling import Notice
from dougong.workflows.pages import automation_runs

HERE = "/automations/templates"

NEWEST = 20
"""Records that are offered for a preview."""


def show(visit: Visit) -> Response:
    """Every template, with its object and its subject as it is written."""
    backlog.require_right(visit.unit)
    found = []
    for name, each in sorted(visit.model.workflows.templates.items()):
        kind = visit.model.objects[each.object]
        found.append((f"{HERE}/{name}", label(each.label, visit.language, name), kind))
    return framed(
        visit, "message_templates.html", automation_runs.HERE, visit.say(msg("Message templates")), found=found
    )


def one(visit: Visit, name: str) -> Response:
    """What a template says of a record: the one that is asked for, or the newest that the reader sees."""
    backlog.require_right(visit.unit)
    template = templates.named(visit.unit, name)
    obj = visit.model.objects[template.object]
    newest = _newest(visit, template)
    asked = visit.asked("record") or (newest[0][0] if newest else "")
    said = templates.said(visit.unit, template, asked, visit.actor.user_id or "") if asked else None
    return framed(
        visit,
        "message_template.html",
        automation_runs.HERE,
        label(template.label, visit.language, name),
        here_url=f"{HERE}/{name}",
        kind=obj,
        said=said,
        record=asked,
        record_url=record_url(obj.name, asked) if asked else "",
        newest=[(with_query(f"{HERE}/{name}", [("record", id)]), title, id == asked) for id, title in newest],
        can_mail=visit.company.outgoing is not None,
    )


def _newest(visit: Visit, template: MessageTemplate) -> list[tuple[str, str]]:
    """The newest records of its object, with their titles."""
    obj = visit.model.objects[template.object]
    newest = (Sort("created_at", descending=True),)
    page = visit.unit.records.query(Query(object=obj.name, columns=(obj.title,), sort=newest, limit=NEWEST))
    return [(row.id, str(row.values[0] or row.id) if row.values else row.id) for row in page.rows]


def test(visit: Visit, name: str) -> Response:
    """Send what a template says of a record to who asks, into their inbox and by mail."""
    me, record = visit.actor.user_id or "", visit.sent("record")

    def work(unit: Unit) -> None:
        backlog.require_right(unit)
        template = templates.named(unit, name)
        unit.records.get(template.object, record)
        notice = Notice(
            kind="other", title="", url=record_url(template.object, record), object=template.object, record=record,
            key=f"template:{record_id()}", channels=(MAIL,), urgent=True,
        )  # fmt: skip
        templates.tell(unit, [me], name, notice)

    if not record:
        raise NotFound(Problem(code="record-unknown", thing=name, reason=msg("There is no record to tell of.")))
    visit.write(work)
    return visit.go(with_query(f"{HERE}/{name}", [("record", record)]), visit.say(msg("Sent to yourself")))


PAGES = (
    Page("GET", HERE, show, right=backlog.RIGHT),
    Page("GET", HERE + "/{name}", one, right=backlog.RIGHT),
    Page("POST", HERE + "/{name}/test", test, right=backlog.RIGHT),
)
