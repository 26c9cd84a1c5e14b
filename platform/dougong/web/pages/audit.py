"""The audit log: search it by who, what, when and kind; open an entry for what was before and after."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from starlette.responses import Response

from dougong.base.errors import NotFound, Problem
from dougong.base.language import msg
from dougong.engine.audit import reading
from dougong.engine.audit.kinds import GROUPS, KINDS
from dougong.engine.audit.reading import Asked
from dougong.engine.query import Condition, Either, Query
from dougong.web import audit_entries
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, whole_number, with_query

HERE = "/audit"
PER_PAGE = 50
MOST_PEOPLE = 50


def show(visit: Visit) -> Response:
    """A page of the log, newest first."""
    reading.require_right(visit.unit)
    given = {name: visit.asked(name).strip() for name in ("who", "kind", "what", "since", "until")}
    entries, following = reading.search(visit.unit, _asked(visit, given))
    kept = [(name, value) for name, value in given.items() if value]
    return framed(
        visit,
        "audit.html",
        HERE,
        visit.say(msg("Audit log")),
        entries=audit_entries.shown(visit, entries),
        given=given,
        filtered=bool(kept),
        kinds=_kinds(visit),
        first=with_query(HERE, kept) if visit.asked("before") else "",
        following=with_query(HERE, [*kept, ("before", str(following))]) if following else "",
    )


def entry(visit: Visit, seq: str) -> Response:
    """One entry in full."""
    reading.require_right(visit.unit)
    number = whole_number(seq)
    if number is None:
        raise NotFound(Problem(code="audit-unknown", thing=seq, reason=msg("There is no such entry.")))
    found = reading.get(visit.unit, number)
    changed, more = audit_entries.changes(visit, found)
    told = audit_entries.shown(visit, [found])[0]
    return framed(
        visit,
        "audit_entry.html",
        HERE,
        told.what,
        entry=told,
        number=visit.say(msg("Entry {number}", number=number)),
        details=audit_entries.details(visit, found),
        changed=changed,
        more=more,
        erased=found.erased,
        hash=found.hash,
    )


def _kinds(visit: Visit) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(group, its name, its kinds with theirs)."""
    return [
        (name, visit.say(said), [(each.name, visit.say(each.label)) for each in KINDS.values() if each.group == name])
        for name, said in GROUPS.items()
    ]


def _asked(visit: Visit, given: dict[str, str]) -> Asked:
    kinds: list[str] | None = None
    if kind := given["kind"]:
        kinds = [each.name for each in KINDS.values() if kind in (each.name, f"group:{each.group}")]
    return Asked(
        actors=_people(visit, given["who"]) if given["who"] else None,
        kinds=kinds,
        target=_target(visit, given["what"]),
        since=_midnight(visit, given["since"], 0),
        until=_midnight(visit, given["until"], 1),
        before=whole_number(visit.asked("before")),
        limit=PER_PAGE,
    )


def _people(visit: Visit, text: str) -> list[str]:
    """The users whose name or login holds `text`."""
    where = Either((Condition("name", "contains", text), Condition("login", "contains", text)))
    found = visit.unit.records.query(Query(object="user", where=where, deleted="all", limit=MOST_PEOPLE))
    return [row.id for row in found.rows]


def _target(visit: Visit, text: str) -> str:
    """The address that somebody means by what they typed: the name of an object, or an address as it is."""
    for obj in visit.model.objects.values():
        if text.lower() in {each.lower() for each in (*obj.label.values(), *(obj.plural or {}).values())}:
            return f"object:{obj.name}"
    return text


def _midnight(visit: Visit, text: str, days: int) -> datetime | None:
    """The beginning of a day in the reader's zone, or of the one `days` later; None where it is none."""
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        return datetime.combine(day, time(), visit.reading.zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


PAGES = (
    Page("GET", HERE, show, right="view_audit"),
    Page("GET", HERE + "/{seq}", entry, right="view_audit"),
)
