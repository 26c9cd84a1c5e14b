"""What a company asks of those who sign in: its settings `sign_in.…`, read from the metadata in force."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from functools import lru_cache
from typing import Any, Literal

from dougong.engine.rights.holder import find
from dougong.engine.unit import Unit
from dougong.metadata.model import Model

PREFIX = "sign_in."

Asked = Literal["optional", "managers", "all"]
"""Of whom a second step is asked: of nobody, of those who manage users or design, of everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Each field is the setting of its name, with what holds where the metadata have no such setting.

    Package base brings these settings with the same defaults; a company changes them as it changes any metadata.
    """

    password_length: int = 10
    password_history: int = 5
    password_days: int = 0
    free_tries: int = 5
    longest_wait_minutes: int = 15
    idle_hours: int = 168
    session_days: int = 30
    second_step: Asked = "optional"
    step_up_minutes: int = 15
    api_calls_per_minute: int = 6000

    @property
    def idle(self) -> timedelta:
        """How long a session lives unused."""
        return timedelta(hours=self.idle_hours)

    @property
    def lifetime(self) -> timedelta:
        """How long a session lives at most."""
        return timedelta(days=self.session_days)

    @property
    def step_up(self) -> timedelta:
        """For how long a proof of identity serves to change how one signs in."""
        return timedelta(minutes=self.step_up_minutes)

    @property
    def longest_wait(self) -> timedelta:
        """The longest wait after wrong tries."""
        return timedelta(minutes=self.longest_wait_minutes)


LEAST = {
    "password_length": 8,
    "free_tries": 1,
    "longest_wait_minutes": 1,
    "idle_hours": 1,
    "session_days": 1,
    "step_up_minutes": 1,
    "api_calls_per_minute": 1,
}
"""What a number may be at the least: a mistake in a setting locks nobody out and opens no door."""

MOST = {
    "password_length": 64,
    "password_history": 50,
    "free_tries": 100,
    "longest_wait_minutes": 1440,
    "step_up_minutes": 1440,
    "idle_hours": 8784,
    "session_days": 366,
    "password_days": 3660,
}
"""And at the most, lest sums of dates leave the calendar or an answer take for ever."""


def policy_of(model: Model) -> Policy:
    """The policy that `model` says."""
    return _policy(tuple([model.settings.get(setting) for setting in _SETTINGS.values()]))


_SETTINGS = {each.name: PREFIX + each.name for each in fields(Policy)}


@lru_cache(maxsize=256)
def _policy(values: tuple[Any, ...]) -> Policy:
    """The policy of these values of `_SETTINGS`: asked for in each request, and the same for months."""
    given = zip(_SETTINGS, values, strict=True)
    return Policy(**{name: _read(name, value) for name, value in given if value is not None})


def role_asks(unit: Unit, user_id: str) -> bool:
    """Whether a role of the user asks a second step, whatever the policy says."""
    if not any(role.second_step for role in unit.runtime.model.rights.roles.values()):
        return False
    return any(role.second_step for role in find(unit, user_id).roles)


def _read(name: str, value: Any) -> Any:
    if name == "second_step":
        return value if value in ("optional", "managers") else "all"  # a word that nobody knows asks the most
    return min(max(int(value), LEAST.get(name, 0)), MOST.get(name, 10**6))
