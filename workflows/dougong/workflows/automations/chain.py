"""Which run the writes of this thread belong to, so that what they set off knows what led to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chain:
    """What led here: the first run's id names the chain, `way` are the automations in order, the last one acting."""

    id: str
    run: str
    way: tuple[str, ...]

    @property
    def depth(self) -> int:
        """How many automations have set each other off."""
        return len(self.way)


_CURRENT: ContextVar[Chain | None] = ContextVar("chain", default=None)


def current() -> Chain | None:
    """The run whose step is being carried out in this thread; None where people or programs write."""
    return _CURRENT.get()


@contextmanager
def acting(chain: Chain) -> Iterator[None]:
    """Within the block, what is written belongs to a run."""
    token = _CURRENT.set(chain)
    try:
        yield
    finally:
        _CURRENT.reset(token)
