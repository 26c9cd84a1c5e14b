"""The reference of metadata as a page, made from the schemas: every kind, every key, what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.field_types import FIELD_TYPES
from dougong.base.language import label
from dougong.metadata.schema import KINDS, Schema, key_meaning, kind_schema, later, type_meaning

_WORDS: Mapping[str, Mapping[str, str]] = {
    "title": {"en": "Metadata reference", "zh-CN": "元数据参考"},
    "about": {
        "en": "Every kind of document and every key. Made from the schemas by `make reference`; "
        "a key that is not here is refused. **Bold** keys are required.",
        "zh-CN": "全部文档种类和键。由 `make reference` 根据模式生成；此处没有的键会被拒绝。**粗体**为必填。",
    },
    "columns": {"en": "| key | value | meaning |", "zh-CN": "| 键 | 值 | 含义 |"},
    "types": {"en": "Field types", "zh-CN": "字段类型"},
    "values": {"en": "Values", "zh-CN": "值"},
    "forms": {"en": "| value | form |", "zh-CN": "| 值 | 形式 |"},
    "later": {"en": "Not yet supported", "zh-CN": "尚不支持"},
    "waits": {"en": "| name | needs |", "zh-CN": "| 名称 | 需要 |"},
    "any": {"en": "any value", "zh-CN": "任意值"},
    "list": {"en": "list", "zh-CN": "列表"},
    "map": {"en": "map", "zh-CN": "映射"},
    "default": {"en": "default", "zh-CN": "默认"},
}

HEADER = ("$schema", "kind", "name", "id", "formerly", "label", "description", "since")
"""Keys that most kinds have, explained once."""


def page(language: str) -> str:
    """The reference in one language, as Markdown."""
    return "\n".join(_lines(language)) + "\n"


def _word(name: str, language: str) -> str:
    return label(_WORDS[name], language)


def _meaning(part: Mapping[str, Any], language: str) -> str:
    said = part.get("x-zh-CN") if language == "zh-CN" else None
    return str(said or part.get("description", "")).replace("|", "\\|")


def _lines(language: str) -> Iterator[str]:
    yield f"# {_word('title', language)}\n\n{_word('about', language)}\n"
    for kind in KINDS:
        schema = kind_schema(kind)
        title = schema.get("x-title-zh-CN") if language == "zh-CN" else schema.get("title")
        yield f"## {title} (`{kind}`)\n\n{_meaning(schema, language)}\n"
        yield from _table(schema, schema, language, () if kind == "object" else HEADER[:1])
        if kind == "field":
            yield from _types(language)
    yield from _definitions(language)
    yield f"## {_word('later', language)}\n\n{_word('waits', language)}\n| --- | --- |"
    for group in ("kinds", "field_types"):
        for name, waits_for in later()[group].items():
            yield f"| `{name}` | {label(waits_for, language)} |"
    for type_name, keys in later()["field_keys"].items():
        for key, waits_for in keys.items():
            yield f"| `{type_name}: {key}` | {label(waits_for, language)} |"
    for schema, name in ((kind_schema(kind), kind) for kind in KINDS):
        for key, waits_for in _waiting(schema, name):
            yield f"| `{key}` | {label(waits_for, language)} |"


def _definitions(language: str) -> Iterator[str]:
    """What the names in the column of values stand for."""
    yield f"## {_word('values', language)}\n\n{_word('forms', language)}\n| --- | --- |"
    for name, part in kind_schema("field")["$defs"].items():
        choices = ": " + ", ".join(f"`{each}`" for each in part["enum"]) if "enum" in part else ""
        yield f"| {name} | {_meaning(part, language)}{choices} |"
    yield ""


def _table(schema: Schema, whole: Schema, language: str, without: tuple[str, ...]) -> Iterator[str]:
    yield f"{_word('columns', language)}\n| --- | --- | --- |"
    for row in _rows(schema, whole, language, ""):
        if row[0].strip("*`") not in without:
            yield f"| {row[0]} | {row[1]} | {row[2]} |"
    yield ""


def _rows(part: Schema, whole: Schema, language: str, above: str) -> Iterator[tuple[str, str, str]]:
    """The keys of a map and of the maps inside, each with what it takes and means."""
    required = part.get("required", ())
    for key, each in part.get("properties", {}).items():
        inner = _resolved(each, whole)
        name = f"`{above}{key}`"
        yield (
            f"**{name}**" if key in required else name,
            _value(each, whole, language),
            _meaning(each if "description" in each else inner, language),
        )
        yield from _inside(inner, whole, language, f"{above}{key}")


def _inside(part: Schema, whole: Schema, language: str, path: str) -> Iterator[tuple[str, str, str]]:
    for inner, mark in ((part, "."), (part.get("items", {}), "[]."), (part.get("additionalProperties", {}), ".*.")):
        if isinstance(inner, Mapping) and inner.get("properties") and path.count(".") < 6:
            yield from _rows(inner, whole, language, f"{path}{mark}")


def _resolved(part: Schema, whole: Schema) -> Schema:
    reference = str(part.get("$ref", ""))
    name = reference.rpartition("/")[2]
    if not reference or name in ("filter", "labels", "steps"):
        return {} if reference else part
    found: Schema = whole["$defs"][name]
    return found


def _value(part: Schema, whole: Schema, language: str) -> str:
    """What a key takes: a definition's name, choices, or a JSON type, with its default."""
    reference = str(part.get("$ref", "")).rpartition("/")[2]
    default = part.get("default")
    said = f", {_word('default', language)} `{_json(default)}`" if default is not None else ""
    if reference:
        return reference + said
    if "enum" in part:
        return ", ".join(f"`{each}`" for each in part["enum"]) + said
    if "const" in part:
        return f"`{_json(part['const'])}`"
    kinds = part.get("type", _word("any", language))
    names = {"array": _word("list", language), "object": _word("map", language)}
    listed = [kinds] if isinstance(kinds, str) else kinds
    return " / ".join(names.get(each, each) for each in listed) + said


def _json(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _types(language: str) -> Iterator[str]:
    yield f"### {_word('types', language)}\n"
    for name, kind in FIELD_TYPES.items():
        about = type_meaning(name)
        if not about:
            continue
        yield f"#### `{name}`\n\n{_meaning(about, language)}\n"
        if not kind.keys:
            continue
        yield f"{_word('columns', language)}\n| --- | --- | --- |"
        for key, part in kind.keys.items():
            shown = f"**`{key}`**" if key in kind.required_keys else f"`{key}`"
            meaning = _meaning({**key_meaning(name, key), **part}, language)
            yield f"| {shown} | {_value(part, kind_schema('field'), language)} | {meaning} |"
        yield ""


def _waiting(part: Any, path: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Keys and choices in a schema that are not supported yet."""
    if isinstance(part, Mapping):
        for key, waits_for in part.get("x-later", {}).items():
            yield f"{path}.{key}", waits_for
        for value, waits_for in part.get("x-later-values", {}).items():
            yield f"{path}: {value}", waits_for
        for key, below in part.get("properties", {}).items():
            yield from _waiting(below, f"{path}.{key}")
        for key in ("items", "additionalProperties"):
            yield from _waiting(part.get(key), path)
