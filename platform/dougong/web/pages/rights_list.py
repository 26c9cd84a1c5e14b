"""All roles, permission sets, sharing rules, queues and territories, with ways to change and make them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from starlette.responses import Response

from dougong.base.language import label, msg
from dougong.engine.formula_scope import scope_of
from dougong.engine.rights.effects import holders
from dougong.engine.rights.holder import held
from dougong.metadata.component import COMPANY, Component
from dougong.web.frame import framed
from dougong.web.pages.formulas import objects
from dougong.web.rights_change import package_name
from dougong.web.rights_form import HERE
from dougong.web.rights_people import named_territories
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query


@dataclass(frozen=True, slots=True)
class Line:
    """One of the list; `people` hold it, where that can be said."""

    label: str
    url: str
    said: str
    package: str
    changed: bool
    people: int | None = None


def show(visit: Visit) -> Response:
    """Everything about access that travels as metadata and is edited here."""
    index = scope_of(visit.unit, "").index
    changed = {str(each.body.get("target")) for each in index.effective.overlays if each.layer == COMPANY}
    counts = _people(visit)

    def line(each: Component, url: str, said: str) -> Line:
        named = label(each.body.get("label"), visit.language) or each.own_name
        people = counts[each.address] if each.kind in ("role", "permission_set") else None
        return Line(named, url, said, package_name(visit, each.layer), each.address in changed, people)

    between = visit.say(msg(", "))
    sets = index.named("permission_set")
    known = {name: label(each.body.get("label"), visit.language) or name for name, each in sets.items()}
    known_objects = {each.name: label(each.label, visit.language) for each in visit.model.objects.values()}
    roles = [
        line(
            each, f"/access/role?of={name}", between.join(known.get(n, n) for n in each.body.get("permission_sets", ()))
        )
        for name, each in index.named("role").items()
    ]
    rules = [
        line(
            each,
            with_query("/access/rule", [("of", each.name)]),
            label(visit.model.objects[each.object].label, visit.language),
        )
        for each in index.components.values()
        if each.kind == "sharing_rule" and each.object in {obj.name for obj in objects(visit)}
    ]
    queues = [
        line(each, f"/access/queue?of={name}", between.join(known_objects.get(n, n) for n in each.body["objects"]))
        for name, each in index.named("queue").items()
    ]
    return framed(
        visit,
        "rights.html",
        HERE,
        visit.say(msg("Roles and rights")),
        roles=sorted(roles, key=lambda each: each.label),
        sets=sorted(
            (line(each, f"/access/set?of={name}", label(each.body.get("description"), visit.language))
             for name, each in sets.items()), key=lambda each: each.label
        ),
        queues=sorted(queues, key=lambda each: each.label),
        territories=_territories(visit),
        rules=sorted(rules, key=lambda each: (each.said, each.label)),
        objects=[(each.name, label(each.label, visit.language)) for each in objects(visit)],
    )  # fmt: skip


def _territories(visit: Visit) -> list[tuple[str, str, int]]:
    """Every territory: what it is called, the objects that it has rules for, how many people's it is."""
    counts: Counter[str] = Counter()
    for (_, groups), count in holders(visit.unit).items():
        counts.update(dict.fromkeys(groups, count))
    objects = visit.model.objects
    between = visit.say(msg(", "))
    return [
        (said, between.join(sorted(label(objects[name].label, visit.language) for name in each.objects)), people)
        for each, said in named_territories(visit)
        for people in (counts[f"territory:{each.name}"],)
    ]


def _people(visit: Visit) -> Counter[str]:
    """How many active people hold each role, and each permission set, by a role or beside them."""
    found: Counter[str] = Counter()
    for (kind, groups), count in holders(visit.unit).items():
        holder = held(visit.model.rights, "", groups, {"kind": kind})
        for address in (
            *(f"role:{each.name}" for each in holder.roles),
            *(f"permission_set:{each.name}" for each in holder.sets),
        ):
            found[address] += count
    return found


PAGES = (Page("GET", HERE, show, right="design"),)
