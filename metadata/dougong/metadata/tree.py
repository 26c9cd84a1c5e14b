"""A tree: all components of a company at one moment, by address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from dougong.metadata.component import Component, content_hash


@dataclass(frozen=True)
class Tree:
    """Components by address, each with its layer. Never changed: `put` and `without` give new trees."""

    components: Mapping[str, Component]

    @classmethod
    def of(cls, components: Iterable[Component]) -> Tree:
        """The tree of `components`; of two with one address the later stands."""
        return cls(MappingProxyType({each.address: each for each in components}))

    def put(self, *components: Component) -> Tree:
        """This tree with `components` added or in place of those of the same address."""
        return Tree(MappingProxyType({**self.components, **{each.address: each for each in components}}))

    def without(self, *addresses: str) -> Tree:
        """This tree without the components at `addresses`."""
        return Tree.of(each for address, each in self.components.items() if address not in addresses)

    @cached_property
    def content_hash(self) -> str:
        """One hash of every address, layer and body: equal for equal trees, whatever their order."""
        return content_hash({each.address: [each.layer, each.content_hash] for each in self.components.values()})

    def of_layer(self, layer: str) -> Tree:
        """The components of one layer alone."""
        return Tree.of(each for each in self.components.values() if each.layer == layer)

    def of_kind(self, kind: str) -> tuple[Component, ...]:
        """The components of one kind, in the order of the tree."""
        return tuple(each for each in self.components.values() if each.kind == kind)

    def __len__(self) -> int:
        return len(self.components)

    def __contains__(self, address: object) -> bool:
        return address in self.components
