"""Versions of packages and the ranges that they require: ``>=1.4 <2``, comparisons that all hold.

Meaning of versions and order after https://packaging.python.org/en/latest/specifications/version-specifiers/,
which orders the versions of https://semver.org alike.
"""

from __future__ import annotations

import functools
import importlib.metadata

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version


@functools.cache
def platform_version() -> str:
    """The version of the platform that is running."""
    return importlib.metadata.version("dougong")


def version(text: str) -> Version | None:
    """The version that `text` says; None where it says none."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def version_range(text: str) -> SpecifierSet | None:
    """The range that `text` says, comparisons with spaces or commas between them; None where it says none."""
    parts = text.replace(",", " ").split()
    try:
        return SpecifierSet(",".join(parts), prereleases=True) if parts else None
    except InvalidSpecifier:
        return None


def within(text: str, range_text: str) -> bool:
    """Whether a version is in a range; false where either says nothing."""
    found, allowed = version(text), version_range(range_text)
    return found is not None and allowed is not None and found in allowed
