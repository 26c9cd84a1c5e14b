"""The provinces, cities and districts of China by six-digit code (the table of the package `base`)."""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Mapping
from types import MappingProxyType

LEVELS = (2, 4, 6)
"""How many digits name a province, a city, a district; the rest are zeros."""

_GROUPS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Names that group districts in the table and that nobody writes in an address."""


@functools.cache
def regions() -> Mapping[str, str]:
    """Code → name, in the order of codes."""
    folder = importlib.resources.files("dougong.metadata") / "packages" / "base" / "data"
    return MappingProxyType(json.loads((folder / "regions.json").read_text(encoding="utf-8")))


def level(code: str) -> int:
    """0 for a province, 1 for a city, 2 for a district."""
    return 0 if code.endswith("0000") else 1 if code.endswith("00") else 2


def lineage(code: str) -> tuple[str, ...]:
    """The codes from the province down to `code`, those that the table has."""
    codes = (code[:digits].ljust(6, "0") for digits in LEVELS[: level(code) + 1])
    return tuple(dict.fromkeys(each for each in codes if each in regions()))


def region_name(code: str, separator: str = "") -> str:
    """The whole name, as an address has it: 浙江省杭州市西湖区. The code itself where the table has not got it."""
    names = [regions()[each] for each in lineage(code)]
    return separator.join(name for name in names if name not in _GROUPS) or code


@functools.cache
def below(code: str | None) -> tuple[tuple[str, str], ...]:
    """The (code, name) pairs one level below `code`; the provinces below None."""
    found = [(each, name) for each, name in regions().items() if parent(each) == code]
    return tuple(found)


@functools.cache
def choices(code: str | None) -> tuple[tuple[str, str], ...]:
    """The (code, name) pairs that a person chooses from below `code`: for a group, what it groups."""
    found: list[tuple[str, str]] = []
    for each, name in below(code):
        found += choices(each) if name in _GROUPS else [(each, name)]
    return tuple(found)


def chosen(code: str) -> tuple[str, ...]:
    """The codes from the province down to `code` as a person chooses them, without groups."""
    return tuple(each for each in lineage(code) if each == code or regions()[each] not in _GROUPS)


def parent(code: str) -> str | None:
    """The next larger region that the table has; None for a province."""
    above = lineage(code)[:-1]
    return above[-1] if above else None


@functools.cache
def _by_name() -> Mapping[str | None, tuple[tuple[str, str], ...]]:
    """By parent: the names by which its parts go, longest first; groups are looked through."""
    found: dict[str | None, list[tuple[str, str]]] = {}
    for code, name in regions().items():
        if name in _GROUPS:
            continue
        above = parent(code)
        while above is not None and regions()[above] in _GROUPS:
            above = parent(above)
        found.setdefault(above, []).append((name, code))
    return {above: tuple(sorted(names, key=lambda item: -len(item[0]))) for above, names in found.items()}


_SHORT = ("壮族自治区", "回族自治区", "维吾尔自治区", "特别行政区", "自治区", "省", "市")


def find_region(text: str) -> tuple[str | None, str]:
    """The region that an address begins with, and what follows it; spaces between the names are passed over.

    Provinces may be named short (浙江, 内蒙古); the province may be left out where the city is a municipality's or
    there is but one of that name.
    """
    code: str | None = None
    rest = text
    while True:
        step = _step(code, rest.lstrip(" ,，"))
        if step is None:
            return code, rest
        code, rest = step


def _step(above: str | None, text: str) -> tuple[str, str] | None:
    for name, code in _by_name().get(above, ()):
        if text.startswith(name):
            return code, text[len(name) :]
    if above is None:
        return _short_province(text) or _city(text)
    return None


def _short_province(text: str) -> tuple[str, str] | None:
    for name, code in _by_name()[None]:
        short = next((name.removesuffix(end) for end in _SHORT if name.endswith(end)), name)
        if text.startswith(short) and not text.startswith(short + "市") and not text[len(short) :].startswith("路"):
            return code, text[len(short) :]
    return None


@functools.cache
def _cities() -> tuple[tuple[str, str], ...]:
    names = [(name, code) for code, name in regions().items() if level(code) == 1 and name not in _GROUPS]
    return tuple(sorted(names, key=lambda item: -len(item[0])))


def _city(text: str) -> tuple[str, str] | None:
    return next(((code, text[len(name) :]) for name, code in _cities() if text.startswith(name)), None)
