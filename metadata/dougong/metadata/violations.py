"""What a schema finds wrong with a document, in our own words: by keyword and place, the same for any validator."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Validator

from dougong.base.errors import Problem
from dougong.base.field_types import FIELD_TYPES
from dougong.base.language import Labels, Message, msg
from dougong.metadata.component import PLATFORM, Component
from dougong.metadata.positions import escape
from dougong.metadata.schema import KINDS, Schema, later, validator

SYSTEM_TYPES = frozenset({"id"})
"""Types that only the fields have that every record has by itself."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One keyword that a document breaks: where in the document, and where in the schema the keyword stands."""

    instance_path: tuple[str | int, ...]
    schema_path: tuple[str | int, ...]

    @property
    def keyword(self) -> str:
        """The keyword broken."""
        return str(self.schema_path[-1])


def violations(component: Component) -> tuple[Schema, tuple[Violation, ...]]:
    """Every keyword of its schema that a component of a known kind breaks."""
    schema, compiled = validator(component.kind, _type_name(component))
    found = (normalised(error.instance_path, error.schema_path) for error in compiled.iter_errors(component.body))
    return schema, tuple(dict.fromkeys(found))


def _type_name(component: Component) -> str | None:
    name = component.body.get("type")
    return name if component.kind == "field" and isinstance(name, str) else None


def normalised(instance_path: Iterable[Any], schema_path: Iterable[Any]) -> Violation:
    """A violation as any validator reports it: what is wrong with a name counts against ``propertyNames``."""
    path = tuple(schema_path)
    if "propertyNames" in path:
        path = path[: path.index("propertyNames") + 1]
    return Violation(tuple(instance_path), path)


def problems(component: Component) -> Iterator[Problem]:
    """What is wrong with the shape of one document."""
    if component.kind not in KINDS:
        yield _unknown_kind(component)
        return
    name = _type_name(component)
    if component.layer != PLATFORM and name is not None and (name not in FIELD_TYPES or name in SYSTEM_TYPES):
        yield _unknown_type(component, name)
    schema, found = violations(component)
    for violation in found:
        yield from _Explained(component, schema, violation).problems()


def inside(
    component: Component, above: Sequence[str], schema: Schema, compiled: Validator, value: Any
) -> Iterator[Problem]:
    """What is wrong with `value`, which stands at the steps `above` of a document and has a schema of its own."""
    way = tuple(int(step) if step.isdecimal() else step for step in above)
    found = (normalised(error.instance_path, error.schema_path) for error in compiled.iter_errors(value))
    for each in dict.fromkeys(found):
        yield from _Explained(component, schema, Violation((*way, *each.instance_path), each.schema_path)).problems()


def sound(component: Component) -> Component | None:
    """The component without the keys that break its schema, so that the rest can be checked further.

    None where even its kind or name is wrong.
    """
    if component.kind not in KINDS:
        return None
    _, found = violations(component)
    known = set(validator(component.kind, _type_name(component))[0]["properties"])
    broken = {violation.instance_path[0] for violation in found if violation.instance_path}
    if "name" in broken:
        return None
    kept = {key: value for key, value in component.body.items() if key in known and key not in broken}
    if len(kept) == len(component.body):
        return component
    return Component(component.kind, component.name, kept, component.layer, component.source)


def near(name: str, known: Iterable[str], most: int = 12) -> Message | None:
    """A hint at the known name that looks most like `name`, else at all names where they are no more than `most`."""
    listed = sorted(set(known))
    found = difflib.get_close_matches(name.lower(), listed, n=1, cutoff=0.6)
    if found:
        return msg("Did you mean {near}?", near=found[0])
    if 0 < len(listed) <= most:
        return msg("Known here: {names}.", names=", ".join(listed))
    return None


def not_yet(component: Component, pointer: str, what: str, waits_for: Labels) -> Problem:
    """`what` is part of the metadata model, but waits for a part of the product that is not built."""
    return Problem(
        code="not-yet-supported",
        reason=msg("{what} is not yet supported: it needs {part}.", what=what, part=waits_for),
        fix=msg("Leave it out for now."),
        thing=component.address,
        place=component.place(pointer),
    )


def _unknown_kind(component: Component) -> Problem:
    waits_for = later()["kinds"].get(component.kind)
    if waits_for:
        return not_yet(component, "/kind", component.kind, waits_for)
    reason = msg("There is no kind of document called {kind}.", kind=component.kind)
    return Problem(
        code="kind-unknown",
        reason=reason,
        fix=near(component.kind, (*KINDS, *later()["kinds"])),
        thing=component.address,
        place=component.place("/kind"),
    )


def _unknown_type(component: Component, name: str) -> Problem:
    waits_for = later()["field_types"].get(name)
    if waits_for:
        return not_yet(component, "/type", name, waits_for)
    return Problem(
        code="field-type-unknown",
        reason=msg("There is no field type {name}.", name=name),
        fix=near(name, set(FIELD_TYPES) - SYSTEM_TYPES, 60),
        thing=component.address,
        place=component.place("/type"),
    )


_TYPES = {
    "object": msg("an object"),
    "array": msg("a list"),
    "string": msg("a text"),
    "integer": msg("a whole number"),
    "number": msg("a number"),
    "boolean": msg("true or false"),
    "null": msg("null"),
}


@dataclass(frozen=True, slots=True)
class _Explained:
    """One violation with the values that its sentence needs."""

    component: Component
    schema: Schema
    violation: Violation

    @property
    def _at(self) -> Any:
        """The value that is wrong."""
        value: Any = self.component.body
        for step in self.violation.instance_path:
            value = value[step]
        return value

    @property
    def _part(self) -> Mapping[str, Any]:
        """The part of the schema that holds the keyword."""
        part: Any = self.schema
        for step in self.violation.schema_path[:-1]:
            part = part[step]
        found: Mapping[str, Any] = part
        return found

    @property
    def _pointer(self) -> str:
        return "".join(f"/{escape(step)}" for step in self.violation.instance_path)

    @property
    def _key(self) -> str:
        """The name of what is wrong, for the sentence."""
        names = [str(step) for step in self.violation.instance_path if isinstance(step, str)]
        return names[-1] if names else self.component.name

    def problems(self) -> Iterator[Problem]:
        """The problems that one violation stands for: one for each unknown or missing key."""
        keyword, part = self.violation.keyword, self._part
        if keyword == "additionalProperties":
            for key in self._at:
                if key not in part.get("properties", {}):
                    yield self._unknown_key(key, part)
        elif keyword == "required":
            for key in part["required"]:
                if key not in self._at:
                    yield self._problem(
                        "key-missing",
                        msg("The key {key} is missing.", key=key),
                        self._meaning(part.get("properties", {}).get(key)),
                    )
        elif keyword == "propertyNames":
            yield from self._bad_names(part["propertyNames"])
        elif keyword == "enum" and str(self._at) in part.get("x-later-values", {}):
            yield not_yet(self.component, self._pointer, str(self._at), part["x-later-values"][str(self._at)])
        else:
            yield self._problem(*self._sentence(keyword, part))

    def _problem(self, code: str, reason: Message, fix: Message | None, pointer: str | None = None) -> Problem:
        place = self.component.place(self._pointer if pointer is None else pointer)
        return Problem(code=code, reason=reason, fix=fix, thing=self.component.address, place=place)

    def _meaning(self, part: Any) -> Message | None:
        """What a key is for, as its schema says."""
        if isinstance(part, Mapping) and "description" in part:
            labels = {"en": part["description"], "zh-CN": part.get("x-zh-CN", part["description"])}
            return msg("Its meaning: {meaning}", meaning=labels)
        return None

    def _form(self, part: Any) -> Message | None:
        """The form that a text must have, as its schema says."""
        if isinstance(part, Mapping) and "description" in part:
            labels = {"en": part["description"], "zh-CN": part.get("x-zh-CN", part["description"])}
            return msg("Expected: {form}", form=labels)
        return None

    def _unknown_key(self, key: str, part: Mapping[str, Any]) -> Problem:
        pointer = f"{self._pointer}/{escape(key)}"
        waits_for = part.get("x-later", {}).get(key)
        if waits_for:
            return not_yet(self.component, pointer, key, waits_for)
        known = tuple(part.get("properties", {}))
        return self._problem("key-unknown", msg("The key {key} is unknown here.", key=key), near(key, known), pointer)

    def _bad_names(self, rule: Mapping[str, Any]) -> Iterator[Problem]:
        pattern, choices = _resolved(self.schema, rule).get("pattern"), rule.get("enum")
        for key in self._at:
            pointer = f"{self._pointer}/{escape(key)}"
            if choices is not None and key not in choices:
                reason = msg("The key {key} is unknown here.", key=key)
                yield self._problem("key-unknown", reason, near(key, choices), pointer)
            elif pattern is not None and not re.search(pattern, key):
                reason = msg("{key} cannot be a key here.", key=key)
                described = self._form(_resolved(self.schema, rule))
                yield self._problem("key-form", reason, described, pointer)

    def _sentence(self, keyword: str, part: Mapping[str, Any]) -> tuple[str, Message, Message | None]:
        """Code, reason and fix of a value that does not fit."""
        key, value, limit = self._key, self._at, part[keyword]
        if keyword == "type":
            wanted = [limit] if isinstance(limit, str) else list(limit)
            reason = msg("{key} must be {wanted}.", key=key, wanted=_TYPES[wanted[0]])
            if len(wanted) > 1:
                either = msg("{first} or {second}", first=_TYPES[wanted[0]], second=_TYPES[wanted[1]])
                reason = msg("{key} must be {wanted}.", key=key, wanted=either)
            return "value-type", reason, None
        if keyword in ("enum", "const"):
            choices = [str(each) for each in (limit if keyword == "enum" else [limit])]
            return (
                "value-choice",
                msg("{value} is no choice for {key}.", value=_short(value), key=key),
                near(str(value), choices),
            )
        if keyword == "pattern":
            reason = msg("{value} does not have the form that {key} needs.", value=_short(value), key=key)
            return "value-form", reason, self._form(part)
        if keyword == "uniqueItems":
            return "list-repeats", msg("{key} names something twice.", key=key), None
        if keyword in _LIMITS:
            return "value-range", _LIMITS[keyword](key, limit), None
        return "value-shape", msg("{key} has none of the forms that it may have.", key=key), self._meaning(part)


def _resolved(schema: Schema, part: Mapping[str, Any]) -> Mapping[str, Any]:
    """`part`, or what its reference leads to."""
    reference = part.get("$ref")
    if not isinstance(reference, str):
        return part
    found: Any = schema
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    resolved: Mapping[str, Any] = found
    return resolved


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


_LIMITS: Mapping[str, Any] = {
    "minimum": lambda key, limit: msg("{key} must be at least {limit}.", key=key, limit=limit),
    "maximum": lambda key, limit: msg("{key} must be at most {limit}.", key=key, limit=limit),
    "exclusiveMinimum": lambda key, limit: msg("{key} must be more than {limit}.", key=key, limit=limit),
    "exclusiveMaximum": lambda key, limit: msg("{key} must be less than {limit}.", key=key, limit=limit),
    "minLength": lambda key, limit: msg(
        "The number of characters in {key} must be at least {limit}.", key=key, limit=limit
    ),
    "maxLength": lambda key, limit: msg(
        "The number of characters in {key} must be at most {limit}.", key=key, limit=limit
    ),
    "minItems": lambda key, limit: msg("The number of items in {key} must be at least {limit}.", key=key, limit=limit),
    "maxItems": lambda key, limit: msg("The number of items in {key} must be at most {limit}.", key=key, limit=limit),
    "minProperties": lambda key, limit: msg(
        "The number of keys in {key} must be at least {limit}.", key=key, limit=limit
    ),
    "maxProperties": lambda key, limit: msg(
        "The number of keys in {key} must be at most {limit}.", key=key, limit=limit
    ),
}

__all__: Sequence[str] = ("Violation", "inside", "near", "normalised", "not_yet", "problems", "sound", "violations")
