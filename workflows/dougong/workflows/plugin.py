"""The room as a plugin of the platform: it adds what it has through the same hooks as anybody's.

Modules are imported where a hook asks for them: the command line alone loads no engine.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    def channel_types(self) -> Iterable[Any]:
        """By what people are told things outside of the application."""
        from dougong.workflows.channels import kinds

        return kinds.KINDS


plugin = WorkflowsPlugin()
