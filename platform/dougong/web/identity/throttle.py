"""The brake on guessing: tries are counted before they are judged, so that many at once count as many.

A try is counted against keys: the account (or the name, where nobody has it, so that both answer alike) and the
address that it comes from. After the free tries each further one has to wait, twice as long each time.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from dougong.base.errors import DougongError, Problem
from dougong.base.language import msg
from dougong.engine.dialects.statements import upsert
from dougong.engine.sign_in_tables import attempts
from dougong.engine.unit import Unit
from dougong.web.identity.policy import Policy

FORGOTTEN = timedelta(hours=24)
"""After this long without a try, those before it count no more."""

MORE_FOR_ADDRESS = 10
"""An office behind one address has so many times the free tries of one account."""


@dataclass(frozen=True, slots=True)
class Brake:
    """What may be tried `free` times; then each try waits, at most `longest`."""

    key: str
    free: int
    longest: timedelta

    def wait(self, failures: int) -> timedelta:
        """How long the next try waits after so many."""
        if failures < self.free:
            return timedelta()
        return min(self.longest, timedelta(seconds=2 ** min(failures - self.free + 5, 20)))


class TooManyTries(DougongError):
    """Somebody tries too often; they are told how long to wait."""

    status = 429

    def __init__(self, wait: timedelta) -> None:
        """`wait` is how long the brake still holds."""
        self.seconds = max(1, round(wait.total_seconds()))
        minutes = max(1, round(self.seconds / 60))
        reason = msg("Too many tries. Try again in {n} minute.", "Too many tries. Try again in {n} minutes.", n=minutes)
        super().__init__(Problem(code="tries-too-many", reason=reason))


def account(policy: Policy, user_id: str | None, typed: str) -> Brake:
    """The brake on an account; where there is none, on the name that was typed."""
    key = f"account:{user_id}" if user_id else f"name:{hashlib.sha256(typed.strip().lower().encode()).hexdigest()}"
    return Brake(key, policy.free_tries, policy.longest_wait)


def address(policy: Policy, host: str) -> Brake:
    """The brake on an address; of IPv6 on the network of 64 bits, which is what one customer gets."""
    try:
        found = ipaddress.ip_address(host)
        known = str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
    except ValueError:
        known = host[:64]
    return Brake(f"address:{known}", policy.free_tries * MORE_FOR_ADDRESS, policy.longest_wait)


def take(unit: Unit, brakes: Sequence[Brake]) -> timedelta | None:
    """Count a try against every brake; None, or how long the longest of them still holds. Then nothing is counted."""
    unit.company.database.lock(unit.connection, sorted(each.key for each in brakes))
    known = _known(unit, brakes)
    waits = [last_at + each.wait(failures) - unit.now for each in brakes for failures, last_at in [known[each.key]]]
    if max(waits) > timedelta():
        return max(waits)
    for each in brakes:
        row = {"key": each.key, "failures": known[each.key][0] + 1, "last_at": unit.now}
        statement = upsert(unit.connection.dialect.name, attempts).values(**row)
        unit.connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))
    unit.connection.execute(delete(attempts).where(attempts.c.last_at < unit.now - FORGOTTEN))
    return None


def _known(unit: Unit, brakes: Sequence[Brake]) -> dict[str, tuple[int, datetime]]:
    """Failures and the last try by key; what is forgotten counts as none."""
    asked = select(attempts).where(
        attempts.c.key.in_([each.key for each in brakes]), attempts.c.last_at >= unit.now - FORGOTTEN
    )
    found = {row.key: (row.failures, row.last_at) for row in unit.connection.execute(asked)}
    return {each.key: found.get(each.key, (0, unit.now)) for each in brakes}


def forgive(unit: Unit, account_key: str, address_key: str | None = None) -> None:
    """After a right try: forget the account's tries, take this one back from the address."""
    unit.connection.execute(delete(attempts).where(attempts.c.key == account_key))
    if address_key is not None:
        this = attempts.c.key == address_key
        unit.connection.execute(update(attempts).where(this).values(failures=attempts.c.failures - 1))


def locked(unit: Unit, policy: Policy, user_ids: Iterable[str]) -> dict[str, datetime]:
    """Until when each of these accounts waits; those that wait for nothing are left out."""
    brakes = {account(policy, each, "").key: (each, account(policy, each, "")) for each in user_ids}
    found = _known(unit, [brake for _, brake in brakes.values()])
    until = {brakes[key][0]: last_at + brakes[key][1].wait(failures) for key, (failures, last_at) in found.items()}
    return {user_id: moment for user_id, moment in until.items() if moment > unit.now}


def holds(unit: Unit, brake: Brake) -> bool:
    """Whether the next try against `brake` has to wait."""
    failures, last_at = _known(unit, [brake])[brake.key]
    return last_at + brake.wait(failures) > unit.now


def unlock(unit: Unit, user_id: str) -> None:
    """Let an account try again at once."""
    unit.connection.execute(delete(attempts).where(attempts.c.key == f"account:{user_id}"))
