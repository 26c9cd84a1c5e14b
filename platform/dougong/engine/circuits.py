"""Places outside that do not answer are left alone for a while, so that work for others does not wait for them.

    closed ──OPENS_AFTER times no answer──→ open ──its pause over──→ half-open: one call is let through
       ↑────────────────────── it is answered ──────────────────────────┘   no answer: open, for longer

Only silence counts: a place that answers, if only to refuse, costs nobody any time. What waits for an open circuit is
put off, which is no failed attempt; after `PATIENCE` it fails as any other call.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from dougong.base.failures import Explained, Failure
from dougong.base.language import LANGUAGES, msg
from dougong.engine import causes
from dougong.engine.actor import SYSTEM
from dougong.engine.dialects.statements import upsert
from dougong.engine.jobs import NotYet
from dougong.engine.tables import circuits

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.unit import Unit

OPENS_AFTER = 3
"""So many calls in a row without an answer open a circuit."""

PAUSES = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=10))
"""How long a circuit stays open, each time that it opens without an answer between; the last counts for all further."""

PROBING = timedelta(seconds=30)
"""How long others wait for the answer to the one call that a half-open circuit lets through."""

PATIENCE = timedelta(hours=4)
"""How long work is put off for an open circuit, from when it was due first."""


class Silent(Explained):
    """A place that has not answered for long is not called."""


class LeftAlone(NotYet):
    """A call is put off, because nobody would answer it."""

    reason = msg("The other side does not answer, and is left alone for a while.")


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of a place: since when it is silent, how often it was called in vain, when it is called again."""

    name: str
    failures: int
    since: datetime
    error: str
    until: datetime | None
    kept: Mapping[str, Any] | None

    @property
    def failure(self) -> Failure:
        """What went wrong last."""
        return Failure.read(self.kept, self.error) or Failure({})


@contextmanager
def through(company: Company, name: str, wanted_at: datetime) -> Iterator[None]:
    """The block calls the place `name`, for something that was wanted at this moment.

    Raises:
        LeftAlone: the place does not answer, and the call is put off.
        Silent: the same, after `PATIENCE`.
    """
    known = _admit(company, name, wanted_at)
    try:
        yield
    except Exception as error:
        if _is_silence(error):
            failure = causes.failure(error)
            company.write(SYSTEM, lambda unit: _failed(unit, name, failure))
        elif known is not None:
            _answered(company, name)
        raise
    if known is not None:
        _answered(company, name)


def silent(unit: Unit) -> Sequence[Circuit]:
    """The places whose circuits are open."""
    asked = select(*circuits.c).where(circuits.c.until.is_not(None)).order_by(circuits.c.since)
    return tuple(Circuit(*row) for row in unit.connection.execute(asked))


def _admit(company: Company, name: str, wanted_at: datetime) -> Circuit | None:
    with company.read(SYSTEM) as unit:
        known = _of(unit, name)
    if known is None or known.until is None:
        return known
    now = datetime.now(UTC)
    if known.until <= now and company.write(SYSTEM, lambda unit: _probes(unit, known)):
        return known
    if now - wanted_at > PATIENCE:
        raise Silent(
            msg(
                "The other side has not answered for more than {n} hours. {why}",
                n=PATIENCE // timedelta(hours=1), why=known.failure.text or "",
            ),
            known.failure.said,
        )  # fmt: skip
    raise LeftAlone(known.until if known.until > now else now + PROBING)


def _of(unit: Unit, name: str) -> Circuit | None:
    row = unit.connection.execute(select(*circuits.c).where(circuits.c.name == name)).one_or_none()
    return Circuit(*row) if row is not None else None


def _probes(unit: Unit, known: Circuit) -> bool:
    """Whether this call is the one that is let through: of several, one finds the circuit as it was."""
    mine = update(circuits).where(circuits.c.name == known.name, circuits.c.until == known.until)
    return unit.connection.execute(mine.values(until=unit.now + PROBING)).rowcount > 0


def _failed(unit: Unit, name: str, failure: Failure) -> None:
    known = _of(unit, name)
    failures = (known.failures if known is not None else 0) + 1
    past = failures - OPENS_AFTER
    until = unit.now + PAUSES[min(past, len(PAUSES) - 1)] if past >= 0 else None
    values = {"failures": failures, "error": failure.to(LANGUAGES[0]), "until": until, "failure": failure.kept()}
    statement = upsert(unit.connection.dialect.name, circuits).values(name=name, since=unit.now, **values)
    unit.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def _answered(company: Company, name: str) -> None:
    company.write(SYSTEM, lambda unit: unit.connection.execute(delete(circuits).where(circuits.c.name == name)))


def _is_silence(error: Exception) -> bool:
    """Whether an error says that nobody answered; a refusal is an answer."""
    if isinstance(error, smtplib.SMTPException):
        return isinstance(error, smtplib.SMTPServerDisconnected | smtplib.SMTPConnectError)
    from dougong.engine.outbound import CallRefused, TransportError  # takes a while

    return isinstance(error, OSError | TransportError) and not isinstance(error, CallRefused)
