"""Rules of roll-ups by the viewer's right: what a query can count, and where what differs by reader may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.report import Spot
from dougong.metadata.index import FieldFacts, Index
from dougong.metadata.references import references
from dougong.metadata.scope import is_money

COUNTED = ("count", "distinct", "sum", "min", "max")
"""The operations that both databases do exactly within a query."""

UNFIT_KEYS = ("required", "unique", "external_key", "searchable", "indexed", "default", "compute")
"""Common keys that mean nothing for a value that is nowhere."""

_SHOWN: Mapping[str, tuple[str, ...]] = {
    "list_view": (".*",),
    "layout": (
        "/highlights/[0-9]+/field",
        "/tabs/[0-9]+/sections/[0-9]+/(items|columns)/[0-9]+/field",
        "/related/[0-9]+/(columns|sort|filter)/.*",
    ),
    "object": ("/highlights/[0-9]+/field",),
    "permission_set": ("/fields/.*",),
    "overlay": ("/target",),
    "translation": ("/texts/.*",),
}
"""Where a value may differ by reader: it is shown, or asked for, by one who reads."""


def viewer_rollups(index: Index) -> Iterator[Problem]:
    """What is wrong with roll-ups by the viewer's right, and with what reads them."""
    found = {each.component.address: each for each in _all(index)}
    for facts in found.values():
        yield from _one(Spot(index, facts.component), facts)
    if found:
        yield from _read_elsewhere(index, found)


def _all(index: Index) -> Iterator[FieldFacts]:
    for fields in index.fields.values():
        for facts in fields.values():
            if facts.body.get("type") == "rollup" and facts.body.get("rights") == "viewer":
                yield facts


def _one(spot: Spot, facts: FieldFacts) -> Iterator[Problem]:
    body, code = facts.body, "rollup-by-viewer"
    if body.get("op") not in COUNTED:
        reason = msg("{op} by the viewer's right is not yet supported.", op=str(body.get("op")))
        yield (spot / "op").problem(code, reason, msg("It offers {names}.", names=", ".join(COUNTED)))
    if body.get("tree"):
        reason = msg("A roll-up over a tree by the viewer's right is not yet supported.")
        yield (spot / "tree").problem(code, reason, msg("Leave rights out: then everything counts."))
    for key in UNFIT_KEYS:
        if body.get(key):
            reason = msg("A roll-up by the viewer's right cannot have the key {key}: it is stored nowhere.", key=key)
            yield (spot / key).problem(code, reason, msg("Leave it out."))
    way = list(_way(spot.index, facts))
    if any(each.type is not None and not each.type.stored for each in way):
        reason = msg("A roll-up through a link by the viewer's right is not yet supported.")
        yield (spot / "from").problem(code, reason, msg("Leave rights out: then everything counts."))
    yield from _currency(spot, facts, way)


def _way(index: Index, facts: FieldFacts) -> Iterator[FieldFacts]:
    """The fields that lead from the child to the parent, as far as they are there."""
    name, *steps = str(facts.body.get("from", "")).split(".")
    for step in steps:
        found = index.field(name, step)
        if found is None:
            return
        yield found
        name = found.leads_to or ""


def _currency(spot: Spot, facts: FieldFacts, way: list[FieldFacts]) -> Iterator[Problem]:
    """Amounts are added up where no rate is needed: in the company's currency, or in that of the document."""
    if not way or facts.body.get("op") in ("count", "distinct") or not is_money(spot.index, facts):
        return
    above, below = (
        spot.index.body("object", name).get("currency", {}).get("mode", "company")
        for name in (facts.object, way[0].object)
    )
    of_document = below == "parent" and len(way) == 1 and way[0].body.get("type") == "master_detail"
    if not (above == "company" if below != "parent" else of_document):
        reason = msg(
            "Amounts are not converted for each viewer, and {object} records have currencies of their own.",
            object=spot.index.body("object", facts.object).get("label") or facts.object,
        )
        yield (spot / "field").problem("rollup-by-viewer", reason, msg("Leave rights out: then everything counts."))


def _read_elsewhere(index: Index, found: Mapping[str, FieldFacts]) -> Iterator[Problem]:
    for component in index.components.values():
        for each in references(index, component):
            if each.target in found and not _is_shown(component.kind, each.pointer):
                field = found[each.target]
                reason = msg(
                    "{field} differs by who reads it; what stands here is the same for everybody.",
                    field=field.body.get("label") or field.name,
                )
                spot = Spot(index, component, each.pointer)
                yield spot.problem("rollup-by-viewer", reason, msg("Name a roll-up by the right of the system."))


def _is_shown(kind: str, pointer: str) -> bool:
    return any(re.fullmatch(pattern, pointer) for pattern in _SHOWN.get(kind, ()))
