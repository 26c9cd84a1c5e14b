"""What the page of a record says of its clocks: how each stands, when it is due, and what happens next."""

from __future__ import annotations

from dougong.base.language import msg
from dougong.engine.query import Record
from dougong.metadata.model import Object
from dougong.web.panels import Panel
from dougong.web.visit import Visit
from dougong.workflows.pages.service_levels import told
from dougong.workflows.service_levels import seeing

QUIET = ("anew", "ended")
"""Of clocks that ended so nothing is said: nobody waits for them, and nobody met or missed them."""


def panels(visit: Visit, obj: Object, record: Record) -> tuple[Panel, ...]:
    """The panel, where a clock of the record runs, was met or was missed; no statement for objects without clocks."""
    if record.deleted:
        return ()
    found = [each for each in seeing.of_record(visit.unit, obj.name, record.id) if each.standing.state not in QUIET]
    if not found:
        return ()
    context = {"clocks": [told(visit, each) for each in found]}
    return (Panel(visit.say(msg("Service levels")), "parts/service_level_panel.html", context, order=55),)
