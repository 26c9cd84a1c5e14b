"""Field documents to `Field`s, picklist documents to `Picklist`s."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from dougong.base.field_types import FieldType
from dougong.base.language import Labels
from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.metadata.index import FieldFacts, Index, texts
from dougong.metadata.layers import system_fields
from dougong.metadata.masks import Mask, mask_of
from dougong.metadata.model import NOTHING, Compute, Field, Picklist, PicklistValue
from dougong.metadata.scope import FieldScope, company_formula, formula_of, formula_type, is_stored

RESULTS = frozenset(["text", "number", "boolean", "date", "datetime", "time", "picklist", "multi_picklist", "id"])
"""Types that a formula can be asked to yield."""

_NUMBERS = frozenset({"integer", "decimal", "percent"})


def build_field(index: Index, facts: FieldFacts) -> Field:
    """The field of the model; its document has passed the check."""
    return dataclasses.replace(
        plain_field(index, facts),
        default=_formula(index, facts, facts.body.get("default"), yields(index, facts)),
        compute=_compute(index, facts),
        filter=_filter(index, facts),
        where=_where(index, facts),
        formula=formula_of(index, facts),
        company=company_formula(index, facts),
    )


def plain_field(index: Index, facts: FieldFacts) -> Field:
    """The field without its formulas: what types need to know of it."""
    body, kind = facts.body, facts.type
    if kind is None:
        raise LookupError(f"{facts.component.address} has no known type")
    copy = body.get("copy", True)
    served = _served(index, facts, kind)
    return Field(
        object=facts.object,
        name=facts.name,
        id=body.get("id") or f"{facts.object}.{facts.name}",
        type=served.type,
        label=labels(body.get("label")),
        help=labels(body.get("help")),
        placeholder=labels(body.get("placeholder")),
        required=body.get("required", False),
        unique=body.get("unique", False),
        external_key=body.get("external_key", False),
        indexed=body.get("indexed", False),
        searchable=body.get("searchable", False),
        track=body.get("track", True),
        copy=copy if isinstance(copy, bool) else True,
        retired=body.get("retired", False),
        system=facts.name in system_fields(),
        formerly=texts(body.get("formerly")),
        options=MappingProxyType({**served.options, **_beside(index, facts)}),
        targets=facts.targets,
        mask=_mask(kind, body.get("mask")),
        picklist=served.picklist,
        layer=facts.component.layer,
    )


def _mask(kind: FieldType, said: Any) -> Mask | None:
    return mask_of(said, kind.masked_as) if said is not None and kind.masked_as else None


def _beside(index: Index, facts: FieldFacts) -> dict[str, Any]:
    """What stands beside the keys of the type: ``personal`` as the field says it, and what objects say of a field,
    ``tree`` where it leads to records that stand above one another, ``valid_until`` of the first day of effective dates
    the field of the last one."""
    found: dict[str, Any] = {"personal": facts.body["personal"]} if "personal" in facts.body else {}
    target = facts.object if facts.name == "id" else facts.targets[0] if len(facts.targets) == 1 else ""
    if index.body("object", target).get("hierarchy"):
        found["tree"] = True
    dates = index.body("object", facts.object).get("effective_dates", {})
    if facts.name == dates.get("from") and dates.get("to"):
        found["valid_until"] = dates["to"]
    return found


def labels(value: Any) -> Labels:
    """A document's labels, frozen."""
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) and value else NOTHING


def yields(index: Index, facts: FieldFacts) -> str | None:
    """What a formula that fills the field must yield; None where formulas know no such type."""
    found = formula_type(index, facts)
    return found.value if found is not None and found.value in RESULTS else None


@dataclass(frozen=True, slots=True)
class _Served:
    """The type of a field with what it works on; a roll-up takes both over from the field that it reads."""

    type: FieldType
    options: dict[str, Any]
    picklist: Picklist | None


def _served(index: Index, facts: FieldFacts, kind: FieldType) -> _Served:
    options, read = _options(kind, facts.body), index.result(facts)
    if read is None or read.type is None:
        return _Served(kind.bound(options, None), options, _picklist_of(index, facts))
    inner = _served(index, read, read.type)
    return _Served(kind.bound(options, inner.type), {**inner.options, **options}, inner.picklist)


def _options(kind: FieldType, body: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the field's type, defaults filled in."""
    found: dict[str, Any] = {}
    for key, schema in kind.keys.items():
        if key in body and not (key == "copy" and isinstance(body[key], bool)):
            found[key] = body[key]
        elif isinstance(schema, Mapping) and "default" in schema:
            found[key] = schema["default"]
    return found


def _formula(index: Index, facts: FieldFacts, text: Any, result: str | None) -> Formula | None:
    if not isinstance(text, str):
        return None
    return compile_formula(text, FieldScope(index, facts.object), result)


def _compute(index: Index, facts: FieldFacts) -> Compute | None:
    body, scope = facts.body.get("compute"), FieldScope(index, facts.object)
    stored = formula_of(index, facts) if is_stored(facts) else None
    if stored is not None:
        return Compute(formula=stored)
    template = index.template(facts)
    if template is not None:
        return Compute(formula=compile_formula(f"LEFT({template}, {facts.option('length')})", scope, "text"))
    code = index.code(facts)
    if code is not None:
        return Compute(formula=compile_formula(code, scope, "text"))
    if not isinstance(body, Mapping):
        return None
    when = body.get("when")
    return Compute(
        formula=compile_formula(body["formula"], scope, yields(index, facts)),
        mode=body.get("mode", "always"),
        when=compile_formula(when, scope, "boolean") if when is not None else None,
    )


def _filter(index: Index, facts: FieldFacts) -> Formula | None:
    """What the document says, and what the type adds; a record's own columns (owner) are left as they are."""
    if not facts.targets or facts.type is None:
        return None
    scope = FieldScope(index, facts.targets[0], record=facts.object)
    flag = None if facts.name in system_fields() else facts.type.required_flag(facts.body)
    known = flag if flag and scope.resolve((flag,)) is not None else None
    said = facts.body.get("filter")
    parts = [text for text in (said, known) if isinstance(text, str)]
    return compile_formula(" && ".join(f"({text})" for text in parts), scope, "boolean") if parts else None


def _where(index: Index, facts: FieldFacts) -> Formula | None:
    text, source = facts.body.get("where"), index.rollup_source(facts)
    if not isinstance(text, str) or source is None:
        return None
    return compile_formula(text, FieldScope(index, source.object), "boolean")


def _picklist_of(index: Index, facts: FieldFacts) -> Picklist | None:
    body = index.picklist_body(facts)
    if body is None:
        return None
    shared = facts.body.get("picklist")
    return build_picklist(shared if isinstance(shared, str) else f"{facts.object}.{facts.name}", body)


def build_picklist(name: str, body: Mapping[str, Any]) -> Picklist:
    """The picklist of the model, attributes as the types that its schema says."""
    schema = body.get("attributes_schema", {})
    values = {each["value"]: _value(each, schema) for each in body.get("values", ())}
    return Picklist(
        name=name,
        label=labels(body.get("label")),
        values=MappingProxyType(values),
        attributes_schema=MappingProxyType(dict(schema)),
    )


def _value(body: Mapping[str, Any], schema: Mapping[str, str]) -> PicklistValue:
    attributes = {
        key: Decimal(str(value)) if schema.get(key) in _NUMBERS else value
        for key, value in body.get("attributes", {}).items()
    }
    return PicklistValue(
        value=body["value"],
        label=labels(body.get("label")),
        colour=body.get("colour"),
        icon=body.get("icon"),
        active=body.get("active", True),
        aliases=texts(body.get("aliases")),
        attributes=MappingProxyType(attributes),
    )
