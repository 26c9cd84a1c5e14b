"""Validation rule documents to their part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dougong.formulas import compile as compile_formula
from dougong.metadata.building.fields import labels
from dougong.metadata.index import Index, texts
from dougong.metadata.model import ValidationRule
from dougong.metadata.scope import FieldScope

ASKED = ("create", "update")
"""When a rule that does not say is asked."""


def build_validation_rules(index: Index, object_name: str) -> Mapping[str, ValidationRule]:
    """The rules of an object that may hold, by name; one with ``"active": false`` is left out."""
    found = {
        name: build_validation_rule(index, object_name, name, component.body)
        for name, component in index.of_object("validation_rule", object_name).items()
        if component.body.get("active") is not False
    }
    return MappingProxyType(found)


def build_validation_rule(index: Index, object_name: str, name: str, body: Mapping[str, Any]) -> ValidationRule:
    """The validation rule of the model."""
    scope, active = FieldScope(index, object_name), body.get("active")
    return ValidationRule(
        object=object_name,
        name=name,
        label=labels(body.get("label")),
        when=compile_formula(body["when"], scope, "boolean"),
        message=labels(body.get("message")),
        at=texts(body.get("at")),
        on=frozenset(texts(body.get("on")) or ASKED),
        record_types=texts(body.get("record_types")),
        severity=body.get("severity", "error"),
        active=compile_formula(active, scope, "boolean") if isinstance(active, str) else None,
    )
