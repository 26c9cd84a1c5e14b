"""Constraints and effective dates of an object's document to their part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.metadata.building.fields import labels
from dougong.metadata.index import Index, texts
from dougong.metadata.model import EFFECTIVE_DATES, Constraint, Range
from dougong.metadata.scope import FieldScope

Document = Mapping[str, Any]

FOLD: Mapping[str, bool] = MappingProxyType({"case": True, "width": True, "space": True})
"""What counts as equal where nothing is said."""


def build_constraints(index: Index, object_name: str, body: Document) -> Mapping[str, Constraint]:
    """The constraints of an object by name."""
    scope = FieldScope(index, object_name)
    found = {name: _constraint(scope, name, each) for name, each in body.get("constraints", {}).items()}
    if EFFECTIVE_DATES in body:
        found[EFFECTIVE_DATES] = _effective_dates(body[EFFECTIVE_DATES])
    return MappingProxyType(found)


def _constraint(scope: FieldScope, name: str, body: Document) -> Constraint:
    limits = body.get("range")
    return Constraint(
        name=name,
        kind=body["type"],
        fields=texts(body.get("fields")) or texts(body.get("keys")),
        when=_formula(scope, body.get("when")),
        fold=MappingProxyType({**FOLD, **body.get("fold", {})}),
        message=labels(body.get("message")),
        range=Range(start=limits["from"], end=limits["to"], closed=limits.get("end") == "included") if limits else None,
        summed=body.get("field"),
        least=_amount(body.get("min")),
        most=_amount(body.get("max")),
        formula=_formula(scope, body.get("formula")),
        at=texts(body.get("at")),
    )


def _effective_dates(body: Document) -> Constraint:
    return Constraint(
        name=EFFECTIVE_DATES,
        kind="no_overlap",
        fields=texts(body.get("keys")),
        fold=FOLD,
        range=Range(start=body["from"], end=body["to"], closed=True, unbounded=True),
    )


def _formula(scope: FieldScope, text: Any) -> Formula | None:
    return compile_formula(text, scope, "boolean") if text is not None else None


def _amount(said: Any) -> Decimal | None:
    return None if said is None else Decimal(str(said))
