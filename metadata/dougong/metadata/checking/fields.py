"""Rules of fields: targets, picklists, dependencies, roll-ups, links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from dougong.base.errors import Problem
from dougong.base.field_types import ValueRefused
from dougong.base.language import msg
from dougong.formulas import Type
from dougong.metadata.building.fields import plain_field
from dougong.metadata.checking.masks import maskable
from dougong.metadata.checking.report import (
    READING,
    Spot,
    enumerated,
    missing_field,
    need_field,
    need_object,
    need_path,
    need_value,
    repeated,
    unknown,
)
from dougong.metadata.component import PLATFORM
from dougong.metadata.index import FieldFacts, Index
from dougong.metadata.layers import system_fields
from dougong.metadata.scope import formula_type

WITHOUT_FIELD = frozenset({"count"})
"""Roll-up operations that read no field."""

NUMERIC = frozenset({"sum", "avg", "median"})
"""Roll-up operations that need numbers."""


def fields(index: Index) -> Iterator[Problem]:
    """Everything that a field's document names."""
    for component in index.named("field").values():
        spot, name = Spot(index, component), component.object or ""
        if component.layer == PLATFORM:
            continue
        if name not in index.named("object"):
            yield from need_object(spot / "name", name)
            continue
        facts = index.fields[name][component.own_name]
        if component.own_name in system_fields():
            reason = msg("{name} is a field that every record has by itself.", name=component.own_name)
            yield (spot / "name").problem("field-reserved", reason, msg("Choose another name."))
        if "mask" in component.body:
            yield from maskable(spot / "mask", facts)
        for rule in (_targets, _picklist, _depends_on, _rollup, _code, _link, _copy):
            yield from rule(spot, facts)


def _targets(spot: Spot, facts: FieldFacts) -> Iterator[Problem]:
    body = facts.body
    yield from need_object(spot / "target", body.get("target"))
    for below, each in enumerated(spot, "targets", body):
        yield from need_object(below, each)
    if facts.type is None or not facts.type.refers:
        return
    if "target" in body and "targets" in body:
        reason = msg("target and targets cannot stand together.")
        yield (spot / "targets").problem("keys-exclude", reason, msg("Leave one out."))
    if not facts.targets:
        reason = msg("The field does not say what it refers to.")
        yield spot.problem("target-missing", reason, msg("Name an object under target."))
    fixed = {"user", "department", "file"} & set(facts.targets)
    if "target" not in body and "targets" not in body:
        for each in sorted(fixed):
            yield from need_object(spot / "type", each)


def _picklist(spot: Spot, facts: FieldFacts) -> Iterator[Problem]:
    body = facts.body
    if facts.type is None or not {"values", "picklist"} & set(facts.type.keys):
        return
    shared = body.get("picklist")
    if isinstance(shared, str) and shared not in spot.index.named("picklist"):
        yield unknown(spot / "picklist", msg("picklist"), shared, spot.index.named("picklist"))
    if shared is not None and "values" in body:
        reason = msg("values and picklist cannot stand together.")
        yield (spot / "values").problem("keys-exclude", reason, msg("Leave one out."))
    if shared is None and "values" not in body:
        reason = msg("The field has no values to choose from.")
        yield spot.problem("picklist-empty", reason, msg("Give it values, or name a picklist."))
    yield from repeated(spot, "values", body)
    yield from _other(spot / "other", facts, body.get("other"))


def _other(spot: Spot, facts: FieldFacts, other: Any) -> Iterator[Problem]:
    """A value that is put into words, and the text of the same object that holds them."""
    if not isinstance(other, Mapping):
        return
    yield from need_value(spot / "value", facts, other.get("value"))
    text = spot.index.field(facts.object, str(other.get("text")))
    if text is None:
        yield missing_field(spot / "text", facts.object, str(other.get("text")))
        return
    called = text.body.get("label") or text.name
    if text.type is not None and text.type.name not in ("text", "long_text"):
        yield (spot / "text").problem("field-type-wrong", msg("{field} is no text.", field=called))
    for key in ("required", "compute", "default"):
        if text.body.get(key):
            reason = msg(
                "{field} is blank while another value is chosen, so it cannot have {key}.", field=called, key=key
            )
            yield (spot / "text").problem("other-text", reason, msg("Take {key} out of the field.", key=key))
    named = [
        each
        for each in spot.index.fields[facts.object].values()
        if isinstance(each.body.get("other"), Mapping) and each.body["other"].get("text") == text.name
    ]
    if named[0].name != facts.name:
        reason = msg("{field} holds the words of {other} already.", field=called, other=named[0].name)
        yield (spot / "text").problem("other-text", reason, msg("Give each its own text."))


def picklists(index: Index) -> Iterator[Problem]:
    """Values are different, and their attributes are of the types that the picklist says."""
    for component in index.named("picklist").values():
        spot, schema = Spot(index, component), component.body.get("attributes_schema", {})
        yield from repeated(spot, "values", component.body)
        for below, value in enumerated(spot, "values", component.body):
            for key, attribute in value.get("attributes", {}).items():
                where = below / "attributes" / key
                if key not in schema:
                    yield unknown(where, msg("attribute"), key, schema)
                elif not fits(schema[key], attribute):
                    reason = msg("{value} is not of type {type}.", value=str(attribute), type=schema[key])
                    yield where.problem("attribute-type", reason, msg('Write numbers as text: "0.2".'))


def fits(kind: str, value: Any) -> bool:
    """Whether a JSON value is of one of the simple types; exact numbers come as text or whole numbers."""
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == "integer":
        return isinstance(value, int) or (isinstance(value, str) and value.lstrip("-").isdecimal())
    if kind in ("decimal", "percent"):
        try:
            return isinstance(value, int | str) and Decimal(value).is_finite()
        except InvalidOperation:
            return False
    if kind == "date":
        try:
            return isinstance(value, str) and bool(date.fromisoformat(value))
        except ValueError:
            return False
    return isinstance(value, str)


def _depends_on(spot: Spot, facts: FieldFacts) -> Iterator[Problem]:
    depends = facts.body.get("depends_on")
    if not isinstance(depends, Mapping):
        return
    where, name = spot / "depends_on", depends.get("field")
    controlling = spot.index.field(facts.object, name) if isinstance(name, str) else None
    if controlling is None:
        if isinstance(name, str):
            yield missing_field(where / "field", facts.object, name)
        return
    if controlling.type is not None and controlling.type.formula_type not in ("picklist", "boolean"):
        reason = msg("{field} cannot control other values.", field=controlling.body.get("label") or name)
        yield (where / "field").problem("field-type-wrong", reason, msg("Name a picklist or yes/no field."))
    for value, allowed in depends.get("allow", {}).items():
        yield from need_value(where / "allow" / value, controlling, value)
        for at, each in enumerate(allowed):
            yield from need_value(where / "allow" / value / at, facts, each)


def _rollup(spot: Spot, facts: FieldFacts) -> Iterator[Problem]:
    body = facts.body
    if facts.type is None or facts.type.name != "rollup" or not isinstance(body.get("from"), str):
        return
    child, _, field = body["from"].partition(".")
    if child not in spot.index.fields:
        yield from need_object(spot / "from", child)
        return
    first, *further = field.split(".")
    source = spot.index.field(child, first)
    for name in further:
        source = spot.index.field(source.leads_to, name) if source is not None and source.leads_to else None
    if source is None:
        yield missing_field(spot / "from", child, field)
        return
    if not spot.index.is_open(source) and facts.object not in source.targets:
        reason = msg("{relation} does not lead to {object}.", relation=body["from"], object=facts.object)
        yield (spot / "from").problem("relation-wrong", reason, msg("Name a lookup of the child that leads here."))
    yield from _rollup_field(spot, child, body)
    yield from _window(spot / "window", child, body.get("window"))
    if body.get("tree") and not spot.index.body("object", facts.object).get("hierarchy"):
        reason = msg(
            "{object} is no tree.", object=spot.index.body("object", facts.object).get("label") or facts.object
        )
        yield (spot / "tree").problem("rollup-tree", reason, msg("Name its parent under hierarchy of the object."))
    circle = spot.index.rollup_circle(facts)
    if circle and min(circle) == facts.component.address:
        reason = msg("Roll-ups read each other in a circle: {circle}.", circle=" → ".join((*circle, circle[0])))
        yield (spot / "field").problem("rollup-cycle", reason)
    for below, each in enumerated(spot, "order", body):
        yield from need_path(below / "field", child, each.get("field"))


def _rollup_field(spot: Spot, child: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    op, name = body.get("op"), body.get("field")
    if name is None:
        if op is not None and op not in WITHOUT_FIELD:
            reason = msg("{op} needs a field to work on.", op=str(op))
            yield (spot / "op").problem("rollup-field-missing", reason, msg("Name a field of the child under field."))
        return
    read = spot.index.field(child, str(name))
    if read is None:
        yield missing_field(spot / "field", child, str(name))
    elif op in NUMERIC and read.type is not None and not _is_number(spot.index, read):
        reason = msg("{field} has no numbers for {op}.", field=read.body.get("label") or str(name), op=str(op))
        yield (spot / "field").problem("field-type-wrong", reason, msg("Name a number or money field."))


def _window(spot: Spot, child: str, window: Any) -> Iterator[Problem]:
    """A rolling period over a date of the child."""
    if not isinstance(window, Mapping):
        return
    name, period = str(window.get("field")), window.get("period")
    facts = spot.index.field(child, name)
    if facts is None:
        yield missing_field(spot / "field", child, name)
    elif facts.type is not None and (facts.type.formula_type not in ("date", "datetime") or not facts.type.stored):
        reason = msg("{field} is no date.", field=facts.body.get("label") or name)
        yield (spot / "field").problem("field-type-wrong", reason)
    elif facts.type is not None:
        field = plain_field(spot.index, facts)
        try:
            field.type.operand(field, "within", period, READING)
        except ValueRefused as refused:
            yield (spot / "period").problem(refused.code, refused.reason, refused.fix)


def _is_number(index: Index, facts: FieldFacts) -> bool:
    return formula_type(index, facts) is Type.NUMBER


def _code(spot: Spot, facts: FieldFacts) -> Iterator[Problem]:
    """A barcode made of a formula gets its value from that alone."""
    if spot.index.code(facts) is not None:
        for key in ("compute", "default"):
            if key in facts.body:
                reason = msg("{first} and {second} cannot stand together.", first="formula", second=key)
                yield (spot / key).problem("keys-exclude", reason, msg("Leave one out."))


def _link(spot: Spot, facts: FieldFacts) -> Iterator[Problem]:
    through = facts.body.get("through")
    if not isinstance(through, str):
        return
    if through not in spot.index.fields:
        yield from need_object(spot / "through", through)
        return
    reached = {target for each in spot.index.fields[through].values() for target in each.targets}
    for needed in (facts.object, *facts.targets):
        if needed not in reached:
            reason = msg("{through} has no lookup to {object}.", through=through, object=needed)
            yield (spot / "through").problem("relation-wrong", reason, msg("Add one, or leave through out."))


def _copy(spot: Spot, facts: FieldFacts) -> Iterator[Problem]:
    """A lookup that fills fields of its record: ours under the key, the target's under ``from``."""
    copies = facts.body.get("copy")
    if not isinstance(copies, Mapping):
        return
    for name, each in copies.items():
        where = spot / "copy" / name
        yield from need_field(where, facts.object, name)
        if facts.leads_to is not None and isinstance(each, Mapping):
            yield from need_field(where / "from", facts.leads_to, each.get("from"))
