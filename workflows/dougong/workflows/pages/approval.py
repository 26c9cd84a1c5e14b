"""The page of one approval: what it is about, where it stands, who said what, and what one may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

from starlette.responses import Response

from dougong.base.errors import Conflict, DougongError, Rejected, TooLarge
from dougong.base.language import Message, label, msg
from dougong.web import attachments
from dougong.web import changes as changes_of_records
from dougong.web.changes import Told
from dougong.web.context import record_url
from dougong.web.formats import formats
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, whole_number
from dougong.workflows.approvals import service
from dougong.workflows.approvals import state as states
from dougong.workflows.approvals.machine import Possible
from dougong.workflows.approvals.machine.possible import Name
from dougong.workflows.approvals.told import ActEntry, Instance, LineChange
from dougong.workflows.charts.drawing import Chart, draw
from dougong.workflows.charts.telling import Teller
from dougong.workflows.pages import approval_fields
from dougong.workflows.pages.approval_fields import Typed
from dougong.workflows.pages.approvals import HERE, status_of
from dougong.workflows.pages.approving import SAID, act_sent, files_sent, may_attach

ONE = HERE + "/{id}"

DID: Mapping[str, tuple[Message, str, str]] = {
    "submit": (msg("asked for approval"), "send", ""),
    "approve": (msg("approved"), "check", "ok"),
    "reject": (msg("rejected"), "x", "bad"),
    "send_back": (msg("sent back"), "arrow-back-up", "bad"),
    "add": (msg("added approvers"), "user-plus", ""),
    "remove": (msg("removed an approver"), "user-x", ""),
    "hand_over": (msg("handed over"), "transfer", ""),
    "delegate": (msg("asked for an opinion"), "transfer", ""),
    "take_back": (msg("took the decision back"), "arrow-back-up", ""),
    "recall": (msg("recalled"), "arrow-back-up", ""),
    "resubmit": (msg("submitted again"), "send", ""),
    "remind": (msg("reminded"), "bell", ""),
    "read": (msg("read the copy"), "eye", ""),
    "comment": (msg("commented"), "message-2", ""),
    "time_out": (msg("the time ran out"), "clock", "bad"),
    "invalidate": (msg("the record was changed"), "alert-circle", "bad"),
    "rescue": (msg("stepped in"), "tool", ""),
    "edited": (msg("changed the record"), "edit", ""),
    "lapsed": (msg("the approval lapsed"), "alert-circle", "bad"),
    "move": (msg("moved it to a new version"), "transfer", ""),
}
"""What the log says of each act, with its icon and tone."""

DECISIONS = ("approve", "reject")
"""The acts with which an approver sends the fields that their node opens."""

UNTOLD = frozenset({"did", "child_started", "child_ended", "sweep"})
"""What the machine notes for itself."""


def show(visit: Visit, id: str) -> Response:
    """The page; who was sent a copy has read it with that."""
    if any(each.act == "read" for each in service.instance(visit.unit, id).possible):
        read = states.Read(by=visit.actor.user_id or "")
        visit.write(lambda unit: service.act(unit, id, read))
    return _page(visit, id)


def printed(visit: Visit, id: str) -> Response:
    """The record of opinions, to print."""
    return _page(visit, id, template="approval_print.html")


def _page(
    visit: Visit,
    id: str,
    error: DougongError | None = None,
    template: str = "approval.html",
    typed: Typed | None = None,
) -> Response:
    found = service.instance(visit.unit, id)
    obj = visit.model.objects.get(found.object)
    return framed(
        visit,
        template,
        HERE,
        found.title,
        status=200 if error is None else error.status,
        instance=found,
        object_label=label(obj.label, visit.language) if obj else "",
        record_url=record_url(found.object, found.record) if obj else "",
        changed=changed(visit, found),
        content=content(visit, found),
        lines=lines(visit, found),
        status_of=status_of,
        did=DID,
        log=[(at, each) for at, each in reversed([*enumerate(found.acts)]) if each.act not in UNTOLD],
        chart=_chart(visit, found),
        visits=[each for each in found.state.visits if each.entries],
        nodes=found.approval.nodes if found.approval else {},
        here_node=approval_fields.node_of(found),
        offers=_by_act(found.possible),
        adds=[each.act.removeprefix("add_") for each in found.possible if each.act.startswith("add_")],
        may_recall="recall" in found.can,
        newer=_newer(visit, found),
        figures=f"{HERE}/of/{found.approval.name}/figures" if found.approval and "rescue" in found.can else "",
        edits={at: _edits(visit, found, each) for at, each in enumerate(found.acts) if each.changes},
        sent={name: visit.sent(name) for name in ("act", "opinion", "phrase")},
        fresh=error is None,
        attaching=may_attach(visit, found.object),
        chose_files=error is not None and bool(visit.uploads("file")),
        size_of=partial(attachments.size, visit.site.settings.data_dir),
        **approval_fields.parts(visit, found, typed, error),
    )


def _chart(visit: Visit, found: Instance) -> Chart | None:
    """Where it stands, who decided and who would still be asked; None where the definition can no longer be read."""
    if found.approval is None:
        return None
    ahead = service.ahead(visit.unit, found.id)
    people = (*found.people.values(), *(each for stop in ahead for each in stop.people))
    teller = Teller(
        say=visit.say,
        language=visit.language,
        names={each.id: each.name for each in people},
        me=visit.actor.user_id or "",
        ahead={stop.node: tuple(each.id for each in stop.people) for stop in ahead},
    )
    said, zone, today = formats(visit.language), visit.reading.zone, visit.reading.today
    return draw(teller, found.approval, found.state, lambda at: said.datetime(at.astimezone(zone), today))


def _newer(visit: Visit, found: Instance) -> str:
    """Where it can be moved to the version in force, for who may; blank where it runs on that."""
    if found.approval is None or "rescue" not in found.can:
        return ""
    now = visit.model.workflows.approvals.get(found.approval.name)
    return f"{HERE}/of/{now.name}/move" if now is not None and now.body != found.approval.body else ""


def _by_act(possible: tuple[Possible, ...]) -> Mapping[str, Possible | None]:
    """Every act, with what the asker may do of it first; None where they may not."""
    return {name: next((each for each in possible if each.act == name), None) for name in get_args(Name)}


def changed(visit: Visit, found: Instance) -> tuple[Told, ...]:
    """Old → new in words, of the record and then of its lines."""
    hidden = approval_fields.hidden(found)
    seen = [each for each in found.changes if each.field not in hidden]
    own = words(visit, found.object, {each.field: (each.old, each.new) for each in seen})
    return (*own, *(told for line in found.line_changes for told in _line(visit, line)))


def _line(visit: Visit, line: LineChange) -> Iterator[Told]:
    """A changed line, a row for each of its fields; one that was added or removed, all of it in one row."""
    obj = visit.model.objects[line.object]
    name = str(line.title or label(obj.label, visit.language))
    told = words(visit, line.object, {each.field: (each.old, each.new) for each in line.changes})
    if line.what == "changed":
        yield from (
            replace(each, label=visit.say(msg("{line}: {field}", line=name, field=each.label))) for each in told
        )
        return
    all_of_it = visit.say(msg(", ")).join(f"{each.label} {each.new or each.old}" for each in told)
    removed = visit.say(msg("taken away"))
    yield Told(name, "", all_of_it) if line.what == "added" else Told(name, all_of_it, removed)


def _edits(visit: Visit, found: Instance, entry: ActEntry) -> tuple[Told, ...]:
    """What an approver edited as they decided, in words."""
    hidden = approval_fields.hidden(found)
    seen = [each for each in entry.changes if each.field not in hidden]
    return words(visit, found.object, {each.field: (each.old, each.new) for each in seen})


def content(visit: Visit, found: Instance) -> tuple[Told, ...]:
    """What the approval is bound to and what its node shows beside, in words, where that holds anything."""
    hidden = approval_fields.hidden(found)
    shown = {**found.snapshot, **approval_fields.shown_beside(visit, found)}
    pairs = {name: (None, value) for name, value in shown.items() if name not in hidden}
    return tuple(each for each in words(visit, found.object, pairs) if each.new)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines that an approval is bound to: what they are called, and of each its name and its other fields."""

    label: str
    rows: tuple[tuple[str, tuple[Told, ...]], ...]


def lines(visit: Visit, found: Instance) -> tuple[Lines, ...]:
    """Bound lines, object by object, with what their fields hold."""
    objects = dict.fromkeys(each.object for each in found.lines)
    return tuple(_lines(visit, name, [each for each in found.lines if each.object == name]) for name in objects)


def _lines(visit: Visit, name: str, lines: Sequence[LineChange]) -> Lines:
    """The lines of one object: one statement for each object that they name records of."""
    obj = visit.model.objects[name]
    kept = [{each.field: (None, each.new) for each in line.changes} for line in lines]
    made = [changes_of_records.Change("update", visit.reading.now, "", "", "", 0, each, "") for each in kept]
    entries = changes_of_records.told(visit, obj, made)
    return Lines(
        label=label(obj.plural or obj.label, visit.language),
        rows=tuple(
            _named(list(fields).index(obj.title) if obj.title in fields else 0, entry.changes)
            for fields, entry in zip(kept, entries, strict=True)
        ),
    )


def _named(at: int, fields: Sequence[Told]) -> tuple[str, tuple[Told, ...]]:
    return fields[at].new, tuple(each for number, each in enumerate(fields) if number != at and each.new)


def words(visit: Visit, object_name: str, fields: Mapping[str, tuple[Any, Any]]) -> tuple[Told, ...]:
    """Old and new values of fields, as JSON by name, in words."""
    obj = visit.model.objects.get(object_name)
    if obj is None or not fields:
        return ()
    known = {name: pair for name, pair in fields.items() if name in obj.fields}
    change = changes_of_records.Change("update", visit.reading.now, "", "", "", 0, known, "")
    told = changes_of_records.told(visit, obj, [change])
    return told[0].changes if told else ()


def act(visit: Visit, id: str) -> Response:
    """Do what the form says; the page again, with the reason, where that is refused."""
    said, number = visit.sent("act"), whole_number(visit.sent("number"))
    typed: Typed | None = None
    try:
        with files_sent(visit) as files:
            if said == "comment":
                visit.write(lambda unit: service.comment(unit, id, visit.sent("opinion"), files=files(unit)))
            else:
                with visit.read() as reading:
                    sent = act_sent(reading)
                    typed = approval_fields.sent(reading, id) if said in DECISIONS else None
                change = typed.change() if typed else None
                visit.write(
                    lambda unit: service.act(unit, id, sent, number=number, change=change, files=files(unit)),
                    why=visit.sent("why") if change else "",
                )
    except (Rejected, Conflict, TooLarge) as error:
        with visit.read() as reading:
            return _page(reading, id, error, typed=typed)
    back = HERE if said in ("approve", "reject", "send_back", "hand_over") else f"{HERE}/{id}"
    return visit.go(visit.back(back), visit.say(SAID["add" if said == "add" else said]))


def file(visit: Visit, id: str, file: str) -> Response:
    """A file of an opinion, for everybody who sees the approval."""
    found = service.file(visit.unit, id, file)
    return attachments.given_out(visit.site.settings.data_dir, found.content or found.id, found.name)


PAGES = (
    Page("GET", ONE, show),
    Page("POST", ONE, act),
    Page("GET", ONE + "/print", printed),
    Page("GET", ONE + "/files/{file}", file),
)
