"""The filter language as JSON: reading it, writing it, naming every mistake in it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.language import Message, msg
from dougong.engine.fields.operators import VALID
from dougong.engine.query import All, Condition, Either, Filter, Holds, Not, Sort, Written
from dougong.metadata.model import EFFECTIVE_DATES, Object

DEPTH = 8
"""How deep groups may nest."""

CONDITIONS = 100
"""How many comparisons one filter may hold."""

FORMULAS = 5
"""How many formulas one filter may hold."""


def parse(document: Any) -> Filter | None:
    """The filter that a JSON `document` says; None for none.

    Raises:
        BadRequest: the document is no filter; every mistake is named with its JSON pointer.
    """
    if document is None or document == {} or document == []:
        return None
    problems: list[Problem] = []
    found = _parse(document, "", 1, problems)
    if not problems and sum(1 for _ in conditions(found)) > CONDITIONS:
        problems.append(
            _problem("", "filter-too-long", msg("The filter has more than {count} conditions.", count=CONDITIONS))
        )
    if not problems and sum(1 for _ in formulas(found)) > FORMULAS:
        reason = msg("The filter has more than {count} formulas.", count=FORMULAS)
        problems.append(_problem("", "filter-too-long", reason))
    if problems:
        raise BadRequest(problems)
    return found


def _problem(pointer: str, code: str, reason: Message, fix: Message | None = None) -> Problem:
    return Problem(code=code, thing="filter", place=Place(pointer=pointer or None), reason=reason, fix=fix)


def _parse(document: Any, pointer: str, depth: int, problems: list[Problem]) -> Filter:
    if depth > DEPTH:
        problems.append(
            _problem(pointer, "filter-too-deep", msg("Groups nest deeper than {count} levels.", count=DEPTH))
        )
        return All(())
    if isinstance(document, list):
        return _group(All, document, pointer, depth, problems)
    if isinstance(document, Mapping):
        keys = set(document)
        if keys == {"all"} or keys == {"any"}:
            (key,) = keys
            return _group(All if key == "all" else Either, document[key], f"{pointer}/{key}", depth, problems)
        if keys == {"not"}:
            return Not(_parse(document["not"], f"{pointer}/not", depth + 1, problems))
        if {"field", "op"} <= keys <= {"field", "op", "value"} and all(
            isinstance(document[key], str) for key in ("field", "op")
        ):
            return Condition(document["field"], document["op"], _frozen(document.get("value")))
        if keys == {"formula"} and isinstance(document["formula"], str):
            return Written(document["formula"])
    problems.append(
        _problem(
            pointer,
            "filter-shape",
            msg("This is no condition."),
            msg(
                "A condition has field, op and value, or a formula; a group is a list under all or any, or one part "
                "under not."
            ),
        )
    )
    return All(())


def _group(kind: type[All] | type[Either], parts: Any, pointer: str, depth: int, problems: list[Problem]) -> Filter:
    if not isinstance(parts, list):
        problems.append(_problem(pointer, "filter-shape", msg("A group is a list of conditions.")))
        return All(())
    return kind(tuple(_parse(part, f"{pointer}/{at}", depth + 1, problems) for at, part in enumerate(parts)))


def _frozen(value: Any) -> Any:
    """A hashable form of a JSON operand, so that a query can key a cache."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, Mapping):
        return tuple(sorted((key, _frozen(item)) for key, item in value.items()))
    return value


def dump(found: Filter | None) -> Any:
    """The JSON document of a filter; `parse` reads it back to an equal one."""
    match found:
        case None:
            return None
        case Condition(field, op, None):
            return {"field": field, "op": op}
        case Condition(field, op, value):
            return {"field": field, "op": op, "value": list(value) if isinstance(value, tuple) else value}
        case All(parts):
            return {"all": [dump(part) for part in parts]}
        case Either(parts):
            return {"any": [dump(part) for part in parts]}
        case Not(part):
            return {"not": dump(part)}
        case Written(text):
            return {"formula": text}


def conditions(found: Filter | None) -> Iterator[Condition]:
    """Every comparison in a filter, depth first."""
    return (each for each in leaves(found) if isinstance(each, Condition))


def formulas(found: Filter | None) -> Iterator[Written]:
    """Every formula in a filter as it was written, depth first."""
    return (each for each in leaves(found) if isinstance(each, Written))


def leaves(found: Filter | None) -> Iterator[Condition | Holds | Written]:
    """What the groups of a filter are made of, depth first."""
    match found:
        case None:
            return
        case All(parts) | Either(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield found


def both(*filters: Filter | None) -> Filter | None:
    """The filter under which all of `filters` hold."""
    parts: list[Filter] = []
    for each in filters:
        if isinstance(each, All):
            parts.extend(each.parts)
        elif each is not None:
            parts.append(each)
    return parts[0] if len(parts) == 1 else All(tuple(parts)) if parts else None


def valid_on(obj: Object, day: Any = "today") -> Condition:
    """The records of `obj`, which has effective dates, that are valid on `day` (as date filters name days).

    Raises:
        KeyError: the object has no effective dates.
    """
    limits = obj.constraints[EFFECTIVE_DATES].range
    assert limits is not None
    return Condition(limits.start, VALID.name, day)


def parse_sort(document: Sequence[Any]) -> tuple[Sort, ...]:
    """Sort keys from list-view JSON (``[{"field": …, "dir": "desc"}]``) or URL words (``["-amount", "name"]``).

    Raises:
        BadRequest: an entry is neither.
    """
    found: list[Sort] = []
    for at, entry in enumerate(document):
        if isinstance(entry, str) and entry.lstrip("-"):
            found.append(Sort(entry.removeprefix("-"), entry.startswith("-")))
        elif isinstance(entry, Mapping) and isinstance(entry.get("field"), str):
            found.append(Sort(entry["field"], entry.get("dir", "asc") == "desc"))
        else:
            raise BadRequest(
                _problem(
                    f"/{at}",
                    "sort-shape",
                    msg("A sort key is a field name, with - before it for descending."),
                )
            )
    return tuple(found)
