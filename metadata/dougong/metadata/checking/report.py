"""How a rule says what it found, and how it looks for what a document names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dougong.base.errors import Place, Problem
from dougong.base.field_types import Reading
from dougong.base.language import Labels, Message, label, msg
from dougong.metadata.component import Component
from dougong.metadata.index import FieldFacts, Index
from dougong.metadata.keyed import element_key
from dougong.metadata.positions import escape
from dougong.metadata.scope import is_money
from dougong.metadata.violations import near

READING = Reading(now=datetime(2000, 1, 1, tzinfo=UTC))
"""How values in documents are read: as programs send them, whoever publishes and whenever."""

LONGEST_PATH = 6
"""Names in a path: five lookups and a field, as queries allow."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a component, for reports: ``spot / "tabs" / 0 / "key"``."""

    index: Index
    component: Component
    pointer: str = ""

    def __truediv__(self, step: str | int) -> Spot:
        return Spot(self.index, self.component, f"{self.pointer}/{escape(step)}")

    def problem(self, code: str, reason: Message, fix: Message | None = None, character: int | None = None) -> Problem:
        """A problem at this spot; what an overlay brought is reported at the overlay."""
        return Problem(code=code, reason=reason, fix=fix, thing=self.component.address, place=self._place(character))

    def _place(self, character: int | None) -> Place:
        written, pointer = self.index.effective.source(self.component, self.pointer)
        return written.place(pointer, character)

    def origin(self) -> Component:
        """The component that the spot was written in: an overlay's for what it brought."""
        return self.index.effective.source(self.component, self.pointer)[0]


def spots(index: Index, kind: str) -> Iterator[tuple[Spot, Mapping[str, Any]]]:
    """Every component of a kind, as a spot and its document."""
    for each in index.named(kind).values():
        yield Spot(index, each), each.body


def enumerated(spot: Spot, key: str, body: Mapping[str, Any]) -> Iterator[tuple[Spot, Any]]:
    """The elements of the list under `key`, each with its spot."""
    for at, each in enumerate(body.get(key) or ()):
        yield spot / key / at, each


def unknown(spot: Spot, what: Message, name: str, known: Iterable[str]) -> Problem:
    """A reference to something that is not there."""
    return spot.problem("reference-unknown", msg("There is no {what} {name}.", what=what, name=name), near(name, known))


def missing_field(spot: Spot, object_name: str, name: str) -> Problem:
    """A field that its object does not have."""
    return spot.problem(
        "field-unknown",
        msg("{object} has no field {name}.", object=object_label(spot.index, object_name), name=name),
        near(name, spot.index.fields.get(object_name, {})),
    )


def object_label(index: Index, name: str) -> Labels | str:
    """What an object is called, its name where it has no label."""
    labels = index.body("object", name).get("label")
    return labels if labels else name


def need_object(spot: Spot, name: Any) -> Iterator[Problem]:
    """`name` must be an object."""
    if isinstance(name, str) and name not in spot.index.named("object"):
        yield unknown(spot, msg("object"), name, spot.index.named("object"))


def need_field(spot: Spot, object_name: str, name: Any) -> Iterator[Problem]:
    """`name` must be a field of the object, where the object exists."""
    if object_name in spot.index.fields and isinstance(name, str) and spot.index.field(object_name, name) is None:
        yield missing_field(spot, object_name, name)


def need_value(spot: Spot, facts: FieldFacts, value: Any) -> Iterator[Problem]:
    """`value` must be one of a picklist field's values."""
    known = spot.index.values(facts)
    if isinstance(value, str) and known and value not in known:
        called = label(facts.body.get("label"), "en", facts.name)
        labels = facts.body.get("label") or called
        reason = msg("{field} has no value {value}.", field=labels, value=value)
        yield spot.problem("picklist-value-unknown", reason, near(value, known))


def need_path(spot: Spot, object_name: str, path: Any) -> Iterator[Problem]:
    """`path` must lead from the object to a field, a picklist attribute or an aspect of money."""
    if not isinstance(path, str) or object_name not in spot.index.fields:
        return
    yield from _walk(spot, object_name, path.split("."))


def _walk(spot: Spot, object_name: str, names: list[str]) -> Iterator[Problem]:
    index = spot.index
    for at, name in enumerate(names):
        facts = index.field(object_name, name)
        if facts is None:
            yield missing_field(spot, object_name, name)
            return
        rest = names[at + 1 :]
        if not rest or index.is_open(facts) or (len(rest) == 1 and rest[0] in parts_of(index, facts)):
            return
        if facts.leads_to is None:
            reason = msg("{field} leads to no other record.", field=facts.body.get("label") or name)
            yield spot.problem("path-ends", reason, near(rest[0], parts_of(index, facts)))
            return
        object_name = facts.leads_to
        if object_name not in index.fields:
            return


def parts_of(index: Index, facts: FieldFacts) -> tuple[str, ...]:
    """What may follow a field's name in a path without being a field: attributes, aspects of money."""
    if is_money(index, facts):
        return ("company", "currency")
    return tuple((index.picklist_body(facts) or {}).get("attributes_schema", ()))


def field_at(index: Index, object_name: str, path: str) -> FieldFacts | None:
    """The field that a path ends at; None where it ends at none (an attribute, or nowhere)."""
    names = path.split(".")
    for name in names[:-1]:
        facts = index.field(object_name, name)
        if facts is None or facts.leads_to is None:
            return None
        object_name = facts.leads_to
    return index.field(object_name, names[-1])


def repeated(spot: Spot, key: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    """Elements of the list under `key` that have the key of an earlier one."""
    seen: set[str] = set()
    for below, each in enumerated(spot, key, body):
        name = element_key(each)
        if name is not None and name in seen:
            yield below.problem("key-twice", msg("{key} stands twice in the list.", key=name), msg("Rename one."))
        seen.add(name or "")
