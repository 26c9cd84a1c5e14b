"""A company in which every field of every record says who it is, and whoever sees it can be asked where.

Labels and values are markers that stand nowhere else: one look through what an outlet answers tells which fields it
showed, so a matrix costs one question per outlet and person, not one per field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dougong.base.errors import DougongError
from dougong.base.field_types import Reference
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from dougong.metadata.component import Component
from dougong.metadata.model import Field, Model, Object

SHORTEST = 6
"""Characters of the shortest marker: anything shorter turns up by chance."""

_APART = re.compile(r"[\s,\-()]|&nbsp;|<wbr>")
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

LEFT_AS_THEY_ARE = frozenset({"user.login", "user.name"})
"""Fields that the people of the test go by."""


def relabelled(components: Iterable[Component]) -> tuple[list[Component], dict[str, str]]:
    """The components with a marker as the label of each field; the markers by ``object.field``."""
    found, labels = [], {}
    for at, each in enumerate(components):
        if each.kind == "field":
            labels[each.name] = f"Lq{at:04d}z"
            each = replace(each, body={**each.body, "label": {"en": labels[each.name], "zh-CN": labels[each.name]}})
        found.append(each)
    return found, labels


@dataclass
class Planted:
    """What was planted: the record of each object, and by ``object.field`` the texts that its value is shown as."""

    ids: dict[str, str] = field(default_factory=dict)
    values: dict[str, frozenset[str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


def plant(company: Company, names: Iterable[str]) -> Planted:
    """A record of each object `names` that can be made, with a marker in each field that takes one."""
    planted = Planted()
    for name in names:
        _record(company, company.runtime().model, name, planted, frozenset())
    numbers = iter(range(1, 10_000))
    for name, id in planted.ids.items():
        for each in company.runtime().model.objects[name].fields.values():
            if f"{name}.{each.name}" not in LEFT_AS_THEY_ARE:
                _mark(company, name, id, each, next(numbers), planted)
    return planted


def _record(company: Company, model: Model, name: str, planted: Planted, above: frozenset[str]) -> str | None:
    if name in planted.ids:
        return planted.ids[name]
    obj = model.objects[name]
    values = {each.name: _needed(company, model, each, planted, above | {name}) for each in _required(obj)}
    if obj.record_types:
        values["record_type"] = next(iter(obj.record_types))
    try:
        saved = company.write(SYSTEM, lambda unit: unit.records.save([Create(name, values)]))
    except DougongError:
        return None
    planted.ids[name] = saved.changes[0].id
    return planted.ids[name]


def _required(obj: Object) -> Iterator[Field]:
    stages = {name for path in obj.paths.values() for stage in path.stages.values() for name in stage.required}
    for each in obj.fields.values():
        if not each.system and each.type.writable and (each.required or each.name in stages or each.type.refers):
            yield each


def _needed(company: Company, model: Model, each: Field, planted: Planted, above: frozenset[str]) -> Any:
    if each.type.refers and each.type.stored and each.targets:
        target = next((name for name in each.targets if name not in above and name != "file"), None)
        id = _record(company, model, target, planted, above) if target else None
        return Reference(str(target), id) if id else None
    if each.picklist is not None:
        value = next((each.value for each in each.picklist.values.values() if each.active), None)
        return [value] if each.type.many and value else value
    candidates = list(_candidates(each, 5000 + sum(map(ord, each.address))))
    return candidates[0] if candidates else None


def _candidates(each: Field, number: int) -> Iterator[Any]:
    """Values that say which field they are of, in the forms that types take."""
    match each.type.name:
        case "email":
            yield f"vq{number:04d}z@example.com"
        case "phone":
            yield f"138{number:08d}"
            yield f"0571{number + 80_000_000:08d}"
        case "url":
            yield f"https://vq{number:04d}z.example/"
        case "text" if each.options.get("check") == "time_zone":
            yield "Etc/GMT+7"  # one that it takes, and that no page offers
        case "text" | "long_text" | "rich_text" | "person_name" | "barcode":
            yield f"Vq{number:04d}z"
        case "integer" | "decimal" | "money":
            yield f"9{number:04d}31"
            yield f"{number:04d}.37"
        case "date":
            yield f"{1500 + number % 400}-0{1 + number % 9}-1{number % 10}"
            yield f"2026-0{1 + number % 9}-1{number % 10}"
        case "datetime":
            yield f"2031-0{1 + number % 9}-1{number % 10}T0{number % 10}:{10 + number % 50}:00+00:00"
        case _:
            return


def _mark(company: Company, name: str, id: str, each: Field, number: int, planted: Planted) -> None:
    """Give one field its marker, as far as rules let it have one."""
    for value in _candidates(each, number) if each.type.writable and not each.system else ():
        change = Update(name, id, {each.name: value})
        try:
            company.write(SYSTEM, lambda unit, change=change: unit.records.save([change]))  # type: ignore[misc]
        except DougongError:
            continue
        return


def read_back(company: Company, planted: Planted) -> None:
    """Note how each value is shown, once all of them are planted: computed ones too, as the platform itself sees."""
    with company.read(SYSTEM) as unit:
        said: dict[str, list[str]] = {}
        for name, id in planted.ids.items():
            record = unit.records.get(name, id)
            for key, value in record.values.items():
                for text in _texts(unit, unit.runtime.model.objects[name].fields[key], value):
                    said.setdefault(text, []).append(f"{name}.{key}")
    for text, owners in said.items():
        if len(owners) == 1:
            planted.values[owners[0]] = planted.values.get(owners[0], frozenset()) | {text}


def _texts(unit: Unit, each: Field, value: Any) -> set[str]:
    if value in (None, (), "") or each.system or each.picklist is not None or each.type.refers:
        return set()
    texts = {each.type.display(each, value, unit.reading), each.type.to_text(each, value, unit.reading)}
    return {bare for text in texts if len(bare := _APART.sub("", text).casefold()) >= SHORTEST}


def sighted(text: str, markers: Mapping[str, Iterable[str]]) -> set[str]:
    """Which of `markers` (texts by what they are of) stand in an answer, however digits are grouped."""
    bare = _APART.sub("", _IDS.sub("", text)).casefold()
    return {name for name, texts in markers.items() if any(each.casefold() in bare for each in texts)}
