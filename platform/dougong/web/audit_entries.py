"""Entries of the audit log in the reader's words: what happened, to what, by whom, and each value before and after."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong.base.ids import is_record_id
from dougong.base.language import Message, label, msg
from dougong.engine import revisions
from dougong.engine.audit.kinds import GROUPS, KINDS
from dougong.engine.audit.reading import Recorded
from dougong.engine.reading.readers import titles
from dougong.metadata.difference import diff
from dougong.web.context import hue, initials, record_url
from dougong.web.visit import Visit

MOST_CHANGES = 200
LONGEST = 300

CHANNELS: Mapping[str, Message] = {
    "form": msg("Pages"),
    "inline": msg("Pages"),
    "bulk": msg("Pages"),
    "conversion": msg("Pages"),
    "undo": msg("Pages"),
    "api": msg("API"),
    "import": msg("Import"),
    "workflow": msg("Automation"),
    "system": msg("System"),
    "cli": msg("Command line"),
    "publish": msg("Publishing"),
    "mail": msg("E-mail link"),
}

LABELS: Mapping[str, Message] = {
    "records": msg("Records"),
    "columns": msg("Columns"),
    "filter": msg("Filter"),
    "search": msg("Search"),
    "rows": msg("Rows"),
    "created": msg("Created"),
    "create": msg("Created"),
    "updated": msg("Changed"),
    "update": msg("Changed"),
    "delete": msg("Deleted"),
    "restore": msg("Restored"),
    "unchanged": msg("Unchanged"),
    "refused": msg("Left out"),
    "field": msg("Field"),
    "file": msg("File"),
    "run": msg("Run"),
    "packages": msg("Packages"),
    "parent": msg("Follows revision"),
    "added": msg("Added"),
    "changed": msg("Changed"),
    "removed": msg("Removed"),
    "step": msg("Step"),
    "factor": msg("Way in"),
    "left": msg("Left"),
    "scope": msg("Scope"),
    "issuer": msg("Provider"),
    "one_time": msg("One-time password"),
    "count": msg("Number"),
    "all": msg("All"),
    "method": msg("Method"),
    "status": msg("Status"),
    "code": msg("Reason code"),
    "not_recorded": msg("Further ones not recorded"),
    "days": msg("Days"),
    "label": msg("What it is for"),
    "dropped": msg("Dropped"),
    "typed": msg("Typed name"),
    "agent": msg("Browser"),
    "entries": msg("Entries"),
    "rule": msg("Retention rule"),
    "viewed_as": msg("Looking on as"),
    "job": msg("Job"),
    "attempts": msg("Attempts"),
}
"""What the data of entries are called; a key that is not here is shown as it is."""

UNSHOWN = frozenset({"name", "login", "address", "why", "changes"})
"""Parts that have places of their own on the page."""


@dataclass(frozen=True, slots=True)
class Target:
    """What something happened to."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry of the list."""

    seq: int
    at: Any
    what: str
    group: str
    tone: str
    who: str
    hue: str
    initials: str
    target: Target
    channel: str
    address: str
    why: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One value before and after. `thing` is an address of metadata, or a field."""

    thing: str
    before: str
    after: str


def shown(visit: Visit, entries: Sequence[Recorded]) -> list[Shown]:
    """Entries for the list, the names of what they are about by one statement for each object."""
    names = _titles(visit, entries)
    return [_shown(visit, each, names) for each in entries]


def _shown(visit: Visit, each: Recorded, names: Mapping[tuple[str, str], str]) -> Shown:
    kind = KINDS.get(each.kind)
    who = str(each.personal.get("name") or names.get(("user", each.actor_id or ""), ""))
    return Shown(
        seq=each.seq,
        at=each.at,
        what=visit.say(kind.label) if kind else each.kind,
        group=visit.say(GROUPS[kind.group]) if kind else "",
        tone="bad" if kind and (kind.group == "refused" or kind.name in ("sign_in_failed", "account_locked")) else "",
        who=who,
        hue=hue(each.actor_id or ""),
        initials=initials(who) if who else "",
        target=_target(visit, each.target or str(each.personal.get("typed", "")), names),
        channel=visit.say(CHANNELS[each.channel]) if each.channel in CHANNELS else each.channel,
        address=str(each.personal.get("address", "")),
        why=str(each.personal.get("why", "")),
    )


def _record(target: str) -> tuple[str, str] | None:
    """(object, id) of an address that names a record."""
    sort, _, rest = target.partition(":")
    object_name, _, record_id = ("user", "", rest) if sort == "user" else rest.partition("/")
    return (object_name, record_id) if sort in ("user", "record") and is_record_id(record_id) else None


def _titles(visit: Visit, entries: Iterable[Recorded]) -> dict[tuple[str, str], str]:
    wanted: dict[str, set[str]] = {}
    for each in entries:
        if found := _record(each.target):
            wanted.setdefault(found[0], set()).add(found[1])
        if each.actor_id and not each.personal.get("name"):
            wanted.setdefault("user", set()).add(each.actor_id)
    return titles(visit.unit, wanted)


def _target(visit: Visit, target: str, names: Mapping[tuple[str, str], str]) -> Target:
    sort, _, rest = target.partition(":")
    if found := _record(target):
        obj = visit.model.objects.get(found[0])
        kind = label(obj.label, visit.language) if obj else found[0]
        title = names.get(found)
        return Target(f"{kind} {title or found[1][:8]}", record_url(*found) if title is not None else "")
    if sort == "object" and (obj := visit.model.objects.get(rest)):
        return Target(label(obj.plural or obj.label, visit.language), f"/o/{obj.name}")
    if sort == "revision":
        return Target(visit.say(msg("Revision {number}", number=rest)))
    return Target(target)


def details(visit: Visit, each: Recorded) -> list[tuple[str, str]]:
    """The data of an entry, each with its name."""
    found = {**each.data, **each.personal}
    return [
        (visit.say(LABELS[key]) if key in LABELS else key, _text(value))
        for key, value in found.items()
        if key not in UNSHOWN and not key.endswith("_count") and value not in ([], {}, "", None)
    ]


def changes(visit: Visit, each: Recorded) -> tuple[list[Changed], bool]:
    """Values before and after, and whether there are more than are shown."""
    found = list(_changes(visit, each))
    return found[:MOST_CHANGES], len(found) > MOST_CHANGES


def _changes(visit: Visit, each: Recorded) -> Iterator[Changed]:
    for part in (each.data, each.personal):
        known = part.get("changes")
        for name, pair in known.items() if isinstance(known, dict) else ():
            if isinstance(pair, list) and len(pair) == 2:
                yield Changed(str(name), _text(pair[0]), _text(pair[1]))
    sort, _, number = each.target.partition(":")
    parent = each.data.get("parent")
    if sort == "revision" and number.isdecimal() and isinstance(parent, int):
        before, after = (revisions.tree_of(visit.unit.connection, at) for at in (parent, int(number)))
        for change in diff(before, after):
            yield _of_metadata(change.address + change.place, change.action, change.before, change.after)


def _of_metadata(thing: str, action: str, before: Any, after: Any) -> Changed:
    return Changed(thing, "" if action == "added" else _text(before), "" if action == "removed" else _text(after))


def _text(value: Any) -> str:
    if isinstance(value, str):
        said = value
    elif isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        said = ", ".join(map(str, value))
    elif isinstance(value, dict) and all(isinstance(each, str | int) for each in value.values()):
        said = ", ".join(f"{key}: {each}" for key, each in value.items())
    else:
        said = "" if value is None else json.dumps(value, ensure_ascii=False)
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
