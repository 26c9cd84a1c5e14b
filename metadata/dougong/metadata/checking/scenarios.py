"""Rules of tests: whom and what they name is given before, and is there; each deed is one thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.fields import fits
from dougong.metadata.checking.people import need_role
from dougong.metadata.checking.report import (
    Spot,
    enumerated,
    need_field,
    need_object,
    need_value,
    repeated,
    spots,
    unknown,
)
from dougong.metadata.index import Index
from dougong.metadata.scenario import DEEDS, THE_DEED

Document = Mapping[str, Any]

GIVEN = ("user", "record", "setting", "do")
"""What may be given; each element is one of these."""

OF_DEED: Mapping[str, tuple[str, ...]] = {"values": ("create", "update"), "to": ("submit",)}
"""Keys that say something with some deeds alone."""

EXPECTED = ("refused_by", "warned_by", "record", "object", "told")
"""What may be expected; each element is one of these."""

OF_EXPECTED: Mapping[str, tuple[str, ...]] = {
    "has": ("record", "object"), "gone": ("record",), "approval": ("record",),
    "count": ("object", "told"), "says": ("told",),
}  # fmt: skip
"""Keys that say something with some expectations alone."""


class _Known:
    """What is given so far: users, and records with their objects, by key."""

    def __init__(self) -> None:
        self.users: set[str] = set()
        self.records: dict[str, str] = {}


def scenarios(index: Index) -> Iterator[Problem]:
    """Everything that tests name."""
    for spot, body in spots(index, "test"):
        known = _Known()
        yield from repeated(spot, "given", body)
        for below, each in enumerated(spot, "given", body):
            yield from _given(below, each, known)
        if isinstance(body.get("when"), Mapping):
            yield from _deed(spot / "when", body["when"], known, THE_DEED)
        yield from repeated(spot, "then", body)
        for below, each in enumerated(spot, "then", body):
            yield from _then(below, each, known)


def _given(spot: Spot, body: Document, known: _Known) -> Iterator[Problem]:
    ways, key = [each for each in GIVEN if each in body], str(body.get("key"))
    if len(ways) != 1:
        reason = msg("It gives nothing, or several things at once.")
        yield spot.problem("test-given", reason, msg("State exactly one of: {names}.", names=", ".join(GIVEN)))
    elif ways[0] == "user":
        user = body["user"]
        yield from need_role(spot / "user" / "role", user.get("role"))
        yield from _values(spot / "user", "user", user, known)
        known.users.add(key)
        known.records[key] = "user"
    elif ways[0] == "setting":
        yield from _setting(spot, body)
    elif ways[0] == "record":
        yield from _deed(spot, {"create": body["record"], **body}, known, key, at="record")
    else:
        yield from _deed(spot / "do", body["do"], known, key)


def _setting(spot: Spot, body: Document) -> Iterator[Problem]:
    known, value = spot.index.named("setting"), body.get("value")
    if body["setting"] not in known:
        yield unknown(spot / "setting", msg("setting"), str(body["setting"]), known)
        return
    kind = known[str(body["setting"])].body.get("type")
    if "value" not in body:
        yield spot.problem("key-missing", msg("The key {key} is missing.", key="value"))
    elif kind is not None and value is not None and not fits(kind, value):
        reason = msg("{value} is not of type {type}.", value=str(value), type=kind)
        yield (spot / "value").problem("attribute-type", reason, msg('Write numbers as text: "0.2".'))


def _deed(spot: Spot, body: Document, known: _Known, key: str, at: str = "create") -> Iterator[Problem]:
    """One deed; what it makes is known under `key` from then on. `at`: the key of the object in the document."""
    does = [each for each in DEEDS if each in body]
    if len(does) != 1:
        reason = msg("It says no deed, or several.")
        yield spot.problem("test-deed", reason, msg("State exactly one of: {names}.", names=", ".join(DEEDS)))
        return
    if "as" in body and body["as"] not in known.users:
        yield unknown(spot / "as", msg("given user"), str(body["as"]), known.users)
    for said, needed in OF_DEED.items():
        if said in body and does[0] not in needed:
            reason = msg("{key} says something with {other} alone.", key=said, other=", ".join(needed))
            yield (spot / said).problem("test-deed", reason, msg("Take the key out."))
    if does[0] == "wait":
        if "as" in body:
            yield (spot / "as").problem("test-deed", msg("Time passes by itself."), msg("Take the key out."))
        name = ""
    elif does[0] == "create":
        name = str(body["create"])
        yield from need_object(spot / at, name)
        known.records[key] = name
    else:
        yield from _need_record(spot / does[0], body[does[0]], known)
        name = known.records.get(str(body[does[0]]).removeprefix("@"), "")
    yield from _values(spot, name, body, known)
    if does[0] == "submit":
        yield from _approval(spot, name, body)


def _approval(spot: Spot, object_name: str, body: Document) -> Iterator[Problem]:
    own = [each.address for each in spot.index.of_object("approval", object_name).values()]
    if "to" not in body:
        yield spot.problem("key-missing", msg("The key {key} is missing.", key="to"))
    elif body["to"] not in own:
        yield unknown(spot / "to", msg("approval"), str(body["to"]), own)


def _need_record(spot: Spot, reference: Any, known: _Known) -> Iterator[Problem]:
    if str(reference).removeprefix("@") not in known.records:
        yield unknown(spot, msg("given record"), str(reference), (f"@{each}" for each in known.records))


def _values(spot: Spot, object_name: str, body: Document, known: _Known, key: str = "values") -> Iterator[Problem]:
    for name, value in body.get(key, {}).items():
        here = spot / key / name
        yield from need_field(here, object_name, name)
        facts = spot.index.field(object_name, name)
        if facts is None:
            continue
        if facts.type is not None and facts.type.refers and isinstance(value, str) and value.startswith("@"):
            yield from _need_record(here, value, known)
        elif facts.type is not None and facts.type.name == "picklist":
            yield from need_value(here, facts, value)


def _then(spot: Spot, body: Document, known: _Known) -> Iterator[Problem]:
    asked = [each for each in EXPECTED if each in body]
    if len(asked) != 1:
        reason = msg("It expects nothing, or several things at once.")
        yield spot.problem("test-then", reason, msg("State exactly one of: {names}.", names=", ".join(EXPECTED)))
    for said, needed in OF_EXPECTED.items():
        if said in body and not any(each in body for each in needed):
            reason = msg("{key} says something with {other} alone.", key=said, other=", ".join(needed))
            yield (spot / said).problem("test-then", reason, msg("Take the key out."))
    if "told" in body and str(body["told"]).removeprefix("@") not in known.users:
        yield unknown(spot / "told", msg("given user"), str(body["told"]), (f"@{each}" for each in known.users))
    if "object" in body:
        yield from need_object(spot / "object", str(body["object"]))
        yield from _values(spot, str(body["object"]), body, known, "has")
    if "record" in body:
        yield from _need_record(spot / "record", body["record"], known)
        name = known.records.get(str(body["record"]).removeprefix("@"), "")
        yield from _values(spot, name, body, known, "has")
    for key in ("refused_by", "warned_by"):
        address, _, element = str(body.get(key, "")).partition("#")
        if ":" in address and address not in spot.index.components:
            kind = address.partition(":")[0]
            listed = [each.address for each in spot.index.named(kind).values()]
            yield unknown(spot / key, msg("component"), address, listed)
        elif element and address.startswith("approval:"):
            start = spot.index.components[address].body.get("start", {})
            keys = [str(each.get("key")) for each in start.get("refuse", ())]
            if element not in keys:
                yield unknown(spot / key, msg("refusal"), element, keys)
