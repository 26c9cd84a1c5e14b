"""The calls about metadata: read what is in force."""

from __future__ import annotations

from dougong.base.errors import NotFound, Problem
from dougong.base.language import msg
from dougong.engine.unit import Unit
from dougong.web.api.door import Answer, Asked, Call


def listed(asked: Asked, unit: Unit) -> Answer:
    """The revision in force and the addresses of its components."""
    return Answer({"revision": unit.runtime.revision, "components": sorted(unit.runtime.model.components)})


def got(asked: Asked, unit: Unit) -> Answer:
    """One component, with overlays applied."""
    address = asked.parameters["address"]
    found = unit.runtime.model.components.get(address)
    if found is None:
        raise NotFound(
            Problem(code="component-unknown", thing=address, reason=msg("There is no component {name}.", name=address))
        )
    return Answer(dict(found))


CALLS = (
    Call("GET", "/api/v1/metadata", listed),
    Call("GET", "/api/v1/metadata/{address}", got),
)
