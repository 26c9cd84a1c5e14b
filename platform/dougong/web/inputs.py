"""What a form shows at each field, and what it sent: typed text to values, values to inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

import orjson
from markupsafe import Markup
from starlette.datastructures import FormData, UploadFile

from dougong.base.field_types import Reading, Reference, ValueRefused
from dougong.base.language import label
from dougong.engine.fields.choices import allowed_values
from dougong.engine.fields.masked import Masked, is_masked
from dougong.metadata.model import Field, Object
from dougong.web.visit import Visit

_BETWEEN = re.compile(r"[;；\n]")

TO_THE_MINUTE = len("2026-11-22T06:15")

Option = tuple[str, str, str | None]
"""Value, label, colour."""


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a form, as the edit section of its type reads it.

    `value` is the field's value, None while what was typed cannot be read; `text` is what was typed, or the value
    as text; `options` are the choices of a picklist that its record type and its controlling field leave.
    `hidden` and `locked` are what the layout's conditions say, or the lock of the record: not shown, and shown but not
    to be changed. `reason` says where the value was taken from.
    """

    field: Field
    name: str
    id: str
    label: str
    value: Any = None
    text: Any = ""
    help: str = ""
    errors: tuple[str, ...] = ()
    required: bool = False
    options: tuple[Option, ...] = ()
    currency: str = ""
    attributes: Markup = Markup("")
    hidden: bool = False
    locked: bool = False
    reason: str = ""
    mask: str = ""
    """What is shown of a value that stays unless another one is typed."""
    cleared: bool = False
    """Whether such a value is to go."""

    @property
    def state(self) -> str:
        """What conditions make of the field, in a word for the page to compare."""
        return "hidden" if self.hidden else "locked" if self.locked else "required" if self.required else ""


CLEAR = "clear"
"""The part of a masked field's input that says that its value is to go."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What was sent for a set of fields: raw as the browser says it, and read where the type takes it."""

    raw: Mapping[str, Any] = dataclass_field(default_factory=dict)
    values: Mapping[str, Any] = dataclass_field(default_factory=dict)


def typed(form: FormData, fields: Iterable[Field], reading: Reading, prefix: str = "") -> Typed:
    """Read what `form` says of `fields`, whose inputs are named with `prefix`."""
    raw = {field.name: sent(form, prefix + field.name, field) for field in fields}
    values = {}
    for field in fields:
        value = None if clears(field, raw[field.name]) else raw[field.name]
        try:
            values[field.name] = field.type.coerce(field, value, reading)
        except ValueRefused:
            continue
    return Typed(raw, values)


def sent(form: FormData, name: str, field: Field) -> Any:
    """What a form says under one name: a list where the type holds several, a mapping of parts, a text, or blank.

    An unticked box sends nothing: absence means no, for a field that the form shows.
    """
    if field.type.many:
        chosen = [value for value in form.getlist(name) if isinstance(value, str) and value]
        return [*chosen, *_titles(form.get(f"{name}.text"))] if field.type.refers else chosen
    several = [value for value in form.getlist(name) if isinstance(value, str)]
    if is_masked(field) and any(each.strip() for each in several):
        return several[-1]
    text = several[-1] if several else ""
    parts = _parts(form, name)
    if field.type.refers:
        text = _reference(text, parts)
    elif parts:
        return parts
    if field.type.formula_type == "boolean":
        return text or False
    return text if text.strip() else None


def clears(field: Field, raw: Any) -> bool:
    """Whether what was sent for a masked field takes its value away: a blank input alone leaves it as it is."""
    return is_masked(field) and isinstance(raw, Mapping) and CLEAR in raw


def _titles(typed: Any) -> list[str]:
    """The names that a person typed to be added, one a line or with semicolons between them."""
    return [each for part in _BETWEEN.split(typed) if (each := part.strip())] if isinstance(typed, str) else []


def _reference(chosen: str, parts: Mapping[str, Any]) -> str:
    """The id that was chosen, or the title that was typed over what the form began with ("id title" in `was`)."""
    typed = str(parts.get("text", "")).strip()
    was, _, title = str(parts.get("was", "")).partition(" ")
    if chosen != was or typed == title.strip():
        return chosen
    return typed


def _parts(form: FormData, name: str) -> dict[str, Any]:
    """The inputs ``name.part``: texts by part, lists where a part was sent more than once."""
    found: dict[str, Any] = {}
    for key, value in form.multi_items():
        if key.startswith(f"{name}.") and isinstance(value, str):
            part = key[len(name) + 1 :]
            found[part] = value if part not in found else [*_several(found[part]), value]
    return found


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def uploads(form: FormData, name: str) -> list[UploadFile]:
    """The files sent under a name."""
    return [value for value in form.getlist(name) if isinstance(value, UploadFile) and value.filename]


def to_json(fields: Iterable[Field], values: Mapping[str, Any]) -> str:
    """Values as the hidden field `base` carries them: what the person began from."""
    said = {
        field.name: field.type.to_json(field, values[field.name])
        for field in fields
        if values.get(field.name) is not None and not is_masked(field)
    }
    return orjson.dumps(said, default=str).decode()


def from_json(fields: Iterable[Field], text: str, reading: Reading) -> dict[str, Any]:
    """The values of `to_json`; a field that no longer reads is left out."""
    try:
        said = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    found: dict[str, Any] = {}
    for field in fields:
        if isinstance(said, dict) and field.name in said:
            try:
                found[field.name] = field.type.coerce(field, said[field.name], reading)
            except ValueRefused:
                continue
    return found


def changed(fields: Iterable[Field], entered: Typed, base: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """What the person changed: fields whose text reads to another value than `base`, or does not read at all."""
    found: dict[str, Any] = {}
    for field in fields:
        name = field.name
        if name not in entered.values:
            found[name] = entered.raw[name]
        elif clears(field, entered.raw[name]):
            found[name] = None
        elif not same(entered.values[name], base.get(name)) and not _to_the_minute(field, entered, base, reading):
            found[name] = entered.values[name]
    return found


def _to_the_minute(field: Field, entered: Typed, base: Mapping[str, Any], reading: Reading) -> bool:
    """Whether a point in time is what it was, as far as a form shows it: its seconds are kept."""
    raw = entered.raw.get(field.name)
    if field.type.name != "datetime" or not isinstance(raw, str) or len(raw) != TO_THE_MINUTE:
        return False
    return str(field.type.form(field, base.get(field.name), reading)).startswith(raw)


def same(one: Any, other: Any) -> bool:
    """Whether two values are one; blanks of every kind are, and references are by what they refer to."""
    if _blank(one) or _blank(other):
        return _blank(one) and _blank(other)
    return bool(_bare(one) == _bare(other))


def _blank(value: Any) -> bool:
    return value is None or value is False or value in ("", (), [])


def _bare(value: Any) -> Any:
    if isinstance(value, Reference):
        return value.object, value.id
    if isinstance(value, tuple):
        return tuple(_bare(each) for each in value)
    return value


def is_asked(field: Field) -> bool:
    """Whether a person must fill the field: what computes itself when it is left empty is not asked for."""
    return field.required and field.compute is None


def make(
    visit: Visit,
    obj: Object,
    field: Field,
    values: Mapping[str, Any],
    entered: Typed,
    errors: Sequence[str],
    prefix: str = "",
    required: bool | None = None,
) -> Input:
    """The input of one field."""
    value = entered.values.get(field.name) if field.name in entered.raw else values.get(field.name)
    raw, stored = entered.raw.get(field.name), values.get(field.name)
    text = _as_widget(raw, field.type.form(field, value if raw is None else None, visit.reading))
    name = prefix + field.name
    return Input(
        field=field,
        name=name,
        id="i-" + name.replace(".", "-"),
        label=label(field.label, visit.language),
        value=value,
        text=text,
        help=label(field.help, visit.language),
        errors=tuple(errors),
        required=(is_asked(field) if required is None else required) and not isinstance(stored, Masked),
        mask=str(stored) if isinstance(stored, Masked) else "",
        cleared=clears(field, raw),
        options=options(visit, obj, field, values),
        currency=currency(visit, obj, values) if field.type.name == "money" else "",
        attributes=lookup_attributes(field),
    )


def shown(fields: Iterable[Field], entered: Typed, reading: Reading) -> Typed:
    """What was sent, for drawing the form again: fields of several records keep those that were chosen, though a name
    that was typed beside them says nothing.
    """
    values = dict(entered.values)
    for field in fields:
        raw = entered.raw.get(field.name)
        if field.type.refers and isinstance(raw, list) and field.name not in values:
            chosen = [each for each in raw if not _unreadable(field, each, reading)]
            values[field.name] = field.type.coerce(field, chosen, reading)
    return Typed(entered.raw, values)


def _unreadable(field: Field, value: str, reading: Reading) -> bool:
    try:
        field.type.coerce(field, [value], reading)
    except ValueRefused:
        return True
    return False


def _as_widget(raw: Any, shown: Any) -> Any:
    """What was sent, in the shape that the widget shows: a request may send parts of a text, or a text for parts."""
    if raw is None:
        return shown
    if isinstance(shown, Mapping):
        parts = raw if isinstance(raw, Mapping) else {next(iter(shown)): raw}
        return {name: parts[name] if isinstance(parts.get(name), str) else blank for name, blank in shown.items()}
    return shown if isinstance(raw, Mapping) else raw


def lookup_attributes(field: Field) -> Markup:
    """Where a lookup's search is: an attribute of the field's wrapper."""
    if not field.type.refers:
        return Markup("")
    return Markup(' data-lookup="/lookup/{}/{}"').format(field.object, field.name)


def options(visit: Visit, obj: Object, field: Field, values: Mapping[str, Any]) -> tuple[Option, ...]:
    """The choices of a picklist field for a record with `values`; its present value stays among them."""
    if field.picklist is None:
        return ()
    record_type = obj.record_types.get(values.get("record_type") or "")
    only = record_type.values.get(field.name, {}).get("only") if record_type else None
    allowed = allowed_values(field, _controlling(field, values))
    present = values.get(field.name)
    kept = present if isinstance(present, tuple) else (present,)
    return tuple(
        (each.value, label(each.label, visit.language), each.colour)
        for each in field.picklist.values.values()
        if each.value in kept
        or (each.active and (only is None or each.value in only) and (allowed is None or each.value in allowed))
    )


def _controlling(field: Field, values: Mapping[str, Any]) -> Any:
    depends = field.options.get("depends_on")
    return values.get(depends["field"]) if depends else None


def settled(fields: Iterable[Field], entered: Typed, stored: Mapping[str, Any]) -> Typed:
    """What was sent, without choices that the present values of their controlling fields no longer allow.

    A choice that goes may take those along that depend on it. `stored` are values of fields that were not sent.
    """
    raw, values = dict(entered.raw), dict(entered.values)
    dependents = [each for each in fields if each.options.get("depends_on") and each.name in values]
    for _ in dependents:
        for field in dependents:
            allowed = allowed_values(field, _controlling(field, {**stored, **values}))
            value = values[field.name]
            if isinstance(value, tuple):
                kept: Any = tuple(each for each in value if allowed is None or each in allowed)
            else:
                kept = value if allowed is None or value in allowed else None
            if kept != value:
                values[field.name] = raw[field.name] = kept
    return Typed(raw, values)


def currency(visit: Visit, obj: Object, values: Mapping[str, Any]) -> str:
    """The currency code of a record's money."""
    company = str(visit.model.settings.get("currency") or "CNY")
    return str(values.get("currency") or company) if obj.currency.mode == "record" else company
