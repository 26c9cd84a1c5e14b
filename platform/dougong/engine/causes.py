"""What an error of background work comes down to, for people: which of the things went wrong that do go wrong.

Errors of ours say it themselves, by a `reason` that is a `Message`. Those of libraries are known by their class, and
are quoted. Whatever is left was not foreseen.
"""

from __future__ import annotations

import errno
import smtplib
import socket
import ssl
from collections.abc import Iterable

from dougong.base.errors import DougongError
from dougong.base.failures import Failure
from dougong.base.language import LANGUAGES, Message, msg

MOST_PROBLEMS = 5
"""Problems of one error that are told."""

_UNREACHABLE = msg("The other side cannot be reached.")
_LATE = msg("The other side did not answer in time.")

_OF_MAIL: tuple[tuple[type[Exception], Message], ...] = (
    (smtplib.SMTPAuthenticationError, msg("The mail server does not accept the name and the password in SMTP_URL.")),
    (smtplib.SMTPRecipientsRefused, msg("The mail server takes no mail for this address.")),
    (smtplib.SMTPSenderRefused, msg("The mail server takes no mail from the sender in MAIL_FROM.")),
    (smtplib.SMTPNotSupportedError, msg("The mail server lacks what SMTP_URL asks for.")),
    (smtplib.SMTPServerDisconnected, msg("The mail server ended the connection.")),
    (smtplib.SMTPConnectError, msg("The mail server takes no connections.")),
    (smtplib.SMTPException, msg("The mail server did not take the mail.")),
)
"""Errors of mail, what is special first."""

_OF_CONNECTIONS: tuple[tuple[type[Exception], Message], ...] = (
    (ssl.SSLError, msg("No encrypted connection to the other side came about.")),
    (TimeoutError, _LATE),
    (ConnectionError, _UNREACHABLE),
    (socket.gaierror, _UNREACHABLE),
)

_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL})


def failure(error: BaseException) -> Failure:
    """The failure that an error is, to be kept."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, Message):
        return Failure.of(reason, getattr(error, "said", ""))
    if isinstance(error, DougongError):
        told = error.problems[:MOST_PROBLEMS]
        return Failure({language: "\n".join(each.text(language) for each in told) for language in LANGUAGES})
    known = _known(error)
    if known is not None:
        return Failure.of(known, _quoted(error))
    return Failure.of(msg("Something happened that was not foreseen."), f"{type(error).__name__}: {error}")


def _known(error: BaseException) -> Message | None:
    if isinstance(error, smtplib.SMTPException):  # which is an OSError too
        return _first(error, _OF_MAIL)
    if isinstance(error, OSError):
        return _UNREACHABLE if error.errno in _NO_WAY else _first(error, _OF_CONNECTIONS)
    from dougong.engine import outbound  # takes a while

    return _first(error, outbound.REASONS)


def _first(error: BaseException, known: Iterable[tuple[type[Exception], Message]]) -> Message | None:
    return next((reason for kind, reason in known if isinstance(error, kind)), None)


def _quoted(error: BaseException) -> str:
    """What the mail server answered, or the library says."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "\n".join(_answer(*each) for each in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return str(error)


def _answer(code: int, said: bytes | str) -> str:
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}".strip()
