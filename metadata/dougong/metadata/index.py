"""What an effective tree holds, found by name: the facts that formulas, references and paths are resolved with.

Lenient: a document that does not fit its schema is indexed as far as it goes, so that checking can report
everything at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dougong.base.field_types import FIELD_TYPES, FieldType
from dougong.formulas import Formula
from dougong.metadata.component import Component
from dougong.metadata.layers import Effective

if TYPE_CHECKING:
    from dougong.metadata.references import Reference

FIXED_TARGETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"user": ("user",), "department": ("department",), "file": ("file",), "image": ("file",)}
)
"""Types that refer to one object by what they are."""

ROLLUP_COUNTS = frozenset({"count", "distinct"})
"""Roll-up operations whose result is a whole number whatever they read."""

NAMING_KINDS = frozenset(
    (
        "field",
        "record_type",
        "path",
        "validation_rule",
        "fill",
        "layout",
        "list_view",
        "conversion",
        "action",
        "row",
        "approval",
        "automation",
        "assignment_rule",
        "message_template",
        "pool",
        "sla",
    )
)
"""Kinds of which an object's components are found under the object."""


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """A field as far as other documents may ask about it. `type` is None where no such type is known."""

    component: Component
    object: str
    name: str
    type: FieldType | None
    targets: tuple[str, ...]
    body: Mapping[str, Any]

    @property
    def leads_to(self) -> str | None:
        """The one object that a path may go on into; None where the field leads to none or to several."""
        if self.type is None or not self.type.refers or not self.type.stored or len(self.targets) != 1:
            return None
        return self.targets[0]

    def option(self, key: str) -> Any:
        """The value of a key of the field's type, its default where the document says nothing."""
        if key in self.body:
            return self.body[key]
        schema = self.type.keys.get(key, {}) if self.type else {}
        return schema.get("default") if isinstance(schema, Mapping) else None


class Index:
    """The documents of one effective tree by kind, object and name."""

    def __init__(self, effective: Effective) -> None:
        """Index `effective`."""
        self.effective = effective
        self.components = effective.components
        self.kinds: dict[str, dict[str, Component]] = {}
        self.below: dict[tuple[str, str], dict[str, Component]] = {}
        self.formulas: dict[str, Formula | None] = {}
        """The compiled formulas of formula fields by address, as far as they were asked for (`scope.formula_of`)."""
        self.used: Mapping[str, tuple[Reference, ...]] | None = None
        """The references by what they name, once somebody asked for them (`references.used_by`)."""
        self._called: dict[str, Mapping[str, str]] = {}
        for each in effective.components.values():
            self.kinds.setdefault(each.kind, {})[each.name] = each
            if each.kind in NAMING_KINDS and each.object:
                self.below.setdefault((each.kind, each.object), {})[each.own_name] = each

    def named(self, kind: str) -> Mapping[str, Component]:
        """The components of one kind by name."""
        return self.kinds.get(kind, {})

    def of_object(self, kind: str, object_name: str) -> Mapping[str, Component]:
        """The components of one kind below one object, by their own names."""
        return self.below.get((kind, object_name), {})

    def body(self, kind: str, name: str) -> Mapping[str, Any]:
        """The document at an address; empty where there is none."""
        found = self.named(kind).get(name)
        return found.body if found else {}

    @cached_property
    def fields(self) -> Mapping[str, Mapping[str, FieldFacts]]:
        """The fields of every object, by object and name."""
        return {name: self._fields(name) for name in self.named("object")}

    def _fields(self, object_name: str) -> Mapping[str, FieldFacts]:
        found: dict[str, FieldFacts] = {}
        for name, component in self.of_object("field", object_name).items():
            type_name = component.body.get("type")
            known = isinstance(type_name, str) and type_name in FIELD_TYPES
            kind = FIELD_TYPES[str(type_name)] if known else None
            targets = field_targets(component.body)
            found[name] = FieldFacts(component, object_name, name, kind, targets, component.body)
        return found

    @cached_property
    def _former(self) -> Mapping[str, Mapping[str, FieldFacts]]:
        return {
            obj: {
                former: facts
                for facts in fields.values()
                for former in texts(facts.body.get("formerly"))
                if former not in fields
            }
            for obj, fields in self.fields.items()
        }

    def field(self, object_name: str, name: str) -> FieldFacts | None:
        """A field by its name, or else by a former one."""
        return self.fields.get(object_name, {}).get(name) or self._former.get(object_name, {}).get(name)

    def picklist_body(self, facts: FieldFacts) -> Mapping[str, Any] | None:
        """The document that holds a field's picklist values; None where it has none."""
        if facts.name == "record_type":
            return {"values": list(self._record_type_values(facts.object))}
        shared = facts.body.get("picklist")
        if isinstance(shared, str):
            return self.body("picklist", shared) or None
        return facts.body if isinstance(facts.body.get("values"), list) else None

    def _record_type_values(self, object_name: str) -> Iterator[Mapping[str, Any]]:
        for name, component in self.of_object("record_type", object_name).items():
            body = component.body
            known = {"label": body.get("label", {}), "formerly": body.get("formerly", [])}
            yield {"value": name, "active": body.get("active", True), **known}

    def values(self, facts: FieldFacts) -> tuple[str, ...]:
        """The API names of a field's picklist values."""
        body = self.picklist_body(facts) or {}
        listed = body.get("values")
        values = [each.get("value") for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
        return tuple(each for each in values if isinstance(each, str))

    def called(self, facts: FieldFacts) -> Mapping[str, str]:
        """The values of a field's picklist by their labels, aliases and former names in small letters.

        The first that is called so. Made once: a formula asks for it at each place where it names the field.
        """
        address = facts.component.address
        if address not in self._called:
            found: dict[str, str] = {}
            for each in (self.picklist_body(facts) or {}).get("values") or ():
                if isinstance(each, Mapping) and isinstance(each.get("value"), str):
                    for text in _names(each):
                        found.setdefault(text.casefold(), each["value"])
            self._called[address] = MappingProxyType(found)
        return self._called[address]

    def wanted_when(self, object_name: str, name: str) -> str | None:
        """When the text field `name` is wanted: while the value is chosen that it puts into words; None for others."""
        for facts in self.fields.get(object_name, {}).values():
            other = facts.body.get("other")
            if isinstance(other, Mapping) and other.get("text") == name:
                asks = "INCLUDES" if facts.type is not None and facts.type.many else "ISPICKVAL"
                return f'{asks}({facts.name}, "{other.get("value")}")'
        return None

    def template(self, facts: FieldFacts) -> str | None:
        """The formula that fills a field because it is its object's title; None where people type it."""
        title = self.body("object", facts.object).get("title", {})
        found = title.get("template") if isinstance(title, Mapping) and title.get("field") == facts.name else None
        return found if isinstance(found, str) else None

    def code(self, facts: FieldFacts) -> str | None:
        """The formula that a barcode is made of; None where people enter it."""
        found = facts.body.get("formula") if facts.body.get("type") == "barcode" else None
        return found if isinstance(found, str) else None

    def rollup_source(self, facts: FieldFacts) -> FieldFacts | None:
        """The child's field that leads to the parent of a roll-up (``from``'s first step)."""
        if facts.body.get("type") != "rollup":
            return None
        child, _, name = str(facts.body.get("from", "")).partition(".")
        return self.field(child, name.partition(".")[0])

    def fill_source(self, object_name: str, body: Mapping[str, Any]) -> str:
        """The object that a fill of an object chooses from; "" where its document names none."""
        lookup = self.field(object_name, str(body["lookup"])) if "lookup" in body else None
        return (lookup.leads_to or "") if lookup is not None else str(body.get("from", ""))

    def is_open(self, facts: FieldFacts) -> bool:
        """True where it is not known what a field refers to, which is reported at the field itself."""
        return facts.type is None or (
            facts.type.refers and (not facts.targets or not set(facts.targets) <= set(self.named("object")))
        )

    def result(self, facts: FieldFacts) -> FieldFacts | None:
        """Of a roll-up that takes over the type of what it reads, the field read; else None.

        None too where roll-ups read each other in a circle, which is reported by a rule.
        """
        return None if self.rollup_circle(facts) else self._read(facts)

    def _read(self, facts: FieldFacts) -> FieldFacts | None:
        source = self.rollup_source(facts)
        if source is None or facts.body.get("op") in ROLLUP_COUNTS:
            return None
        return self.field(source.object, str(facts.body.get("field", "")))

    def rollup_circle(self, facts: FieldFacts) -> tuple[str, ...]:
        """The addresses on a way of roll-ups that comes back to where it was; none where it ends."""
        way: list[str] = []
        here: FieldFacts | None = facts
        while here is not None and here.component.address not in way:
            way.append(here.component.address)
            here = self._read(here)
        return tuple(way[way.index(here.component.address) :]) if here is not None else ()


def field_targets(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The objects that a field's document refers to."""
    fixed = FIXED_TARGETS.get(str(body.get("type")))
    if fixed:
        return fixed
    one = body.get("target")
    return (one,) if isinstance(one, str) else texts(body.get("targets"))


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a JSON list; none of anything else."""
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _names(value: Mapping[str, Any]) -> Iterator[str]:
    """What people and imports call a value of a picklist, or called it."""
    labels = value.get("label")
    for each in labels.values() if isinstance(labels, Mapping) else (labels,):
        if isinstance(each, str):
            yield each
    yield from texts(value.get("aliases"))
    yield from texts(value.get("formerly"))
