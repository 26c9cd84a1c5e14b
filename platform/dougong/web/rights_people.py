"""The people whom sharing rules and queues can name, as the boxes of a form: roles, groups, departments, queues."""

from __future__ import annotations

from dougong.base.language import label, msg
from dougong.engine.query import Condition, Query, Sort
from dougong.metadata.territories import Territory
from dougong.web.visit import Visit

MOST_NAMED = 500
"""Of how many groups, and departments, a form offers the choice."""


def named_people(
    visit: Visit, chosen: list[str], queues: bool = False, territories: bool = False
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Whom a rule or queue can name, by kind: roles, groups and departments with a code, `queues` and `territories`
    where it may; and whom else it names."""
    roles = [(f"role:{each.name}", label(each.label, visit.language)) for each in visit.model.rights.roles.values()]
    groups = [(f"group:{code}", name) for code, name in _coded(visit, "group")]
    departments = _coded(visit, "department")
    below = [
        (f"department_and_below:{code}", visit.say(msg("{name} and below", name=name))) for code, name in departments
    ]
    parts = [
        (visit.say(msg("Roles")), roles),
        (visit.say(msg("Groups")), groups),
        (visit.say(msg("Departments")), [*((f"department:{code}", name) for code, name in departments), *below]),
    ]
    if queues:
        waiting = [each for each in visit.model.rights.queues.values() if not each.pool]
        parts.append((visit.say(msg("Queues")), [(f"queue:{e.name}", label(e.label, visit.language)) for e in waiting]))
    if territories:
        parts.append((visit.say(msg("Territories")), _territories(visit)))
    known = {key for _, found in parts for key, _ in found}
    others = [(each, each) for each in chosen if each not in known]
    return [(said, found) for said, found in [*parts, (visit.say(msg("Others")), others)] if found]


def _territories(visit: Visit) -> list[tuple[str, str]]:
    return [(f"territory:{each.name}", said) for each, said in named_territories(visit)]


def named_territories(visit: Visit) -> list[tuple[Territory, str]]:
    """Every territory with what it is called, those above it before it, in that order."""
    known = visit.model.rights.territories

    def way(each: Territory) -> str:
        above = known.get(each.parent or "")
        own = label(each.label, visit.language) or each.name
        return f"{way(above)} / {own}" if above is not None else own

    return sorted(((each, way(each)) for each in known.values()), key=lambda pair: pair[1])


def _coded(visit: Visit, name: str) -> list[tuple[str, str]]:
    """Groups or departments that have a code."""
    obj = visit.model.objects.get(name)
    if obj is None or "code" not in obj.fields or not visit.unit.access.may("read", obj):
        return []
    query = Query(
        object=name,
        columns=("code", obj.title),
        where=Condition("code", "not_blank"),
        sort=(Sort(obj.title), Sort("id")),
        limit=MOST_NAMED,
    )
    return [(str(row.values[0]), str(row.values[1])) for row in visit.unit.records.query(query).rows]
