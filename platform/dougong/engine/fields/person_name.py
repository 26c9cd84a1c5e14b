"""Names of people: one box, the parts kept beside it.

Chinese names are family name first, of one character or a compound surname; others end with the family name
unless a comma says otherwise ("Whitfield, Sarah").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Text

from dougong.base.field_types import FIELD_TYPES, FieldLike, Part, Reading
from dougong.base.language import msg
from dougong.engine.fields.operators import wrong_kind
from dougong.engine.fields.text import TextLike, check_length, clean_text

LENGTH = 120
_KEYS = ("name", "family", "given")
_SURNAMES = """
欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容
仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐
段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 第五 欧陽 司馬 諸葛 東方 獨孤 尉遲 鍾離 長孫 鮮于 軒轅
"""
COMPOUND_SURNAMES = frozenset(_SURNAMES.split())
"""Two-character surnames: those of 百家姓 and a few that are common today."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_FAMILY_PARTICLES = """van von der den de la le du di da dos del bin ibn al ter ten zu"""
_PARTICLES = frozenset(_FAMILY_PARTICLES.split())


class PersonName(str):
    """A name as it is written, with its `family` and `given` parts. It is text wherever text is wanted."""

    __slots__ = ("family", "given")

    family: str
    given: str

    def __new__(cls, text: str, family: str = "", given: str = "") -> PersonName:
        """The name `text`; without parts they are taken from it."""
        made = super().__new__(cls, text)
        made.family, made.given = (family, given) if family or given else split_name(text)
        return made


def split_name(text: str) -> tuple[str, str]:
    """The family and the given part of a name; a single foreign word is a given name."""
    if _HAN.fullmatch(text):
        width = 2 if text[:2] in COMPOUND_SURNAMES and len(text) > 2 else 1
        return text[:width], text[width:]
    if "," in text:
        family, _, given = text.partition(",")
        return family.strip(), given.strip()
    words = text.split()
    if len(words) < 2:
        return ("", text) if words else ("", "")
    if all(_HAN.fullmatch(word) for word in words):
        return words[0], "".join(words[1:])
    at = len(words) - 1
    while at > 1 and words[at - 1].lower() in _PARTICLES:
        at -= 1
    return " ".join(words[at:]), " ".join(words[:at])


def join_name(family: str, given: str) -> str:
    """One name of two parts: Chinese ones run together, family first."""
    if _HAN.fullmatch(family + given):
        return family + given
    return f"{given} {family}".strip()


@FIELD_TYPES.register
class PersonNameType(TextLike):
    """The name of a person."""

    name = "person_name"
    masked_as = "name"
    plain = False

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """The name as written, the family part, the given part."""
        return Part("", Text()), Part("_family", Text()), Part("_given", Text())

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """The name and its parts; plain text is taken apart."""
        if not value:
            return None, None, None
        name = value if isinstance(value, PersonName) else PersonName(value)
        return str(name), name.family or None, name.given or None

    def from_row(self, field: FieldLike, stored: Sequence[Any]) -> PersonName | None:
        """The name with the parts that were kept."""
        if stored[0] is None:
            return None
        return PersonName(stored[0], *(part or "" for part in stored[1:3]))

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> PersonName | None:
        """The name; ``{"family": …, "given": …}`` states the parts, with ``"name"`` also how it is written."""
        if isinstance(value, PersonName):
            return value or None
        if isinstance(value, Mapping):
            return self._stated(value)
        text = clean_text(value)
        if text is None:
            return None
        text = " ".join(text.split())
        check_length(text, LENGTH)
        return PersonName(text)

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """The name; with its parts where they are not those that the name alone would give."""
        if not value:
            return None
        if not isinstance(value, PersonName) or (value.family, value.given) == split_name(value):
            return str(value)
        return {"name": str(value), "family": value.family, "given": value.given}

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """Text, or the parts where text alone would not tell them."""
        text = {"type": "string", "maxLength": LENGTH}
        parts = {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(_KEYS, text)}
        return {"anyOf": [text, parts]}

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """The name."""
        return str(value or "")

    def _stated(self, value: Mapping[str, Any]) -> PersonName | None:
        if not set(value) <= set(_KEYS):
            raise wrong_kind(dict(value), msg("a name, or an object with family and given"))
        family, given = (" ".join((clean_text(value.get(key)) or "").split()) for key in ("family", "given"))
        text = " ".join((clean_text(value.get("name")) or join_name(family, given)).split())
        if not text:
            return None
        check_length(text, LENGTH)
        return PersonName(text, family, given)
