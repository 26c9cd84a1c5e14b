"""What of a preview somebody may see: what is kept from them is counted alone.

A record is named for who may see it, as it is now and as it would be then. A field is there for who may read it, masked
where it is so for them. What a step tells, calls, waits for and fails by is for who may read all that it is made of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong.engine.fields.masked import MaskedType
from dougong.engine.unit import Unit
from dougong.metadata.automation import Automation
from dougong.metadata.model import Field, Object
from dougong.workflows.automations.period import Rehearsed
from dougong.workflows.automations.previewing import MOST_NAMED, Preview, named, titles_for
from dougong.workflows.automations.rehearsing import Foreseen, Told
from dougong.workflows.automations.watching import Written
from dougong.workflows.steps import reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A record that would be written, with the fields that somebody sees: what each was, and would be."""

    object: Object
    id: str
    title: str
    action: str
    fields: tuple[tuple[Field, Any, Any], ...]


class Sight:
    """What the actor of a unit may see of previews of one automation: one statement for each object in them."""

    def __init__(self, unit: Unit, automation: Automation, rehearsed: Sequence[Rehearsed]) -> None:
        """Look up which of the records of `rehearsed` the actor may see now."""
        self.unit, self.automation = unit, automation
        self.titles: Mapping[tuple[str, str], str] = titles_for(unit, self._wanted(rehearsed))
        self._known: dict[tuple[frozenset[str], str | None], bool] = {}

    def _wanted(self, rehearsed: Sequence[Rehearsed]) -> Iterator[tuple[str, str]]:
        for each in rehearsed:
            yield self.automation.object, each.event.record
            if each.event.by is not None:
                yield "user", each.event.by
            steps = each.preview.steps if each.preview is not None else ()
            yield from named(steps)
            for step in steps:
                yield from (("user", told.user) for told in step.told[:MOST_NAMED])
                yield from (
                    (told.object, told.record) for told in step.told[:MOST_NAMED] if told.object and told.record
                )
                yield from (_about(call) for call in step.calls[:MOST_NAMED])

    def title(self, object_name: str, id: str, then: Preview | None = None) -> str | None:
        """What a record is called, or would be `then`; None where the actor may not see it."""
        found = self.titles.get((object_name, id))
        return then.then.get((object_name, id)) if found is None and then is not None else found

    def changed(self, preview: Preview, written: Written) -> Changed | None:
        """A record that would be written; None where the actor may not see it, as it is or as it would be."""
        key, obj = (written.object, written.id), self.unit.runtime.model.objects[written.object]
        before = written.action == "create" or key in self.titles
        after = written.action == "delete" or key in preview.then
        if not (before and after):
            return None
        title = preview.then.get(key) or self.titles.get(key) or ""
        return Changed(
            object=obj, id=written.id, title=title, action=written.action, fields=tuple(self._fields(obj, written))
        )

    def _fields(self, obj: Object, written: Written) -> Iterator[tuple[Field, Any, Any]]:
        for name, (before, after) in written.fields.items():
            field = self.unit.access.seen(obj, obj.fields[name]) if name in obj.fields else None
            if field is None:
                continue
            if isinstance(field.type, MaskedType):
                before, after = field.type.seen(before), field.type.seen(after)
            yield field, before, after

    def decides(self, step: Foreseen) -> bool:
        """Whether the actor may know how a step decided for the record: which way it took, until when it would wait."""
        return self._may_read(step.reads, self.automation.object)

    def contents(self, preview: Preview, step: Foreseen, told: Told) -> bool:
        """Whether the actor may read what somebody would be told: their own news, or what the record shows them."""
        if told.user == self.unit.actor.user_id:
            return True
        if told.object is None or told.record is None:
            return False
        model = self.unit.runtime.model
        whole = self._may_read(reads.of_objects(model, (told.object,)), told.object)
        seen = self.title(told.object, told.record, preview) is not None
        return whole and seen and self._may_read(step.reads, told.object)

    def body(self, preview: Preview, step: Foreseen, call: Mapping[str, Any]) -> bool:
        """Whether the actor may read what a call would tell."""
        object_name, id = _about(call)
        return self.title(object_name, id, preview) is not None and self._may_read(step.reads, object_name)

    def why(self, step: Foreseen) -> bool:
        """Whether the actor may read why a step would fail: that may tell of any field of what it is about."""
        every = reads.of_objects(self.unit.runtime.model, step.objects)
        return self._may_read(every | step.reads, self.automation.object)

    def _may_read(self, fields: Collection[str], object_name: str | None) -> bool:
        key = frozenset(fields), object_name
        if key not in self._known:
            self._known[key] = reads.may_read(self.unit, key[0], object_name)
        return self._known[key]


def _about(call: Mapping[str, Any]) -> tuple[str, str]:
    """The record that a call tells of."""
    data = call["body"]["data"]
    return str(data["object"]), str(data["id"])
