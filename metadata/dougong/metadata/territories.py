"""Territories: to which part of the market a record belongs, as two fields that each object in their rules gets.

A record goes down the tree: of the territories below the one that it is in, the first whose rule holds takes it; where
none does, it stays. Where it ends is a computed field like any other, so it is made anew with what the rules read, its
parents included. While a reason is written beside it, what a person said stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dougong.base.language import Labels
from dougong.metadata.component import PLATFORM, Component

FIELD = "territory"
"""The name of the field that says where a record belongs, and of the picklist that its values are of."""

REASON = "territory_reason"
"""The name of the field that says why a person decided and not the rules."""

_FIELDS: Mapping[str, Mapping[str, Any]] = {
    FIELD: {
        "label": {"en": "Territory", "zh-CN": "区域"},
        "help": {
            "en": "Where the rules put it, or a person with a reason.", "zh-CN": "由规则判定，或由人员注明原因后指定。"
        },
        "type": "picklist", "picklist": FIELD, "indexed": True, "copy": False,
    },
    REASON: {
        "label": {"en": "Why this territory", "zh-CN": "指定区域的原因"},
        "help": {
            "en": "While this says why, the rules leave the territory alone.",
            "zh-CN": "填写原因期间，规则不再改动区域。",
        },
        "type": "text", "length": 200, "copy": False,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """A part of the market. `objects` are those that it has a rule for; `members` name people as sharing rules do.

    Members of a territory are members of those below it. `level`: what they may do with the records of this one.
    """

    name: str
    label: Labels
    parent: str | None = None
    objects: frozenset[str] = frozenset()
    members: tuple[str, ...] = ()
    level: Literal["read", "edit"] = "read"


def build_territory(name: str, body: Mapping[str, Any]) -> Territory:
    """The territory of the model; its document has passed the check."""
    return Territory(
        name=name,
        label=dict(body.get("label", {})),
        parent=body.get("parent"),
        objects=frozenset(body.get("objects", {})),
        members=tuple(body.get("members", ())),
        level=body.get("level", "read"),
    )


def rule_of(body: Mapping[str, Any], object_name: str) -> str | None:
    """The rule of a territory for an object, as its document says it."""
    said = body.get("objects", {})
    rule = said.get(object_name) if isinstance(said, Mapping) else None
    when = rule.get("when") if isinstance(rule, Mapping) else None
    return when if isinstance(when, str) else None


def formula(object_name: str, bodies: Mapping[str, Mapping[str, Any]]) -> str:
    """What says where a record of an object belongs; blank where no rule holds. `bodies` are all territories by name.

    A territory without a rule for the object is passed through: those below it are asked in its place.
    """
    below: dict[str, list[str]] = {}
    for name in sorted(bodies, key=lambda each: (bodies[each].get("order", 0), each)):
        below.setdefault(str(bodies[name].get("parent", "")), []).append(name)

    def choices(above: str) -> Iterator[str]:
        for name in below.get(above, ()):
            rule = rule_of(bodies[name], object_name)
            if rule is None:
                yield from choices(name)
            else:
                yield f"({rule}), {chosen(name, name)}"

    def chosen(above: str, otherwise: str) -> str:
        found = ", ".join(choices(above))
        return f'IFS({found}, "{otherwise}")' if found else f'"{otherwise}"'

    return chosen("", "")


def components(known: Mapping[str, Component]) -> Iterator[Component]:
    """The two fields of each object in `known` (by address) that a territory has a rule for."""
    bodies = {each.name: each.body for each in known.values() if each.kind == "territory"}
    objects = {name for body in bodies.values() for name in body.get("objects", {}) if f"object:{name}" in known}
    for name in sorted(objects):
        for field, body in _FIELDS.items():
            address = f"{name}.{field}"
            if f"field:{address}" in known:
                continue  # the object's own: `checking.territories` says so
            made = {"kind": "field", "name": address, "id": address, **body}
            if field == FIELD:
                when = f"ISBLANK({REASON})"
                made["compute"] = {"formula": formula(name, bodies), "mode": "when", "when": when}
            yield Component("field", address, made, PLATFORM)
