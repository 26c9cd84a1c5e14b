"""What the room has beside pages: importing this registers its tables with the platform, and makes its jobs known."""

from __future__ import annotations

from dougong.engine.jobs import Job
from dougong.workflows.approvals import handover, timers
from dougong.workflows.approvals import tables as _approvals  # noqa: F401  registers its tables
from dougong.workflows.automations import clock, runs
from dougong.workflows.endpoints import rows
from dougong.workflows.notices import delivering
from dougong.workflows.pools import night
from dougong.workflows.service_levels import adopting, climbing
from dougong.workflows.steps import call

JOBS: tuple[Job, ...] = (
    *timers.JOBS, *handover.JOBS, delivering.deliver, delivering.digest, delivering.forget,
    runs.RUN, *clock.JOBS, call.CALL, rows.row,
    *night.JOBS, *climbing.JOBS, *adopting.JOBS,
)  # fmt: skip
"""What the workers can do for the room."""
