"""Apps: what the navigation offers."""

from __future__ import annotations

from dataclasses import dataclass, field

from dougong.base.language import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class AppItem:
    """An entry of an app's navigation: `kind` is object, view, page, pool, link or separator."""

    key: str
    kind: str
    target: str
    view: str | None = None
    label: Labels = field(default_factory=dict)
    icon: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A named set of navigation items, offered to holders of `roles` alone where there are some."""

    name: str
    label: Labels
    icon: str
    items: tuple[AppItem, ...]
    roles: frozenset[str] = frozenset()
