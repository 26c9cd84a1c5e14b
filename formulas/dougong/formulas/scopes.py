"""Names that a mapping gives: all that a formula may use where no metadata says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dougong.formulas.types import FieldInfo, Path


class NamedFields:
    """The fields of a mapping by path, found whatever the case they are written in."""

    def __init__(self, fields: Mapping[Path, FieldInfo]) -> None:
        """Know `fields`."""
        self.fields = fields
        self._folded = {_folded(path): path for path in fields}

    def resolve(self, path: Path) -> FieldInfo | None:
        """The field at `path`, with its own spelling; None when there is none."""
        spelt = self._folded.get(_folded(path))
        return None if spelt is None else replace(self.fields[spelt], path=spelt)

    def names(self) -> Iterable[str]:
        """The paths, as they are spelt."""
        return (".".join(path) for path in self.fields)


def _folded(path: Path) -> Path:
    return tuple(part.casefold() for part in path)
