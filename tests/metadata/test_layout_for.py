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


def deal(own: str | None = None, **chosen: str) -> Object:
    """The deals of the workshop with these layouts; `own` is what the record type names to be viewed with, `chosen`
    by role what that role names.
    """
    layouts = {
        f"layout/deal/{name}.json": {**MAIN, "name": f"deal.{name}", "for": {"purpose": ["view"], **said}}
        for name, said in LAYOUTS.items()
    }
    roles = {
        f"role/{name}.json": {
            "kind": "role", "name": name, "label": label(name, name),
            **({"layouts": {"deal": f"deal.{chosen[name]}"}} if name in chosen else {}),
        }
        for name in ("boss", "chief")
    }  # fmt: skip
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


@pytest.mark.parametrize(
    ("chosen", "roles", "purpose", "record_type", "wanted"),
    [
        ({"boss": "default"}, ("boss",), "view", None, "default"),
        ({"boss": "default"}, ("chief",), "view", None, "bosses"),
        ({"boss": "default"}, ("boss", "chief"), "view", "tender", "default"),
        ({"boss": "typed"}, ("boss",), "view", None, "bosses"),  # it does not serve the type
        ({"boss": "typed"}, ("boss",), "view", "tender", "typed"),
        ({"boss": "default"}, ("boss",), "quick_create", None, "quick"),  # nor the purpose
        ({"boss": "default", "chief": "bosses"}, ("boss", "chief"), "view", None, "bosses"),  # both named: for a role
    ],
)
def test_the_layout_that_a_role_names(
    chosen: dict[str, str], roles: tuple[str, ...], purpose: str, record_type: str | None, wanted: str
) -> None:
    """Before all others, where it serves the purpose and the record type."""
    found = deal(None, **chosen).layout_for(purpose, record_type, frozenset(roles))
    assert found is not None and found.name == wanted
