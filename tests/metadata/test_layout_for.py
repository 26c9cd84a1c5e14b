"""Which layout somebody has: one for a role of theirs, the record type's own, one for the type, one for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import dougong.engine.fields  # noqa: F401  fills the registry of field types
from dougong.metadata.check import check
from dougong.metadata.documents import read_texts
from dougong.metadata.model import Object
from tests.metadata.workshop import WORKSHOP, changed, label

MAIN = WORKSHOP["layout/deal/default.json"]

LAYOUTS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "typed": {"record_types": ["tender"]},
    "bosses": {"roles": ["boss", "chief"]},
    "tender_bosses": {"roles": ["boss"], "record_types": ["tender"]},
    "own": {"record_types": ["tender"]},
    "own_chiefs": {"roles": ["chief"], "purpose": ["view"]},
    "quick": {"purpose": ["quick_create"], "roles": ["boss"]},
}


def deal(own: str | None = None) -> Object:
    """The deals of the workshop with these layouts; `own` is what the record type names to be viewed with."""
    layouts = {
        f"layout/deal/{name}.json": {**MAIN, "name": f"deal.{name}", "for": {"purpose": ["view"], **said}}
        for name, said in LAYOUTS.items()
    }
    roles = {
        f"role/{name}.json": {"kind": "role", "name": name, "label": label(name, name)} for name in ("boss", "chief")
    }
    kind = {"record_type/deal/tender.json#layouts": {"view": f"deal.{own}"}} if own else {}
    found = check(read_texts(changed({**layouts, **roles, **kind})))
    assert not found.errors, found.errors
    return found.model().objects["deal"]


CASES = [
    (None, None, (), "view", "default"),
    (None, "tender", (), "view", "typed"),
    (None, None, ("boss",), "view", "bosses"),
    (None, "tender", ("chief",), "view", "bosses"),
    (None, "tender", ("boss",), "view", "tender_bosses"),
    (None, "tender", ("seller",), "view", "typed"),
    ("own", "tender", (), "view", "own"),
    ("own", "tender", ("boss",), "view", "tender_bosses"),
    ("own_chiefs", "tender", ("seller",), "view", "typed"),
    ("own_chiefs", "tender", ("chief", "boss"), "view", "own_chiefs"),
    (None, None, ("boss",), "quick_create", "quick"),
    (None, None, (), "quick_create", None),
    (None, None, ("boss",), "edit", None),
]


@pytest.mark.parametrize(("own", "record_type", "roles", "purpose", "wanted"), CASES)
def test_the_layout_of_somebody(
    own: str | None, record_type: str | None, roles: tuple[str, ...], purpose: str, wanted: str | None
) -> None:
    """By what the record type names, the record type, the roles held, and the purpose."""
    found = deal(own).layout_for(purpose, record_type, frozenset(roles))
    assert (found.name if found else None) == wanted
