"""The room as a plugin of the platform: it adds what it has through the same hooks as anybody's."""

from __future__ import annotations


class WorkflowsPlugin:
    """Approvals and automations. One method for each hook that the room uses."""


plugin = WorkflowsPlugin()
