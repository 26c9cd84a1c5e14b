"""The calls about metadata: read what is in force; check, plan and publish a change set.

A change set is ``{"components": [documents], "remove": [addresses], "message": "…", "base": revision}``: documents as
they stand in files, added to the company's own layer or put in place of those of the same address.
"""

from __future__ import annotations

from typing import Any

from dougong.base.errors import BadRequest, Forbidden, NotFound, Problem
from dougong.base.language import msg
from dougong.engine.actor import Actor
from dougong.engine.company import Company
from dougong.engine.plan import plan
from dougong.engine.publish import Publication
from dougong.engine.rehearsal import publish_tested
from dougong.engine.unit import Unit
from dougong.metadata.check import check
from dougong.metadata.component import PLATFORM
from dougong.metadata.documents import from_bodies
from dougong.metadata.tree import Tree
from dougong.metadata.trees import Change
from dougong.web.api.door import Answer, Asked, Call

KEYS = frozenset({"components", "remove", "message", "base"})


def _need(unit: Unit, right: str) -> None:
    """Stop who may not design, or publish: metadata tell of fields that the caller may not see."""
    if unit.actor.kind not in ("internal", "system") or not unit.access.has(right):
        raise Forbidden(Problem(code="right-missing", thing="metadata", reason=msg("You may not change metadata.")))


def listed(asked: Asked, unit: Unit) -> Answer:
    """The revision in force and the addresses of its components; what the platform itself brings is left aside."""
    _need(unit, "design")
    model = unit.runtime.model
    addresses = [each for each in model.components if model.layers.get(each, {}).get("") != PLATFORM]
    return Answer({"revision": unit.runtime.revision, "components": sorted(addresses)})


def got(asked: Asked, unit: Unit) -> Answer:
    """One component, with overlays applied."""
    _need(unit, "design")
    address = asked.parameters["address"]
    found = unit.runtime.model.components.get(address)
    if found is None:
        reason = msg("There is no component {name}.", name=address)
        raise NotFound(Problem(code="component-unknown", thing=address, reason=reason))
    return Answer(dict(found))


# -- change sets ------------------------------------------------------------------------------------------------
def _wanted(asked: Asked, company: Company, actor: Actor, right: str = "design") -> Publication:
    """The tree that the change set of the body makes of the one in force."""
    if not actor.scope.metadata:
        raise Forbidden(Problem(code="right-missing", thing="metadata", reason=msg("You may not change metadata.")))
    with company.read(actor) as unit:
        _need(unit, right)
    body = asked.body()
    components, remove, base = body.get("components", []), body.get("remove", []), body.get("base")
    sound = (
        set(body) <= KEYS
        and isinstance(components, list)
        and isinstance(remove, list)
        and all(isinstance(each, dict) for each in components)
        and all(isinstance(each, str) for each in remove)
        and isinstance(body.get("message", ""), str)
        and (base is None or (isinstance(base, int) and not isinstance(base, bool)))
    )
    if not sound:
        reason = msg("A change set has components (documents), remove (addresses), message and base (a revision).")
        raise BadRequest(Problem(code="change-set-shape", thing="body", reason=reason))
    added = from_bodies(components)
    with company.read(actor) as unit:
        head = unit.runtime.revision
        if base is not None and not 0 <= base <= head:
            reason = msg("There is no revision {number}.", number=base)
            raise BadRequest(Problem(code="revision-unknown", thing="base", reason=reason))
        tree = unit.company.tree_of(unit.connection, head if base is None else base)
    unknown = [address for address in remove if address not in tree]
    if unknown:
        raise BadRequest(
            [
                Problem(
                    code="component-unknown", thing=address, reason=msg("There is no component {name}.", name=address)
                )
                for address in unknown
            ]
        )
    made = _without(tree, remove).put(*added)
    return Publication(tree=made, author=actor, message=body.get("message", ""), base=head if base is None else base)


def _without(tree: Tree, remove: list[str]) -> Tree:
    """The tree without some components; an object takes its fields along."""
    gone = set(remove)
    for address in remove:
        kind, _, name = address.partition(":")
        if kind == "object":
            gone |= {each for each in tree.components if each.partition(":")[2].startswith(f"{name}.")}
    return tree.without(*gone)


def checked(asked: Asked, company: Company, actor: Actor) -> Answer:
    """Everything that is wrong with the metadata as the change set would leave it."""
    found = check(_wanted(asked, company, actor).tree).problems
    return Answer({"problems": [each.to_json(actor.language) for each in found]})


def planned(asked: Asked, company: Company, actor: Actor) -> Answer:
    """What publishing the change set would do, counted on live records."""
    found = plan(company, _wanted(asked, company, actor), tests=True)
    effects = [
        {
            "code": each.code,
            "thing": each.thing,
            "message": each.text.to(actor.language),
            "severity": each.severity,
            "count": each.count,
            "total": each.total,
            "records": list(each.records),
        }
        for each in found.effects
    ]
    return Answer(
        {
            "revision": found.parent,
            "possible": found.possible,
            "changes": [_change(each) for each in found.changes],
            "effects": effects,
            "problems": [each.to_json(actor.language) for each in found.problems],
        }
    )


def _change(each: Change) -> dict[str, Any]:
    return {
        "address": each.address,
        "action": each.action,
        "place": each.place,
        "before": each.before,
        "after": each.after,
    }


def published(asked: Asked, company: Company, actor: Actor) -> Answer:
    """Publish the change set: in force for the next request of every process."""
    return Answer({"revision": publish_tested(company, _wanted(asked, company, actor, "publish"))})


CALLS = (
    Call("GET", "/api/v1/metadata", listed),
    Call("GET", "/api/v1/metadata/{address}", got),
    Call("POST", "/api/v1/metadata/check", alone=checked),
    Call("POST", "/api/v1/metadata/plan", alone=planned),
    Call("POST", "/api/v1/metadata/publish", alone=published),
)
