"""What the room has beside pages: importing this registers its tables with the platform, and makes its jobs known."""

from __future__ import annotations

from dougong.engine.jobs import Job
from dougong.workflows.notices import delivering

JOBS: tuple[Job, ...] = (delivering.deliver, delivering.digest, delivering.forget)
"""What the workers can do for the room."""
