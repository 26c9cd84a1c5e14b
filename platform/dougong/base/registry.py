"""One kind of registry for every extension point: add, look up, iterate, close."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar


class Named(Protocol):
    """Anything that a registry holds says its own name."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


class UnknownEntry(KeyError):
    """A registry has nothing of this name. A `KeyError`, since `Mapping.get` asks for one."""

    def __str__(self) -> str:
        return str(self.args[0])


class Registry(Mapping[str, T]):
    """A mapping of names to the one instance registered under each.

    Adding a name twice is an error that names both; looking up an unknown one suggests the nearest.
    """

    def __init__(self, kind: str) -> None:
        """Name the `kind` of thing held, in the singular, as error messages say it ("field type")."""
        self.kind = kind
        self._entries: dict[str, T] = {}

    def add(self, entry: T) -> T:
        """Register `entry` under its own name and return it.

        Raises:
            ValueError: the name is taken by another entry.
        """
        known = self._entries.get(entry.name)
        if known is not None and known is not entry:
            raise ValueError(f"{self.kind} '{entry.name}' is registered twice: {known!r} and {entry!r}")
        self._entries[entry.name] = entry
        return entry

    def register(self, cls: type[T]) -> type[T]:
        """Class decorator: register one instance of `cls`."""
        self.add(cls())
        return cls

    def nearest(self, name: str) -> str | None:
        """The registered name that looks most like `name`, where one is near."""
        return next(iter(difflib.get_close_matches(name, self._entries, n=1)), None)

    def __getitem__(self, name: str) -> T:
        try:
            return self._entries[name]
        except KeyError:
            near = self.nearest(name)
            hint = f"; did you mean '{near}'?" if near else ""
            raise UnknownEntry(f"unknown {self.kind} '{name}'{hint}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
