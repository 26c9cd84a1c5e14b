"""The pages of the room, one module per kind. `PAGES` is the list that the application serves."""

from __future__ import annotations

from dougong.web.routing import Page
from dougong.workflows.pages import (
    absence,
    approval,
    approval_link,
    approval_moves,
    approval_past,
    approval_processes,
    approval_start,
    approvals,
    assignments,
    automation_preview,
    automation_runs,
    deliveries,
    inbox,
    message_templates,
    notice_preferences,
    pool,
    pool_tonight,
    service_levels,
)

PAGES: tuple[Page, ...] = (
    *notice_preferences.PAGES,
    *inbox.PAGES,
    *automation_runs.PAGES,
    *automation_preview.PAGES,
    *deliveries.PAGES,
    *assignments.PAGES,
    *message_templates.PAGES,
    *approvals.PAGES,
    *absence.PAGES,
    *approval_processes.PAGES,
    *approval.PAGES,
    *approval_link.PAGES,
    *approval_start.PAGES,
    *approval_moves.PAGES,
    *pool_tonight.PAGES,
    *pool.PAGES,
    *approval_past.PAGES,
    *service_levels.PAGES,
)
