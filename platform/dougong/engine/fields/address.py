"""Addresses: region by code (省/市/区), street, postcode, country."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from babel import Locale
from sqlalchemy import ColumnElement, Text, and_, func, or_

from dougong.base.field_types import FIELD_TYPES, FieldLike, FieldType, Operator, Part, Reading, ValueRefused
from dougong.base.language import msg
from dougong.engine.fields.conditions import COMPARE
from dougong.engine.fields.operators import (
    CONTAINS,
    IN_REGION,
    NOT_CONTAINS,
    PRESENCE,
    clip,
    named,
    read_operand,
    wrong_kind,
)
from dougong.engine.fields.regions import choices, chosen, find_region, level, lineage, region_name, regions
from dougong.engine.fields.text import OPERAND_LENGTH, check_length, clean_text
from dougong.engine.lettercase import lowered

_COUNTRY = re.compile(r"\s*\(([A-Z]{2})\)$")
_POSTCODE = re.compile(r"(?:^|\s|(?<=\D))(\d{6})$")
_OFFERED = """CN HK MO TW US JP KR DE FR GB IT ES NL BE CH AT SE NO DK FI PL CZ RU TR IN SG MY TH VN ID PH AU NZ CA MX
BR AR CL ZA EG NG KE SA AE IL"""
COUNTRIES = tuple(_OFFERED.split())
"""The countries that the form lists; any other code is taken where it is typed."""
_KEYS = ("region", "street", "postcode", "country")
_STEPS = ("province", "city", "district")


@dataclass(frozen=True, slots=True)
class Address:
    """An address. `region` is a six-digit code of China's table, `country` an ISO 3166 code; "" is not given."""

    region: str = ""
    street: str = ""
    postcode: str = ""
    country: str = "CN"


@FIELD_TYPES.register
class AddressType(FieldType):
    """An address in China, or anywhere."""

    name = "address"
    plain = False
    offered: ClassVar[tuple[Operator, ...]] = (CONTAINS, IN_REGION, NOT_CONTAINS, *PRESENCE)

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """Region code, street, postcode, country code, and the region's name in words for filters."""
        return tuple(Part(f"_{key}", Text()) for key in (*_KEYS, "words"))

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """A country without anything else is no address."""
        if not value:
            return (None,) * 5
        return (
            value.region or None, value.street or None, value.postcode or None, value.country, _words(value)
        )  # fmt: skip

    def from_row(self, field: FieldLike, stored: Sequence[Any]) -> Address | None:
        """The address; None where only a country or nothing is there."""
        if not any(stored[:3]):
            return None
        return Address(stored[0] or "", stored[1] or "", stored[2] or "", stored[3] or "CN")

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> Address | None:
        """The address of its parts, or of one line: 浙江省杭州市西湖区文三路90号 310012."""
        if value is None:
            return None
        if isinstance(value, str):
            value = _read_line(value)
        if isinstance(value, Address):
            value = asdict(value)
        if not isinstance(value, Mapping) or not set(value) <= {*_KEYS, *_STEPS}:
            raise wrong_kind(value, msg("an address with region, street, postcode and country"))
        return _checked(value)

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """The parts that are given."""
        return {key: part for key, part in asdict(value).items() if part} if value else None

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """The parts as text, the region by its code."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "region": {"type": "string", "pattern": r"^\d{6}$"},
                "street": {"type": "string"},
                "postcode": {"type": "string"},
                "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
            },
        }

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """One line, where it reads back to the same address; else the parts as JSON."""
        if not value:
            return ""
        line = _line(value)
        try:
            return line if self.coerce(field, line, reading) == value else _json(value)
        except ValueRefused:
            return _json(value)

    def form(self, field: FieldLike, value: Any, reading: Reading) -> Mapping[str, str]:
        """The parts, the region step by step."""
        address = value or Address()
        codes = (*chosen(address.region), "", "", "")
        steps = dict(zip(_STEPS, codes, strict=False))
        return steps | {key: part for key, part in asdict(address).items() if key != "region"}

    def steps(self, parts: Mapping[str, str]) -> tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]:
        """Province, city, district as a form offers them: (part, the code chosen, the (code, name) pairs to choose).

        What does not lie in the step before is not among the pairs.
        """
        found = []
        above: str | None = None
        for at, name in enumerate(_STEPS):
            offered = choices(above) if at == 0 or above else ()
            code = parts.get(name, "")
            if above and code in regions() and above in lineage(code) and code not in dict(offered):
                offered = (*offered, (code, regions()[code]))
            found.append((name, code, offered))
            above = code if code in dict(offered) else ""
        return tuple(found)

    def countries(self, chosen: str, language: str) -> tuple[tuple[str, str], ...]:
        """The countries that the form offers, (code, name), with the one that is `chosen`."""
        codes = COUNTRIES if chosen in COUNTRIES or not chosen else (*COUNTRIES, chosen)
        return tuple((code, country_name(code, language)) for code in codes)

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """One line for people; a foreign country by name."""
        if not value:
            return ""
        parts = [region_name(value.region) + value.street] if value.region else [value.street]
        parts += [value.postcode, "" if value.country == "CN" else country_name(value.country, reading.language)]
        return " ".join(part for part in parts if part)

    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """Words anywhere in it, the region, blank or not."""
        return self.offered

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """Text to look for, or region codes or names."""
        read = _operand_region if op == "in_region" else _operand_text
        return read_operand(named(self.offered, op), value, read)

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """Codes of a region are a range; words are looked for in the whole line."""
        region, words = columns[0], columns[-1]
        if op in ("blank", "not_blank"):
            return COMPARE[op](words, None)
        if op == "in_region":
            inside = [and_(region >= code, region <= code[: (level(code) + 1) * 2].ljust(6, "9")) for code in operand]
            return and_(region.is_not(None), or_(*inside))
        found = and_(words.is_not(None), func.lower(words).contains(lowered(operand), autoescape=True))
        return (
            found
            if op == "contains"
            else or_(words.is_(None), ~func.lower(words).contains(lowered(operand), autoescape=True))
        )

    def sort_keys(self, field: FieldLike, columns: Sequence[ColumnElement[Any]]) -> tuple[ColumnElement[Any], ...]:
        """The region's code: districts of a city stand together."""
        return (columns[0],)


def country_name(code: str, language: str) -> str:
    """The name of a country in a language (CLDR)."""
    return str(Locale.parse(language, sep="-").territories.get(code, code))


def _words(address: Address) -> str:
    region = region_name(address.region) if address.region else ""
    return f"{region}{address.street} {address.postcode}".strip()


def _line(address: Address) -> str:
    region = region_name(address.region) if address.region else ""
    country = "" if address.country == "CN" else f"({address.country})"
    return " ".join(part for part in (region, address.street, address.postcode, country) if part)


def _json(address: Address) -> str:
    return json.dumps({key: part for key, part in asdict(address).items() if part}, ensure_ascii=False)


def _read_line(typed: str) -> Mapping[str, Any]:
    text = clean_text(typed) or ""
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
    text = " ".join(text.split())
    country = _COUNTRY.search(text)
    if country:
        return {"street": text[: country.start()], "country": country[1]}
    postcode = _POSTCODE.search(text)
    region, street = find_region(text[: postcode.start()].rstrip() if postcode else text)
    return {"region": region, "street": street, "postcode": postcode[1] if postcode else ""}


def _checked(value: Mapping[str, Any]) -> Address | None:
    texts = {key: " ".join((clean_text(part) or "").split()) for key, part in value.items()}
    region = _together(texts) or texts.get("region", "")
    street, postcode = texts.get("street", ""), texts.get("postcode", "")
    country = (texts.get("country") or "CN").upper()
    if not (region or street or postcode):
        return None
    check_length(street, 500)
    if country not in Locale("en").territories or len(country) != 2 or not country.isalpha():
        raise ValueRefused(
            "country-unknown",
            msg("There is no country with the code “{code}”.", code=clip(country)),
            msg("Write the two letters of ISO 3166, such as CN or US."),
        )
    return Address(_region(region, country), street, _postcode(postcode, country), country)


def _together(texts: Mapping[str, str]) -> str:
    """The region that province, city and district name: the smallest one, which lies in the others; or their words."""
    given = [texts[name] for name in _STEPS if name in texts]
    parts = [each for each in given if each]
    if not all(each in regions() for each in parts):
        return "".join(parts)
    if given[: len(parts)] != parts or (parts and not set(parts) <= set(lineage(parts[-1]))):
        raise ValueRefused(
            "region-apart",
            msg("Province, city and district do not belong together."),
            msg("Choose them again, from the province on."),
        )
    return parts[-1] if parts else ""


def _region(given: str, country: str) -> str:
    if not given:
        return ""
    code = given if given in regions() else _by_words(given)
    if code is None:
        raise ValueRefused(
            "region-unknown",
            msg("There is no region “{value}”.", value=clip(given)),
            msg("Choose province, city and district from the lists."),
        )
    if country != "CN":
        raise ValueRefused(
            "region-abroad",
            msg("Province, city and district belong to addresses in China."),
            msg("Leave them blank and write the whole address as street."),
        )
    return code


def _by_words(text: str) -> str | None:
    code, rest = find_region(text)
    return code if not rest.strip() else None


def _postcode(text: str, country: str) -> str:
    if country == "CN" and text and not re.fullmatch(r"\d{6}", text, re.ASCII):
        raise ValueRefused(
            "postcode-wrong",
            msg("“{value}” is not a postcode.", value=clip(text)),
            msg("A Chinese postcode has six digits."),
        )
    check_length(text, 20)
    return text


def _operand_text(value: Any) -> str | None:
    text = clean_text(value)
    if text is not None:
        check_length(text, OPERAND_LENGTH)
    return text.strip() if text else None


def _operand_region(value: Any) -> str | None:
    text = clean_text(value)
    return _region(text.strip(), "CN") if text else None
