"""What each step of an automation would do, in the words of a reader and as far as they may see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import Message, label, msg
from dougong.base.step_types import STEP_TYPES
from dougong.engine.fields.masked import Masked, is_masked
from dougong.metadata.automation import Automation
from dougong.metadata.model import Field
from dougong.web.context import record_url
from dougong.web.endpoints import called
from dougong.web.visit import Visit
from dougong.workflows.automations.period import Rehearsed
from dougong.workflows.automations.previewing import MOST_NAMED, Preview, references
from dougong.workflows.automations.rehearsing import Foreseen, Told
from dougong.workflows.automations.seeing import Changed, Sight
from dougong.workflows.notices.sending import endpoint_of
from dougong.workflows.pages.automation_runs import json_text, named

LONGEST = 300
"""Characters of a value that are shown."""

DOINGS: Mapping[str, Message] = {
    "create": msg("Would make"),
    "change": msg("Would change"),
    "delete": msg("Would delete"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A record that a step would write: (field, before, after), as texts."""

    doing: str
    kind: str
    title: str
    url: str
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What somebody would be told: in the inbox, and by (channel, subject, text, why it would not leave) besides.

    `hidden` where the reader may not see it.
    """

    to: str
    title: str
    body: str
    ways: tuple[tuple[str, str, str, str], ...]
    hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What one step would do, as far as the reader may see it; what of it is not shown is counted.

    `why` is what it would fail by; `failed` without it where the reader may not see that.
    """

    path: str
    label: str
    writes: tuple[Write, ...]
    unseen: int
    more: int
    mails: tuple[Mail, ...]
    calls: tuple[tuple[str, str], ...]
    others: tuple[str, ...]
    decided: tuple[str, ...]
    failed: bool
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One record, and what each step would do. `why` is why that cannot be told; `meant` that it is still for it."""

    title: str
    url: str
    at: datetime
    who: str
    meant: bool
    steps: tuple[Done, ...]
    why: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether anything goes wrong."""
        return bool(self.why) or any(each.failed for each in self.steps)


class Showing:
    """Says in the reader's language what they may see."""

    def __init__(self, visit: Visit, sight: Sight) -> None:
        """Show what `sight` lets the reader of `visit` see."""
        self.visit, self.sight, self.language = visit, sight, visit.language

    def row(self, automation: Automation, each: Rehearsed) -> Shown | None:
        """One record; None where the reader may not see it."""
        event, preview = each.event, each.preview
        title = self.sight.title(automation.object, event.record)
        if title is None:
            return None
        return Shown(
            title=title or self.visit.say(msg("No name")),
            url=record_url(automation.object, event.record),
            at=event.at,
            who=self._called("user", event.by) if event.by else "",
            meant=preview is None or preview.meant,
            steps=tuple(self._step(preview, step) for step in preview.steps) if preview is not None else (),
            why=self._texts(each.problems),
        )

    def _step(self, preview: Preview, step: Foreseen) -> Done:
        changed = [self.sight.changed(preview, each) for each in step.written[:MOST_NAMED]]
        known = STEP_TYPES.get(step.do)
        return Done(
            path=step.path,
            label=self.visit.say(known.label) if known is not None else step.do,
            writes=tuple(self._write(preview, each) for each in changed if each is not None),
            unseen=sum(each is None for each in changed),
            more=sum(max(0, len(each) - MOST_NAMED) for each in (step.written, step.told, step.calls)),
            mails=tuple(self._mail(preview, step, each) for each in step.told[:MOST_NAMED]),
            calls=tuple(self._call(preview, step, each) for each in step.calls[:MOST_NAMED]),
            others=tuple(named(self.visit, each) for each in step.sets_off),
            decided=tuple(self._decided(step)) if self.sight.decides(step) else (),
            failed=bool(step.problems),
            why=self._texts(step.problems) if step.problems and self.sight.why(step) else (),
        )

    def _texts(self, problems: Iterable[Problem]) -> tuple[str, ...]:
        return tuple(each.text(self.language) for each in problems)

    def _called(self, object_name: str, id: str, then: Preview | None = None) -> str:
        """What a record is called; "" where the reader may not see it."""
        return self.visit.context.called(id, self.sight.title(object_name, id, then) or "")

    # -- what is written --------------------------------------------------------------------------------------
    def _write(self, preview: Preview, changed: Changed) -> Write:
        return Write(
            doing=self.visit.say(DOINGS[changed.action]),
            kind=label(changed.object.label, self.language, changed.object.name),
            title=self.visit.context.called(changed.id, changed.title),
            url="" if changed.action == "create" else record_url(changed.object.name, changed.id),
            fields=tuple(self._pairs(preview, changed)),
        )

    def _pairs(self, preview: Preview, changed: Changed) -> Iterator[tuple[str, str, str]]:
        for field, before, after in changed.fields:
            old = "" if changed.action == "create" else self._value(preview, field, before)
            new = self._value(preview, field, after)
            if old != new or (new and is_masked(field)):  # two values may look the same behind their mask
                yield label(field.label, self.language, field.name), old, new

    def _value(self, preview: Preview, field: Field, value: Any) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, Masked):
            return str(value)
        several = references(value)
        if several or field.type.refers:
            titles = (self._called(each.object, each.id, preview) for each in several)
            return ", ".join(each for each in titles if each)
        said = field.type.display(field, value, self.visit.reading)
        return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"

    # -- what leaves ------------------------------------------------------------------------------------------
    def _mail(self, preview: Preview, step: Foreseen, told: Told) -> Mail:
        seen = self.sight.contents(preview, step, told)
        ways = [
            (
                called(self.visit, each.channel),
                (each.content or {}).get("subject", "") if seen else "",
                (each.content or {}).get("text", "") if seen else "",
                each.why.to(self.language) if each.why is not None else "",
            )
            for each in told.ways
        ]
        return Mail(
            to=self._called("user", told.user) or self.visit.say(msg("somebody")),
            title=label(told.title, self.language) if seen else "",
            body=label(told.body, self.language) if seen else "",
            ways=tuple(ways),
            hidden=not seen,
        )

    def _call(self, preview: Preview, step: Foreseen, call: Mapping[str, Any]) -> tuple[str, str]:
        """Where it goes, and what it tells; "" where the reader may not see that."""
        seen = self.sight.body(preview, step, call)
        return endpoint_of(call["url"]), json_text(call["body"]["data"]) if seen else ""

    def _decided(self, step: Foreseen) -> Iterator[str]:
        output = step.output if isinstance(step.output, Mapping) else {}
        if "until" in output:
            moment = datetime.fromisoformat(output["until"])
            yield self.visit.say(msg("would wait until {moment}", moment=self.visit.context.datetime(moment)))
        if "ways" in output:
            taken = [key or self.visit.say(msg("otherwise")) for key, ids in output["ways"].items() if ids]
            yield self.visit.say(msg("would take the way {key}", key=", ".join(taken) or "—"))
