"""What each operator means, said in Python: the contract test holds the databases to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from dougong.base.field_types import Reference
from dougong.engine.fields.address import Address
from dougong.engine.fields.dates import Span
from dougong.engine.fields.places import Circle, distance_km
from dougong.engine.fields.regions import region_name
from dougong.engine.fields.text import plain_text
from dougong.engine.lettercase import lowered
from tests.engine.fields.case import Case


def holds(case: Case, op: str, value: Any, operand: Any) -> bool:
    """Whether `value` fits the condition."""
    if op in ("blank", "not_blank"):
        return (value is None) == (op == "blank")
    if op == "error":
        return False
    if case.name == "boolean":
        return bool(value) == (operand if op == "is" else not operand)
    if op in ("is_not", "not_in", "not_contains", "excludes"):
        return not holds(case, _positive(case, op), value, operand)
    if value is None:
        return False
    if case.name in ("multi_picklist", "link"):
        return _several(case, op, value, operand)
    if case.name == "address":
        return _address(op, value, operand)
    if isinstance(operand, Circle):
        return distance_km(value, operand.centre) <= operand.km
    return _scalar(case, op, value, operand)


def _positive(case: Case, op: str) -> str:
    positive = {"is_not": "is", "not_in": "in", "not_contains": "contains", "excludes": "any"}[op]
    return "includes" if case.name == "link" else positive


def _several(case: Case, op: str, value: Any, operand: Any) -> bool:
    chosen = {each.id if isinstance(each, Reference) else each for each in value}
    if op == "is":
        return chosen == set(operand)
    if op == "includes" and case.name == "multi_picklist":
        return chosen >= set(operand)
    return bool(chosen & set(operand))


def _address(op: str, value: Address, operand: Any) -> bool:
    if op == "in_region":
        return any(value.region.startswith(code.rstrip("0").ljust(2, "0")) for code in operand)
    return lowered(operand) in lowered(f"{region_name(value.region)}{value.street} {value.postcode}")


def _scalar(case: Case, op: str, value: Any, operand: Any) -> bool:
    if isinstance(value, Reference):
        value = value.id
    if isinstance(value, str):
        return _text(case, op, value, operand)
    if op in ("is", "within") and isinstance(operand, Span):
        return _inside(value, operand)
    if op == "in":
        return any(_inside(value, each) if isinstance(each, Span) else value == each for each in operand)
    if op == "between":
        low, high = operand
        return low.start <= value < high.end if isinstance(low, Span) else low <= value <= high
    return _ordered(op, value, operand)


def _inside(value: date | datetime, span: Span) -> bool:
    return bool(span.start <= value < span.end)


def _ordered(op: str, value: Any, operand: Any) -> bool:
    low, high = (operand.start, operand.end) if isinstance(operand, Span) else (operand, None)
    match op:
        case "is":
            return bool(value == operand)
        case "lt" | "before":
            return bool(value < low)
        case "lte":
            return bool(value < high if high is not None else value <= low)
        case "gt" | "after":
            return bool(value >= high if high is not None else value > low)
        case _:
            return bool(value >= low)


def _text(case: Case, op: str, value: str, operand: Any) -> bool:
    if case.name == "rich_text":
        value = plain_text(value)
    if case.name not in ("picklist",):
        value = lowered(value)
        operand = lowered(operand) if isinstance(operand, str) else [lowered(each) for each in operand]
    match op:
        case "is":
            return value == operand
        case "in":
            return value in operand
        case "contains":
            return operand in value
        case "starts":
            return value.startswith(operand)
        case _:
            return value.endswith(operand)
