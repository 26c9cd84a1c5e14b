"""What can belong to a person: what they own, who reports to them, shares with them, views and drafts of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Table

from dougong.base.language import Labels, Message, msg
from dougong.engine.tables import drafts, views
from dougong.metadata.model import Field, Model, Object

if TYPE_CHECKING:
    from dougong.engine.access import Access

PERSON = "user"
"""The object of people."""

USUAL = frozenset(("user.manager", "department.head", "record_share.user"))
"""Fields beside owners that hand on what somebody is answerable for. Any other field that names them is a record of
what was (who signed a contract) and changes only where it is asked for."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A field by which records belong to somebody. `key` is its address; `usual`: it moves unless told to stay."""

    key: str
    object: Object
    field: Field
    usual: bool

    @property
    def owned(self) -> bool:
        """Whether it is the owner."""
        return self.field.name == "owner"


@dataclass(frozen=True, slots=True)
class Kept:
    """Something of a person that is no record: the rows of a table of the platform. It goes to the first receiver."""

    key: str
    label: Message
    table: Table


KEPT: Mapping[str, Kept] = {
    "views": Kept("views", msg("List views of their own"), views),
    "drafts": Kept("drafts", msg("Drafts of the metadata"), drafts),
}
"""By key."""


def holdings(model: Model) -> tuple[Holding, ...]:
    """Every field by which a record can belong to a person, parents before what follows them."""
    found = {each.name: tuple(_of(each)) for each in model.objects.values() if each.rows == "data"}
    return tuple(holding for name in _parents_first(model) for holding in found.get(name, ()))


def _of(obj: Object) -> Iterator[Holding]:
    for field in obj.fields.values():
        owner = field.name == "owner"
        names_people = field.type.refers and field.type.stored and not field.type.many and field.targets == (PERSON,)
        if names_people and not field.retired and (owner or (field.type.writable and not field.system)):
            key = f"{obj.name}.{field.name}"
            yield Holding(key, obj, field, owner or key in USUAL)


def _parents_first(model: Model) -> list[str]:
    above: dict[str, set[str]] = {name: set() for name in model.objects}
    for obj in model.objects.values():
        for child, _ in followers(obj):
            if child in above:
                above[child].add(obj.name)
    placed: dict[str, None] = {}

    def place(name: str, waiting: frozenset[str]) -> None:
        for each in sorted(above[name] - waiting):
            place(each, waiting | {name})
        placed.setdefault(name)

    for name in model.objects:
        place(name, frozenset((name,)))
    return list(placed)


def followers(obj: Object) -> Iterator[tuple[str, str]]:
    """What follows a record of `obj` to its new owner, as the metadata says: (object, its lookup)."""
    for relation in obj.access.get("children_follow", ()):
        child, _, lookup = str(relation).partition(".")
        yield child, lookup


def label_of(holding: Holding) -> Labels:
    """What a holding is called: the object for what is owned, else object and field are both said by the page."""
    return holding.object.label if holding.owned else holding.field.label


def readable(access: Access, holding: Holding) -> bool:
    """Whether whoever hands over may see which records these are."""
    return access.may("read", holding.object) and access.may_field("read", holding.object, holding.field)
