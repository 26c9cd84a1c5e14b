"""The manual of functions and operators as a page of Markdown, made from their definitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from dougong.base.language import Message, msg
from dougong.formulas.definition import FUNCTIONS, Example, Function, Signature
from dougong.formulas.evaluation import Failure
from dougong.formulas.types import Marker, Type

GROUPS: dict[str, Message] = {
    "operators": msg("Operators"),
    "logic": msg("Logic"),
    "mathematics": msg("Numbers"),
    "text": msg("Text"),
    "calendar": msg("Dates"),
    "working_days": msg("Working days"),
    "moments": msg("Moments and times of day"),
    "picklists": msg("Picklists"),
    "records": msg("Records"),
    "encoding": msg("Links, JSON and marks"),
    "geography": msg("Places"),
    "business": msg("Business"),
    "customers": msg("Customers"),
}
"""What the groups of functions are called, in the order of the page; those of plugins come after them."""


def page(language: str) -> str:
    """The page in one language."""
    intro = msg(
        "Every function and operator of formulas, made from their definitions by `make reference`. Each example is a "
        "test. Where a function does not say that it looks at blanks, a blank argument gives blank."
    )
    title = msg("Functions and operators")
    parts = [f"# {title.to(language)}", "", intro.to(language), ""]
    groups = [*GROUPS, *sorted({each.group for each in FUNCTIONS.values()} - set(GROUPS))]
    for group in groups:
        found = sorted((each for each in FUNCTIONS.values() if each.group == group), key=lambda each: each.name)
        if found:
            called = GROUPS[group].to(language) if group in GROUPS else group
            parts += [f"## {called}", "", *_table(found, language), ""]
    return "\n".join(parts).rstrip() + "\n"


def _table(found: Iterable[Function], language: str) -> Iterator[str]:
    heads = (msg("How it is written"), msg("Yields"), msg("Meaning"), msg("Examples"))
    yield f"| {' | '.join(each.to(language) for each in heads)} |"
    yield "| --- | --- | --- | --- |"
    for each in found:
        written = "<br>".join(dict.fromkeys(f"`{_written(each, signature)}`" for signature in each.signatures))
        yields = ", ".join(dict.fromkeys(_result(signature, language) for signature in each.signatures))
        examples = "<br>".join(_example(example, language) for example in each.examples[:4])
        cells = (written, yields, _meaning(each, language), examples)
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _written(function: Function, signature: Signature) -> str:
    if function.is_operator:
        names = [each.name for each in signature.leading] or [each.name for each in signature.repeated] * 2
        return f"{names[0]} {function.name} {names[1]}" if len(names) > 1 else f"{function.name}{names[0]}"
    return f"{function.name}({signature})"


def _result(signature: Signature, language: str) -> str:
    if isinstance(signature.result, Type):
        return signature.result.label.to(language)
    return {Marker.FIELD: msg("the field's type")}.get(signature.result, msg("the type of its arguments")).to(language)


def _meaning(function: Function, language: str) -> str:
    remarks = [function.help.to(language)]
    if function.save_only:
        remarks.append(msg("Only while a record is saved.").to(language))
    if function.uses_clock:
        remarks.append(msg("Depends on the moment.").to(language))
    if any(each.takes_null for signature in function.signatures for each in _parameters(signature)):
        remarks.append(msg("Looks at blanks.").to(language))
    return " ".join(remarks)


def _parameters(signature: Signature) -> tuple[Any, ...]:
    return (*signature.leading, *signature.repeated, *signature.trailing)


def _example(example: Example, language: str) -> str:
    text, value = example
    return f"`{text}` → {_shown(value, language)}"


def _shown(value: Any, language: str) -> str:
    if isinstance(value, Failure):
        return f"#Error! ({value.reason.to(language)})"
    if value is None:
        return msg("blank").to(language)
    if isinstance(value, bool):
        return f"`{str(value).upper()}`"
    if isinstance(value, Decimal):
        return f"`{value:f}`"
    return f"`{value!s}`" if not isinstance(value, str) else f'`"{value}"`'
