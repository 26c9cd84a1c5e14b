"""What all requests of one process share."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from dougong.base.settings import Settings
from dougong.engine.company import Company
from dougong.web.assets import Assets
from dougong.web.composer.sections import Sections
from dougong.web.refused_attempts import RefusedAttempts
from dougong.web.templates import Templates


@dataclass(frozen=True)
class Site:
    """The one site of a process: its company, its look, and how many requests run at once.

    `writes` is a limiter of its own, so that requests waiting to write never take the threads of readers.
    """

    settings: Settings
    company: Company
    assets: Assets
    templates: Templates
    sections: Sections
    reads: anyio.CapacityLimiter
    writes: anyio.CapacityLimiter
    refusals: RefusedAttempts = field(default_factory=RefusedAttempts)
    rights: dict[str, str] = field(default_factory=dict)
    """The system right that an address of ours asks for, by path: the navigation leaves out what is refused."""

    @property
    def secure(self) -> bool:
        """True when people reach the site by https."""
        return (self.settings.public_url or "").startswith("https:")
