"""The path of a record: its stages, where it stands and since when, what the next one asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dougong.base.language import label
from dougong.engine.saving.plan import plan_of
from dougong.engine.saving.stages import is_blank, path_for
from dougong.metadata.model import Object, Path, PicklistValue, Stage
from dougong.web.changes import Change
from dougong.web.formats import days_between
from dougong.web.visit import Visit


@dataclass(frozen=True, slots=True)
class ShownStage:
    """A stage: `state` is done, now or todo; `days` spent in it so far, None where it was never entered."""

    value: str
    label: str
    state: str
    days: int | None
    allowed: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field that a stage asks for."""

    label: str
    there: bool


@dataclass(frozen=True, slots=True)
class PathBar:
    """What the page shows of a path."""

    label: str
    field: str
    stages: tuple[ShownStage, ...]
    guidance: str
    wanted: tuple[Wanted, ...]
    next: ShownStage | None
    late: bool


def path_of(visit: Visit, obj: Object, values: Mapping[str, Any]) -> Path | None:
    """The path that a record follows, where it has one."""
    return path_for(plan_of(visit.unit.runtime, obj.name), values.get("record_type")) if obj.paths else None


def make(visit: Visit, obj: Object, values: Mapping[str, Any], changes: Iterable[Change]) -> PathBar | None:
    """The bar of a record; None where its object has no path."""
    path = path_of(visit, obj, values)
    access = visit.unit.access
    if path is None or path.field not in obj.fields or not access.may_field("read", obj, obj.fields[path.field]):
        return None
    picklist = obj.fields[path.field].picklist
    known = picklist.values if picklist else {}
    now = values.get(path.field)
    order = [value for value in path.stages if value in known]
    at = order.index(now) if now in order else -1
    spent = _days(visit, path.field, values, list(changes))
    present = path.stages.get(now or "")
    stages = tuple(
        ShownStage(
            value,
            label(known[value].label, visit.language),
            _state(place, at, known[value], spent),
            spent.get(value),
            _allowed(present, path, value),
            _outcome(known[value]),
        )
        for place, value in enumerate(order)
    )
    following = _following(stages, at)
    wanted = path.stages[following.value].required if following else ()
    limit = present.limit_days if present else None
    return PathBar(
        label=label(obj.fields[path.field].label, visit.language),
        field=path.field,
        stages=stages,
        guidance=label(present.guidance, visit.language) if present else "",
        wanted=tuple(
            Wanted(label(obj.fields[name].label, visit.language), not is_blank(values.get(name)))
            for name in wanted
            if name in obj.fields and access.seen(obj, obj.fields[name]) is not None
        ),
        next=following,
        late=bool(limit and (spent.get(now or "") or 0) > limit),
    )


def _outcome(value: PicklistValue) -> str:
    return str(value.attributes.get("outcome", ""))


def _state(place: int, at: int, value: PicklistValue, spent: Mapping[str, int]) -> str:
    """Stages before the present one are done; one that closes the record only if it was really entered."""
    if place == at:
        return "now"
    passed = place < at and (_outcome(value) in ("", "open") or value.value in spent)
    return "done" if passed else "todo"


def _allowed(present: Stage | None, path: Path, value: str) -> bool:
    if present is None or present.value == value:
        return present is None
    order = list(path.stages)
    if order.index(value) < order.index(present.value):
        return present.back != "no"
    return present.next is None or value in present.next


def _following(stages: tuple[ShownStage, ...], at: int) -> ShownStage | None:
    """The stage that comes next when all goes well."""
    later = [each for each in stages[at + 1 :] if each.allowed and each.outcome != "lost"]
    return later[0] if later and (at < 0 or stages[at].outcome in ("", "open")) else None


def _days(visit: Visit, name: str, values: Mapping[str, Any], changes: list[Change]) -> dict[str, int]:
    """Days in each stage, from history: oldest first, each stay ends where the next begins."""
    zone, now = visit.reading.zone, visit.unit.now
    begun, stage = values.get("created_at") or now, None
    found: dict[str, int] = {}
    for each in reversed(changes):
        if name not in each.fields:
            continue
        old, new = each.fields[name]
        stage = stage or old
        if stage:
            found[stage] = found.get(stage, 0) + days_between(begun, each.at, zone)
        stage, begun = new, each.at
    present = values.get(name)
    if present:
        found[present] = found.get(present, 0) + days_between(begun, now, zone)
    return found
