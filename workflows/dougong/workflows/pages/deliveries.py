"""The log of what leaves: every mail, web hook, bot message and call, how it stands, and sending it once more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from starlette.responses import Response

from dougong.base.ids import is_record_id
from dougong.base.language import Message, label, msg
from dougong.base.step_types import STEP_TYPES
from dougong.engine import backlog
from dougong.engine.unit import Unit
from dougong.metadata.steps import every_step
from dougong.web.context import record_url
from dougong.web.endpoints import called, silent
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query
from dougong.workflows.notices import log, replaying
from dougong.workflows.notices.kinds import kind_of
from dougong.workflows.notices.log import Asked, Line, Seeing
from dougong.workflows.notices.preferences import MAIL
from dougong.workflows.notices.sending import CALL, endpoint_of

HERE = "/deliveries"

STATES: Mapping[str, Message] = {
    "waiting": msg("Waiting"),
    "failed": msg("Failed"),
    "sent": msg("Sent"),
    "dropped": msg("Dropped"),
}

COLOURS: Mapping[str, str] = {"waiting": "blue", "failed": "red", "sent": "green", "dropped": "grey"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A line as a person sees it."""

    line: Line
    url: str
    state: str
    colour: str
    endpoint: str
    place: tuple[str, str]
    """The endpoint in short: a name, or a host, and where there."""
    subject: str
    receiver: str
    record: str
    record_url: str
    said: str
    """What went wrong last, or was answered; what the person may not see is left out."""
    why: str
    """What went wrong last, in our words."""
    verbatim: str
    """The same in words of others; "" where the person may not see them."""
    remark: str
    """Why it has not left, or when it is tried next."""


def show(visit: Visit) -> Response:
    """A page of the log, the newest first."""
    backlog.require_right(visit.unit)
    asked = _asked(visit)
    lines, before = log.listed(visit.unit, asked, visit.asked("before"))
    seeing = Seeing(visit.unit, lines)
    counts = log.open_counts(visit.unit)
    kept = [(name, value) for name, value in _given(asked) if value]
    return framed(
        visit,
        "deliveries.html",
        HERE,
        visit.say(msg("What was sent out")),
        tabs=list(_tabs(visit, asked, counts)),
        asked=asked,
        kept=[(name, value) for name, value in kept if name != "endpoint" and name != "record"],
        endpoints=[(each, called(visit, each)) for each in _endpoints(visit, asked, counts)],
        about=next((seeing.record(each) for each in lines if each.record == asked.record), None) or asked.record,
        failing=[
            (each, called(visit, each), counts[each]["failed"])
            for each in sorted(counts)
            if each and counts[each].get("failed") and asked.endpoint in ("", each)
        ],
        at_once=replaying.AT_ONCE,
        silent=silent(visit),
        lines=[_shown(visit, seeing, each) for each in lines],
        filtered=bool(kept),
        first=with_query(HERE, kept) if visit.asked("before") else "",
        following=with_query(HERE, [*kept, ("before", before)]) if before else "",
    )


def _asked(visit: Visit) -> Asked:
    """What somebody asks for; a record is named by its id, or by the address of its page."""
    state, record = visit.asked("show"), visit.asked("record").strip().rstrip("/").rpartition("/")[2].partition("?")[0]
    return Asked(
        state=state if state in STATES else "",
        endpoint=visit.asked("endpoint").strip(),
        record=record if is_record_id(record) else "",
        origin=visit.asked("step").strip(),
    )


def _given(asked: Asked) -> tuple[tuple[str, str], ...]:
    """The query that asks for the same."""
    return ("show", asked.state), ("endpoint", asked.endpoint), ("record", asked.record), ("step", asked.origin)


def _tabs(
    visit: Visit, asked: Asked, counts: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[str, str, int | None, bool]]:
    """(address, name, number, whether it is shown) of each state. Only what is open is counted, by endpoint."""
    counted = not asked.record and not asked.origin
    for state, said in {"": msg("All"), **STATES}.items():
        query = [(name, value) for name, value in _given(replace(asked, state=state)) if value]
        of = [by.get(state, 0) for endpoint, by in counts.items() if asked.endpoint in ("", endpoint)]
        number = sum(of) if counted and state in ("waiting", "failed") else None
        yield with_query(HERE, query), visit.say(said), number, state == asked.state


def _endpoints(visit: Visit, asked: Asked, counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Where something may go to: mail, channels, addresses that steps call, and where something is open."""
    workflows = visit.model.workflows
    steps = (step for each in workflows.automations.values() for step, _ in every_step(each.steps))
    called = (STEP_TYPES[step.do].in_order_at(step.given) for step in steps if step.do in STEP_TYPES)
    addresses = sorted({endpoint_of(each) for each in called if each is not None})
    found = (MAIL, *sorted(workflows.channels), *addresses, *sorted(counts), asked.endpoint)
    return [each for each in dict.fromkeys(found) if each]


def _shown(visit: Visit, seeing: Seeing, line: Line) -> Shown:
    record, told = seeing.record(line), seeing.contents(line)
    state = "waiting" if line.job_state in ("ready", "claimed") and line.state == "failed" else line.state
    endpoint, parts = called(visit, line.endpoint or line.channel), urlsplit(line.endpoint or "")
    return Shown(
        line=line,
        url=f"{HERE}/{line.id}",
        state=visit.say(STATES.get(state, msg("Waiting"))),
        colour=COLOURS.get(state, "grey"),
        endpoint=endpoint,
        place=(parts.netloc, parts.path) if parts.netloc else (endpoint, ""),
        subject=_subject(visit, line, told),
        receiver=seeing.receiver(line),
        record=record or "",
        record_url=record_url(str(line.object), str(line.record)) if record is not None else "",
        said=said(line, told, visit.language),
        why=line.why.reason(visit.language) if line.why is not None else "",
        verbatim=_verbatim(line, told),
        remark=_remark(visit, line, state),
    )


def _subject(visit: Visit, line: Line, told: bool) -> str:
    """What a message is about: for whom it is not, of which kind it is; a call by the flow that makes it."""
    if line.channel != CALL:
        return line.called(visit.language) if told else visit.say(kind_of(line.kind or "").label)
    kind, _, name = line.subject.partition(" → ")[0].partition(":")
    workflows = visit.model.workflows
    found = workflows.automations.get(name) if kind == "automation" else workflows.approvals.get(name)
    return label(found.label, visit.language, name) if found is not None else name or kind


def said(line: Line, told: bool, language: str) -> str:
    """What went wrong, or was answered: in full where the person is `told` contents, else in our words alone."""
    answered, why = (line.answer or "").partition("\n")[0], line.why
    if told:
        return why.to(language) if why is not None else answered
    ours = (why.reason(language) or _verbatim(line, told)) if why is not None else ""
    return " · ".join(each for each in (ours, answered) if each)


def _verbatim(line: Line, told: bool) -> str:
    """The words of others about what went wrong, for who is `told` contents.

    Of a line that an earlier version kept others see the kind of the error: it had no words of ours.
    """
    if line.why is None:
        return ""
    if told:
        return line.why.said
    return "" if line.why.text else line.why.said.partition(": ")[0]


def _remark(visit: Visit, line: Line, state: str) -> str:
    if state != "waiting":
        return ""
    if line.waits:
        return visit.say(msg("waits for an earlier one"))
    return visit.say(msg("is being sent")) if line.job_state == "claimed" else ""


def one(visit: Visit, id: str) -> Response:
    """One message or call in full, as far as the person may see it."""
    backlog.require_right(visit.unit)
    line = log.get(visit.unit, id)
    seeing = Seeing(visit.unit, [line])
    told = seeing.contents(line)
    found = log.body_of(visit.unit, line)
    body = found[0] if found is not None and seeing.told(line, found[1]) else None
    shown = _shown(visit, seeing, line)
    return framed(
        visit,
        "delivery.html",
        HERE,
        shown.subject,
        shown=shown,
        line=line,
        answer=line.answer if told or body is not None else (line.answer or "").partition("\n")[0],
        body=json.dumps(body, ensure_ascii=False, indent=2, default=str) if body is not None else "",
        hidden=(found is not None and body is None) or (line.channel != CALL and not told),
        run=(line.origin or "").partition(":")[0] if is_record_id((line.origin or "").partition(":")[0]) else "",
    )


def retry(visit: Visit, id: str) -> Response:
    """Send what has failed once more."""
    visit.write(lambda unit: replaying.retry(unit, id, visit.sent("why").strip()))
    return visit.go(visit.back(f"{HERE}/{id}"), visit.say(msg("Asked for once more")))


def retry_all(visit: Visit) -> Response:
    """Send once more all that has failed of the messages to one endpoint."""
    endpoint = visit.sent("endpoint")

    def work(unit: Unit) -> int:
        return replaying.retry_all(unit, endpoint)

    count = visit.write(work)
    told = msg("{n} message asked for again", "{n} messages asked for again", n=count)
    return visit.go(with_query(HERE, [("endpoint", endpoint)]), visit.say(told))


PAGES = (
    Page("GET", HERE, show, right=backlog.RIGHT),
    Page("POST", HERE + "/retry", retry_all, right=backlog.RIGHT),
    Page("GET", HERE + "/{id}", one, right=backlog.RIGHT),
    Page("POST", HERE + "/{id}/retry", retry, right=backlog.RIGHT),
)
