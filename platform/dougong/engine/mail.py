"""Mail that leaves: by the operator's mail server, from jobs alone, so that a request never waits for it.

A job that is killed after sending sends again; the message then has the same Message-ID, by which servers and readers
know it.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from dougong.base.failures import Explained
from dougong.base.language import msg
from dougong.base.settings import Secret

if TYPE_CHECKING:
    from datetime import datetime

SECONDS = 30
"""How long a mail server may take for each answer."""


MAIL = "mail"
"""What mail is called among the ways to tell people something."""


class NoMailServer(Explained):
    """The operator has set no mail server, or no address that links in mails could lead to."""

    def __init__(self) -> None:
        """Fail for this reason."""
        super().__init__(msg("SMTP_URL is not set: no mail can be sent."))


class MailSettings(Protocol):
    """What mail wants to know of the settings."""

    @property
    def smtp_url(self) -> Secret | None: ...
    @property
    def mail_from(self) -> str | None: ...
    @property
    def public_url(self) -> str | None: ...
    @property
    def company_name(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """By which server mail leaves, from whom, and to which site its links lead."""

    server: Secret
    sender: str
    site: str
    site_name: str


def outgoing(settings: MailSettings, site: str | None, site_name: str = "") -> Outgoing | None:
    """How mail leaves whose links lead to `site`; None where no server is set, or there is no address to lead to."""
    if settings.smtp_url is None or settings.mail_from is None or site is None:
        return None
    return Outgoing(
        server=settings.smtp_url,
        sender=settings.mail_from,
        site=site,
        site_name=site_name or settings.company_name,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message to one person, as text and as HTML. `id` is the same for each attempt to send it."""

    id: str
    to: str
    subject: str
    text: str
    html: str


def message(way: Outgoing, mail: Mail, now: datetime) -> EmailMessage:
    """The mail as it travels. A line break in a header is an error of the library, never a header more."""
    made = EmailMessage()
    name, address = parseaddr(way.sender)
    made["From"] = Address(display_name=name or way.site_name, addr_spec=address)
    made["To"] = Address(addr_spec=mail.to)
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{mail.id}@{address.partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(mail.text)
    made.add_alternative(mail.html, subtype="html")
    return made


def send(way: Outgoing, mail: Mail, now: datetime) -> None:
    """Hand a mail to the server.

    Raises:
        OSError, smtplib.SMTPException: it did not take it.
    """
    parts = urlsplit(way.server.text)
    host = parts.hostname or ""
    with _connected(parts.scheme, host, parts.port) as server:
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message(way, mail, now))


def _connected(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    """A connection; "smtp" is encrypted by STARTTLS or not made at all, "smtp+plain" is for a server near by."""
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port or (25 if scheme == "smtp+plain" else 587), timeout=SECONDS)
    if scheme == "smtp":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server
