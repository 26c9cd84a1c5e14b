"""The room as a plugin of the platform: it adds what it has through the same hooks as anybody's.

Modules are imported where a hook asks for them: the command line alone loads no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any

from dougong.base.hooks import hook


class WorkflowsPlugin:
    """Approvals and automations. One method for each hook that the room uses."""

    @hook
    def jobs(self) -> Iterable[Any]:
        """What the workers do; asked before any database is opened, so the room's tables are known from here on."""
        from dougong.workflows import background

        return background.JOBS

    @hook
    def locks(self, unit: Any, object_name: str, ids: Sequence[str]) -> Mapping[str, Any]:
        """What open approvals hold."""
        from dougong.workflows.approvals import locks

        return locks.locks(unit, object_name, ids)

    @hook
    def channel_types(self) -> Iterable[Any]:
        """By what people are told things outside of the application."""
        from dougong.workflows.channels import kinds

        return kinds.KINDS

    @hook
    def step_types(self) -> Iterable[Any]:
        """What automations and approvals can do."""
        from dougong.workflows.steps.kinds import KINDS

        return KINDS

    @hook
    def published(self, company: Any, connection: Any, model: Any) -> None:
        """The clock looks at automations from when they are published; service levels hold for the records there."""
        from dougong.workflows.automations import clock
        from dougong.workflows.service_levels import adopting

        now = datetime.now(UTC)
        clock.ask(company, connection, model, now)
        adopting.published(company, connection, model, now)

    @hook
    def indifferent(self, model: Any, object_name: str, fields: Set[str]) -> bool:
        """Nothing is done where no automation listens to these fields and no approval is bound to them."""
        from dougong.workflows.approvals import saving
        from dougong.workflows.automations.triggers import is_indifferent
        from dougong.workflows.pools import keeping
        from dougong.workflows.service_levels import keeping as clocks

        nothing = is_indifferent(model, object_name, fields) and keeping.indifferent(model, object_name, fields)
        nothing = nothing and clocks.indifferent(model, object_name, fields)
        return nothing and saving.indifferent(model, object_name, fields)

    @hook
    def before_save(self, unit: Any, changes: Sequence[Any]) -> bool | None:
        """Automations that set values while records are saved; then what approvals gate, or have bound."""
        from dougong.workflows.approvals import saving
        from dougong.workflows.automations import triggers

        was_set = triggers.before_save(unit, changes)
        return saving.before(unit, changes) or was_set

    @hook
    def after_save(self, unit: Any, changes: Sequence[Any]) -> None:
        """What changes mean for approvals, and those that they begin; automations that they set off."""
        from dougong.workflows.approvals import saving
        from dougong.workflows.automations import triggers, watching
        from dougong.workflows.pools import keeping
        from dougong.workflows.service_levels import keeping as clocks

        watching.saw(changes)
        keeping.after_save(unit, changes)
        clocks.after_save(unit, changes)
        saving.after(unit, changes)
        triggers.after_save(unit, changes)

    @hook
    def routes(self, site: Any) -> Iterable[Any]:
        """The door of incoming web hooks."""
        from dougong.workflows.endpoints import receiving

        return receiving.routes(site)

    @hook
    def pages(self) -> Iterable[Any]:
        """The room's pages."""
        from dougong.workflows import pages

        return pages.PAGES

    @hook
    def record_panels(self, visit: Any, obj: Any, record: Any) -> Iterable[Any]:
        """Where the approvals of a record stand, how its clocks do, and until when its owner keeps it."""
        from dougong.workflows.pages import approval_panel, pool_panel, service_level_panel

        every = (approval_panel, service_level_panel, pool_panel)
        return tuple(panel for each in every for panel in each.panels(visit, obj, record))

    @hook
    def ways_on(self, visit: Any, obj: Any, changes: Sequence[Any], problems: Sequence[Any]) -> Iterable[Any]:
        """To the approval that a change needs first."""
        from dougong.workflows.pages import approval_ways

        return approval_ways.ways(visit, obj, changes, problems)

    @hook
    def badges(self, runtime: Any) -> Mapping[str, Any]:
        """What each page counts for who is signed in."""
        from dougong.workflows.approvals.badge import waiting
        from dougong.workflows.notices.badge import unread

        return {"notices": unread(), "approvals": waiting()}


plugin = WorkflowsPlugin()
