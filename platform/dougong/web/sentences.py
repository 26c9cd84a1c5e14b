"""Conditions as sentences: "Stage is one of Proposal, Negotiation", in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong.base.errors import BadRequest, FormulaError
from dougong.base.field_types import Operator, ValueRefused
from dougong.base.ids import is_record_id
from dougong.base.language import Message, label, msg
from dougong.engine.fields.periods import period_label
from dougong.engine.query import All, Condition, Either, Filter, Holds, Not, Query, Written
from dougong.engine.reading.filters import conditions
from dougong.engine.reading.paths import ResolvedPath, resolve
from dougong.formulas import Path
from dougong.formulas.parser import parse as parse_formula
from dougong.formulas.tree import Call, Node, Reference
from dougong.metadata.model import Field, Object
from dougong.web.visit import Visit

QUEUES = "$my_queues"
PEOPLE: Mapping[str, Message] = {"$me": msg("me"), "$my_team": msg("my team"), QUEUES: msg("my queues")}
"""Of the users that a condition may name without naming them: what people call them."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A condition in words: what is asked, and the value, which the page sets apart."""

    subject: str
    verb: str
    value: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.subject, self.verb, self.value) if part)


class Speaker:
    """Says the conditions of one list. Titles of the records that they name are read in one statement per object."""

    def __init__(self, visit: Visit, obj: Object, parts: Iterable[Filter]) -> None:
        """Prepare to say `parts`, conditions on records of `obj`."""
        self._visit, self._object = visit, obj
        self._titles = _titles(visit, obj, [each for part in parts for each in conditions(part)])

    def say(self, part: Filter) -> Sentence:
        """One part as a sentence."""
        match part:
            case Condition(name, op, value):
                return self._condition(name, op, value)
            case Not(inner):
                return Sentence(self._visit.say(msg("not")), "", f"({self.say(inner)})")
            case All(parts):
                return Sentence("", "", self._visit.say(msg(" and ")).join(str(self.say(each)) for each in parts))
            case Either(parts):
                return Sentence("", "", self._visit.say(msg(" or ")).join(str(self.say(each)) for each in parts))
            case Holds(formula=formula):
                return Sentence("", "", formula.text)
            case Written(text):
                return Sentence(self._visit.say(msg("formula")), "", in_words(self._visit, self._object, text))

    def _condition(self, name: str, op: str, value: Any) -> Sentence:
        visit = self._visit
        try:
            path = resolve(visit.model, visit.unit.access, self._object, name)
        except BadRequest:
            return Sentence(name, op, "" if value is None else str(value))
        known = next((each for each in operators(path.field) if each.name == op), None)
        verb = known.label.to(visit.language) if known else op
        return Sentence(path_label(visit.model.objects, path, visit.language), verb, self._value(path.field, op, value))

    def _value(self, field: Field, op: str, value: Any) -> str:
        if value is None:
            return ""
        many = (
            value
            if isinstance(value, tuple)
            else value.split(";")
            if isinstance(value, str) and ";" in value
            else (value,)
        )
        if op == "between" and isinstance(value, str) and ".." in value:
            return " – ".join(self._one(field, each) for each in value.split("..", 1))
        return ("、" if self._visit.language.startswith("zh") else ", ").join(self._one(field, each) for each in many)

    def _one(self, field: Field, value: Any) -> str:
        language = self._visit.language
        if isinstance(value, str):
            if value in PEOPLE:
                return PEOPLE[value].to(language)
            if value in self._titles:
                return self._titles[value]
            if field.type.formula_type in ("date", "datetime"):
                said = period_label(value)
                if said:
                    return said.to(language)
        if field.picklist and value in field.picklist.values:
            return label(field.picklist.values[value].label, language)
        return shown(field, value, self._visit)


def in_words(visit: Visit, obj: Object, text: str) -> str:
    """A formula over records of `obj` with its fields called as people call them."""
    try:
        named = sorted(_references(parse_formula(text)), key=lambda each: each.span.start, reverse=True)
    except FormulaError:
        return text
    for each in named:
        said = _field_words(visit, obj, each.path)
        text = text[: each.span.start] + said + text[each.span.end :]
    return " ".join(text.split())


def _references(root: Node) -> Iterator[Reference]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Reference):
            yield node
        elif isinstance(node, Call):
            waiting.extend(node.arguments)


def _field_words(visit: Visit, obj: Object, path: Path) -> str:
    try:
        found = resolve(visit.model, visit.unit.access, obj, ".".join(path))
    except BadRequest:
        return ".".join(path)
    aspect = found.attribute or found.aspect
    said = path_label(visit.model.objects, found, visit.language)
    return f"{said}.{aspect}" if aspect else said


def shown(field: Field, value: Any, visit: Visit) -> str:
    """A value as the field's type shows it; as it stands where the type does not take it."""
    try:
        return field.type.display(field, field.type.coerce(field, value, visit.reading), visit.reading)
    except ValueRefused:
        return str(value)


def operators(field: Field) -> tuple[Operator, ...]:
    """The operators of a field."""
    return field.type.operators(field)


def path_label(objects: Mapping[str, Object], path: ResolvedPath, language: str) -> str:
    """What people call a path: the field, after the lookups that lead to it; a lookup's title is the lookup itself."""
    names = [label(step.label, language) for step in path.steps]
    is_title = bool(path.steps) and objects[path.steps[-1].targets[0]].title == path.field.name
    if not is_title:
        names.append(label(path.field.label, language))
    return " · ".join(names)


def _titles(visit: Visit, obj: Object, asked: list[Condition]) -> dict[str, str]:
    wanted: dict[str, set[str]] = {}
    for each in asked:
        values = each.value if isinstance(each.value, tuple) else str(each.value or "").split(";")
        ids = {value for value in values if is_record_id(value)}
        if ids:
            try:
                field = resolve(visit.model, visit.unit.access, obj, each.field).field
            except BadRequest:
                continue
            for target in field.targets:
                wanted.setdefault(target, set()).update(ids)
    found: dict[str, str] = {}
    for target, ids in wanted.items():
        title = visit.model.objects[target].title
        query = Query(object=target, columns=(title,), where=Condition("id", "in", tuple(sorted(ids))), limit=len(ids))
        found |= {row.id: str(row.values[0] or "") for row in visit.unit.records.query(query).rows}
    return found
