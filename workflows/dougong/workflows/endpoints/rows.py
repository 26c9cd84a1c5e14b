"""The job of one element of an incoming call: find the records that it is about, set the automations off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.base.failures import Explained
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.jobs import job
from dougong.engine.outbox import Task
from dougong.engine.query import Condition, Query
from dougong.engine.unit import Unit
from dougong.metadata.messaging import Endpoint
from dougong.workflows.automations.starting import fire, once
from dougong.workflows.endpoints.reading import at, text

JOB = "endpoint.row"

MOST_RECORDS = 100
"""Records that one element may be about."""


class BadRow(Explained):
    """An element that nothing can be done with: put aside, for people to look at and try again."""


@job(JOB, attempts=3, label=msg("Element of an incoming call"))
def row(company: Company, task: Task) -> None:
    """Deal with one element, once, however often it is tried."""
    company.write(SYSTEM, lambda unit: _deal(unit, task))


def _deal(unit: Unit, task: Task) -> None:
    workflows = unit.runtime.model.workflows
    name = task.payload["endpoint"]
    endpoint = workflows.endpoints.get(name)
    if endpoint is None:
        raise BadRow(msg("There is no endpoint {name} any more.", name=name))
    values = _values(endpoint, task.payload["element"])
    found = 0
    for automation in workflows.automations.values():
        if automation.trigger.type == "hook" and automation.trigger.endpoint == name:
            ids = _records(unit, automation.object, endpoint.field, values[endpoint.value])
            found += len(ids)
            fire(unit, automation, sorted(once(unit, automation.name, ids, f"hook:{task.id}")), "hook", values)
    if not found:
        reason = msg("No automation listens, or no record has this in {field}.", field=endpoint.field)
        raise BadRow(reason, values[endpoint.value] or "")


def _values(endpoint: Endpoint, element: Any) -> Mapping[str, str | None]:
    values = {name: text(at(element, pointer)) for name, pointer in endpoint.values.items()}
    missing = [name for name in dict.fromkeys((*endpoint.required, endpoint.value)) if not values[name]]
    if missing:
        raise BadRow(msg("The element has no {names}.", names=", ".join(missing)))
    return values


def _records(unit: Unit, object_name: str, field: str, value: str | None) -> list[str]:
    where = Condition(field, "is", value)
    return [each.id for each in unit.records.query(Query(object=object_name, where=where, limit=MOST_RECORDS)).rows]
