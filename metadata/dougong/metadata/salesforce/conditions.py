"""Criteria and formulas of Salesforce as formulas of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

from dougong.base.errors import FormulaError
from dougong.base.language import Message, msg
from dougong.formulas.parser import parse
from dougong.formulas.tree import Call, Literal, Node, Reference
from dougong.metadata.salesforce.sources import Fields, field_path, said, snake

NUMBERS = ("Number", "Currency", "Percent", "AutoNumber")
PICKLISTS = ("Picklist", "MultiselectPicklist")

_COMPARED = {"lessThan": "<", "greaterThan": ">", "lessOrEqual": "<=", "greaterOrEqual": ">="}
_TOKEN = re.compile(r"\s*(\d+|\(|\)|AND|OR|NOT)", re.IGNORECASE)
_SIGNS = {"AND": "&&", "OR": "||", "NOT": "!"}

Noting = Callable[[Message], None]
"""Takes what a person must decide."""


def condition(element: Element | None, object_name: str, fields: Fields, note: Noting) -> str | None:
    """What `entryCriteria`, or a rule, asks, as a formula; None where it asks nothing."""
    if element is None:
        return None
    if text := said(element, "formula"):
        return rewritten(text, object_name, note)
    items = [_item(each, object_name, fields, note) for each in element.findall("criteriaItems")]
    if not items:
        return None
    order = said(element, "booleanFilter") or " AND ".join(str(n + 1) for n in range(len(items)))
    return _combined(order, items, note)


def _combined(order: str, items: list[str], note: Noting) -> str:
    """The conditions as the filter logic combines them: "1 AND (2 OR NOT 3)"."""
    tokens, end = [], 0
    while match := _TOKEN.match(order, end):
        tokens.append(match.group(1).upper())
        end = match.end()
    numbers = [int(each) for each in tokens if each.isdigit()]
    if order[end:].strip() or any(not 1 <= each <= len(items) for each in numbers):
        note(msg("The filter logic {logic} could not be read: all conditions are taken to hold.", logic=order))
        return " && ".join(f"({each})" for each in items)
    if len(items) == 1 and tokens == ["1"]:
        return items[0]
    shown = (f"({items[int(each) - 1]})" if each.isdigit() else _SIGNS.get(each, each) for each in tokens)
    return " ".join(shown).replace("! (", "!(").replace("( (", "((").replace(") )", "))")


def _item(item: Element, object_name: str, fields: Fields, note: Noting) -> str:
    written, operation = said(item, "field"), said(item, "operation")
    path = field_path(object_name, written)
    if other := said(item, "valueField"):
        both = _compared(path, operation, field_path(object_name, other), note)
        return f"NOT({both})" if operation == "notEqual" else both
    kind = fields.type(object_name, written)
    given = said(item, "value")
    if kind is None:
        kind = _guessed(given)
        note(msg("The type of {field} is not in the source: it is read as {type}.", field=written, type=kind))
    values = [given] if kind not in (*PICKLISTS, "Text") else [each.strip() for each in given.split(",")]
    negative = operation in ("notEqual", "notContain", "excludes")
    asked = [_asked(path, kind, operation, each, note) for each in values]
    whole = " || ".join(asked)
    return f"NOT({whole})" if negative else whole


def _guessed(value: str) -> str:
    if value.lower() in ("true", "false"):
        return "Checkbox"
    return "Number" if re.fullmatch(r"-?\d+(\.\d+)?", value) else "Picklist"


def _asked(path: str, kind: str, operation: str, value: str, note: Noting) -> str:
    """One condition about one value, put positively: who calls negates it."""
    if not value:
        return f"ISBLANK({path})"
    if operation in ("equals", "notEqual", "includes", "excludes"):
        return _equal(path, kind, value, note)
    text = f"TEXT({path})" if kind == "Picklist" else path
    match operation:
        case "contains" | "notContain":
            return f"CONTAINS(LOWER({text}), {_text(value.lower())})"
        case "startsWith":
            return f"BEGINS(LOWER({text}), {_text(value.lower())})"
    return _compared(path, operation, _literal(path, kind, value, note), note)


def _equal(path: str, kind: str, value: str, note: Noting) -> str:
    match kind:
        case "Picklist":
            return f"ISPICKVAL({path}, {_text(snake(value))})"
        case "MultiselectPicklist":
            return f"INCLUDES({path}, {_text(snake(value))})"
        case "Checkbox":
            return path if value.lower() in ("true", "1") else f"!{path}"
        case "Date" | "DateTime" | "Number" | "Currency" | "Percent":
            return f"{path} = {_literal(path, kind, value, note)}"
    return f"LOWER({path}) = {_text(value.lower())}"


def _compared(path: str, operation: str, other: str, note: Noting) -> str:
    if operation in _COMPARED:
        return f"{path} {_COMPARED[operation]} {other}"
    if operation in ("equals", "notEqual"):
        return f"{path} = {other}"
    note(msg("The operation {operation} has no formula here: the condition is left out.", operation=operation))
    return "TRUE"


def _literal(path: str, kind: str, value: str, note: Noting) -> str:
    if kind in NUMBERS and re.fullmatch(r"-?[\d,]*\.?\d+", value):
        return value.replace(",", "")
    if kind in ("Date", "DateTime"):
        day = re.match(r"\d{4}-\d{2}-\d{2}", value)
        if value.upper() in ("TODAY", "YESTERDAY", "TOMORROW"):
            return {"TODAY": "TODAY()", "YESTERDAY": "TODAY() - 1", "TOMORROW": "TODAY() + 1"}[value.upper()]
        if day is None:
            note(msg("The date {value} of {field} must be written as a formula.", value=value, field=path))
            return "TODAY()"
        return f"DATEVALUE({_text(day[0])})"
    return _text(value)


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


# -- formulas ---------------------------------------------------------------------------------------------------------
def rewritten(text: str, object_name: str, note: Noting) -> str:
    """A formula with our names in it; as it was, with a note, where it cannot be parsed."""
    try:
        root = parse(text)
    except FormulaError as error:
        for each in error.problems:
            note(msg("The formula {formula} cannot be read: {reason}", formula=text, reason=each.reason))
        return text
    for start, end, new in sorted(_edits(root, object_name), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _edits(node: Node, object_name: str) -> list[tuple[int, int, str]]:
    if isinstance(node, Reference):
        return [(node.span.start, node.span.end, field_path(object_name, ".".join(node.path)))]
    if not isinstance(node, Call):
        return []
    found = []
    for place, each in enumerate(node.arguments):
        if place and node.name in ("ISPICKVAL", "INCLUDES") and isinstance(each, Literal):
            found.append((each.span.start, each.span.end, _text(snake(str(each.value))) if each.value else '""'))
        else:
            found += _edits(each, object_name)
    return found
