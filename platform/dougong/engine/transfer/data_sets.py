"""Data sets of packages: rows with relative dates, replayed in order of time as if people had worked on those days.

The format is described beside the data (``data/demo/README.md`` of the sales package). Every rule of the package
holds: a stage that asks for a field gets it, a document gets its number in its month.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from dougong.base.field_types import Reference
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.saving.batch import Change, Create, Made, Update
from dougong.engine.unit import Unit

if TYPE_CHECKING:
    from dougong.engine.company import Company

RELATIVE = re.compile(r"\{([+-]?\d+)d(?: (\d\d):(\d\d))?\}")
"""A date in days from the day of installing, with a time of day where one matters."""


QUEUE = "@queue:"
"""How a reference to a queue of the metadata begins; its name follows."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: a record was made, or changed, on a day."""

    day: int
    late: bool
    file: int
    row: int
    object: str
    key: str
    values: Mapping[str, Any]
    who: str
    reason: str = ""


def load(company: Company, folder: Path | Traversable, files: Sequence[str], zone: tzinfo) -> dict[str, str]:
    """Load the data set in `files` of a package's `folder`, in one transaction; record ids by the rows' keys.

    Raises:
        Rejected: a row breaks a rule.
    """
    documents = [orjson.loads(_bytes(folder, name)) for name in files]
    events = sorted(_events(documents), key=lambda each: (each.day, each.late, each.file, each.row))
    return company.write(replace(SYSTEM, channel="form"), lambda unit: _Replay(unit, zone).run(events))


def _bytes(folder: Path | Traversable, name: str) -> bytes:
    for part in name.split("/"):
        folder = folder / part
    return folder.read_bytes()


def _events(documents: Sequence[Mapping[str, Any]]) -> Iterator[Event]:
    for at, document in enumerate(documents):
        for number, row in enumerate(document["rows"]):
            who = str(row["values"].get("owner", "")).removeprefix("@")
            common = (at, number, document["object"], row["key"])
            yield Event(row.get("created", -1), False, *common, row["values"], who)
            for step in row.get("history", ()):
                values = dict(step.get("set", {}))
                who = str(values.get("owner", who)).removeprefix("@")
                if "life_status" in step:
                    values["life_status"] = step["life_status"]
                yield Event(step["at"], True, *common, values, who, step.get("reason", ""))


def _together(group: Sequence[Event], event: Event) -> bool:
    """Whether an event may be saved with those before it: same day, same person, no record twice."""
    first = group[0]
    alike = (event.day, event.late, event.file, event.who) == (first.day, first.late, first.file, first.who)
    return alike and all(event.key != each.key for each in group)


class _Replay:
    """Replays events into one unit, each at its own moment and by its own person."""

    def __init__(self, unit: Unit, zone: tzinfo) -> None:
        self.unit, self.zone = unit, zone
        self.today = unit.now.astimezone(zone).date()
        self.ids: dict[str, str] = {}
        self.objects: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.clock: dict[int, int] = {}

    def run(self, events: Sequence[Event]) -> dict[str, str]:
        group: list[Event] = []
        for event in events:
            if group and not _together(group, event):
                self._save(group)
                group = []
            group.append(event)
        if group:
            self._save(group)
        return self.ids

    def _save(self, group: Sequence[Event]) -> None:
        made = {event.key for event in group if not event.late}
        changes: list[Change] = [self._change(event, made) for event in group]
        saved = self._unit_at(group[0]).records.save(changes)
        for each in saved.changes:
            event = group[each.row - 1]
            if not event.late:
                self.ids[event.key] = each.id
                self.objects[event.key] = event.object
                if event.object == "user":
                    self.names[event.key] = str(event.values["name"])

    def _unit_at(self, event: Event) -> Unit:
        """A unit of the same transaction, a few minutes after the last one of that day, for the person who acted."""
        minutes = self.clock[event.day] = self.clock.get(event.day, 0) + 7
        moment = self._instant(event.day, 9, 0) + timedelta(minutes=min(minutes, 14 * 60))
        actor = replace(SYSTEM, channel="form")
        if event.who in self.ids:
            actor = Actor(user_id=self.ids[event.who], name=self.names[event.who], kind="system", channel="form")
        return Unit(self.unit.company, self.unit.connection, self.unit.runtime, actor, min(moment, self.unit.now))

    def _instant(self, day: int, hour: int, minute: int) -> datetime:
        local = datetime.combine(self.today + timedelta(days=day), time(hour, minute), self.zone)
        return local.astimezone(UTC)

    def _change(self, event: Event, made: set[str]) -> Change:
        values = {name: self._value(value, made) for name, value in event.values.items()}
        if event.late:
            return Update(event.object, self.ids[event.key], values, why=event.reason)
        return Create(event.object, values, event.key)

    def _value(self, value: Any, made: set[str]) -> Any:
        if isinstance(value, list):
            return [self._value(each, made) for each in value]
        if not isinstance(value, str):
            return value
        if value.startswith(QUEUE):
            return self.unit.runtime.model.rights.queues[value.removeprefix(QUEUE)].record
        if value.startswith("@") and value[1:] in made:
            return Made(value[1:])
        if value.startswith("@") and value[1:] in self.ids:
            return Reference(self.objects[value[1:]], self.ids[value[1:]])
        found = RELATIVE.fullmatch(value)
        if found is None:
            return value
        day, hour, minute = found.groups()
        if hour is None:
            return (self.today + timedelta(days=int(day))).isoformat()
        return self._instant(int(day), int(hour), int(minute)).isoformat()
