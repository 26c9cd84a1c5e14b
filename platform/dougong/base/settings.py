"""What an operator may set, read from the environment once and never changed while running.

Each setting is one field of `Settings`: its name in capitals is the environment variable, its metadata say
how it is read and what it is for. docs/operators.md shows the same table; a test compares the two.

The generic names that shells and build tools export for themselves (HOST, LANGUAGE, LANG) are left alone.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from dougong.base.errors import Problem, SettingError
from dougong.base.language import LANGUAGES, Message, msg

Read = Callable[[str], Any]


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that is not shown: not in a log, not in a traceback, not by `dougong settings`."""

    text: str

    def __repr__(self) -> str:
        return "***"


class _Bad(Exception):
    """A value that a reader does not take: why, and what to write instead."""

    def __init__(self, code: str, reason: Message, fix: Message) -> None:
        super().__init__(code)
        self.code, self.reason, self.fix = code, reason, fix


def _integer(least: int, most: int) -> Read:
    def read(text: str) -> int:
        if text.isascii() and text.isdecimal() and least <= int(text) <= most:
            return int(text)
        fix = msg("Write a whole number from {least} to {most}.", least=least, most=most)
        raise _Bad("setting-number", msg("'{text}' is not a number in range.", text=text), fix)

    return read


def _choice(*choices: str) -> Read:
    def read(text: str) -> str:
        for choice in choices:
            if choice.lower() == text.lower():
                return choice
        fix = msg("Write one of: {choices}.", choices=", ".join(choices))
        raise _Bad("setting-choice", msg("'{text}' is not one of the choices.", text=text), fix)

    return read


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(text, available_timezones(), n=1) or ["Asia/Shanghai"]
    fix = msg("Write a name of the IANA time zone database, such as {zone}.", zone=near[0])
    raise _Bad("setting-time-zone", msg("'{text}' is not the name of a time zone.", text=text), fix)


def _folder(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    nearest = next(parent for parent in (path, *path.parents) if parent.exists())
    if not nearest.is_dir():
        fix = msg("Name a folder; '{path}' is a file.", path=nearest)
        raise _Bad("setting-folder", msg("'{text}' cannot be a folder.", text=text), fix)
    if not os.access(nearest, os.W_OK | os.X_OK):
        fix = msg("Name a folder that this account may write to, or let it write to '{path}'.", path=nearest)
        raise _Bad("setting-folder", msg("'{text}' cannot be written to.", text=text), fix)
    return path


_URL_FIX = msg("Write postgresql://user:password@server/database or sqlite:////absolute/path/file.sqlite3.")


def _database(text: str) -> URL:
    """The address of a database, with our driver. The text is not quoted back: it may hold a password."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise _Bad("setting-database", msg("This is not the address of a database."), _URL_FIX) from None
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        reason = msg("'{kind}' is not a kind of database that Dougong runs on.", kind=url.drivername)
        raise _Bad("setting-database", reason, _URL_FIX)
    if not url.database or url.database == ":memory:":
        reason = msg("A database in memory would be another one for each connection.")
        raise _Bad("setting-database", reason, _URL_FIX)
    return url.set(drivername="sqlite")


def _origin(text: str) -> str:
    parts = urlsplit(text.rstrip("/"))
    bare = not (parts.path or parts.query or parts.fragment)
    if parts.scheme in ("http", "https") and parts.hostname and bare:
        return f"{parts.scheme}://{parts.netloc}"
    fix = msg("Write the address that people type, without a path: https://crm.example.com")
    raise _Bad("setting-address", msg("'{text}' is not the address of a site.", text=text), fix)


def _mail_server(text: str) -> Secret:
    """The address of a mail server. It is not quoted back: it may hold a password."""
    fix = msg("Write smtp://user:password@server:587 (STARTTLS), smtps://…:465 (TLS) or smtp+plain://server:25.")
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("smtp", "smtps", "smtp+plain") and parts.hostname and (parts.port or 1)
    except ValueError:
        good = False
    if not good or parts.path.strip("/") or parts.query or parts.fragment:
        raise _Bad("setting-mail-server", msg("This is not the address of a mail server."), fix)
    return Secret(text)


def _sender(text: str) -> str:
    _name, address = parseaddr(text)
    if address.count("@") == 1 and not any(ord(each) < 32 for each in text):
        return text.strip()
    fix = msg("Write an e-mail address: crm@example.com or Sales <crm@example.com>")
    raise _Bad("setting-sender", msg("'{text}' is no e-mail address.", text=text), fix)


def _issuer(text: str) -> str:
    """The issuer of OpenID Connect: https, but for one on this machine."""
    parts = urlsplit(text)
    near = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and near)) and not parts.query:
        return text
    fix = msg("Write the provider's issuer as it does: https://login.example.com")
    raise _Bad("setting-issuer", msg("'{text}' is not the https address of a provider.", text=text), fix)


def _flag(text: str) -> bool:
    return bool(_choice("yes", "no")(text) == "yes")


def _secret(text: str) -> Secret:
    return Secret(text.strip())


def _long_secret(text: str) -> Secret:
    if len(text.strip()) >= 32:
        return _secret(text)
    fix = msg("Write 32 random characters or more: openssl rand -base64 32")
    raise _Bad("setting-secret-short", msg("This secret is too short."), fix)


def _text(text: str) -> str:
    return text.strip()


def _hosts(text: str) -> frozenset[str]:
    return frozenset(each.strip().lower() for each in text.split(",") if each.strip())


def _setting(default: Any, read: Read, help: Message) -> Any:
    """A field of `Settings`. A callable `default` is given the settings read before it."""
    return field(metadata={"default": default, "read": read, "help": help})


def _default_url(known: Mapping[str, Any]) -> URL:
    folder = known.get("data_dir")  # absent when DATA_DIR itself is bad
    return URL.create("sqlite", database=str(folder / "dougong.sqlite3") if folder else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of one process, in the order in which they are shown."""

    data_dir: Path = _setting("data", _folder, msg("Folder of what is kept in files: the SQLite database and uploads."))
    database_url: URL = _setting(
        _default_url,
        _database,
        msg("Database: PostgreSQL 15 or later, or SQLite; a SQLite file in DATA_DIR if not set."),
    )
    listen: str = _setting(
        "127.0.0.1", _text, msg("Address that the server listens on; 0.0.0.0 for all of this machine.")
    )
    port: int = _setting("8000", _integer(1, 65535), msg("Port that the server listens on."))
    public_url: str | None = _setting(
        None, _origin, msg("Address that people type, where a proxy stands before the server.")
    )
    trusted_proxies: str = _setting(
        "127.0.0.1", _text, msg("Addresses whose X-Forwarded headers are believed, with commas between them.")
    )
    workers: int = _setting("1", _integer(1, 64), msg("Server processes."))
    threads: int = _setting(
        "12",
        _integer(1, 64),
        msg("Requests answered at once by each process; also its database connections."),
    )
    background: bool = _setting(
        "yes", _flag, msg("Whether server processes do background work too: yes, or no where `dougong worker` does it.")
    )
    tests_at_publish: bool = _setting(
        "yes", _flag, msg("Whether the tests of a configuration are carried out before it is published: yes or no.")
    )
    max_body_mb: int = _setting("32", _integer(1, 2048), msg("Largest request, in megabytes."))
    company_name: str = _setting("Dougong", _text, msg("Name of a new company, as its pages show it."))
    default_language: str = _setting(
        "en",
        _choice(*LANGUAGES),
        msg("Language of people who have chosen none: {choices}.", choices="en, zh-CN"),
    )
    default_timezone: ZoneInfo = _setting(
        "UTC", _zone, msg("Time zone of people who have chosen none, and of midnight for what changes with the day.")
    )
    secret_key: Secret | None = _setting(
        None,
        _long_secret,
        msg(
            "Seals what must be read again, such as secrets of authenticator apps; a file in DATA_DIR if not set. "
            "Older ones follow with commas between them."
        ),
    )
    smtp_url: Secret | None = _setting(
        None, _mail_server, msg("Mail server: smtp://user:password@server:587; without it no mail is sent.")
    )
    mail_from: str | None = _setting(None, _sender, msg("Sender of mails: Sales <crm@example.com>."))
    near_hosts: frozenset[str] = _setting(
        "",
        _hosts,
        msg("Hosts in private networks that web hooks and bots may call all the same, with commas between them."),
    )
    oidc_issuer: str | None = _setting(
        None, _issuer, msg("Issuer for single sign-on by OpenID Connect; without it there is none.")
    )
    oidc_client_id: str | None = _setting(None, _text, msg("What the provider calls this site."))
    oidc_client_secret: Secret | None = _setting(None, _secret, msg("The secret that the provider gave this site."))
    oidc_name: str = _setting("Single sign-on", _text, msg("What the button for single sign-on says."))
    oidc_login_claim: str = _setting(
        "preferred_username", _text, msg("Claim that holds the user name of somebody new.")
    )
    oidc_link_by_email: bool = _setting(
        "no", _flag, msg("Whether a verified e-mail address links somebody to the user who has it: yes, no.")
    )
    oidc_create_users: bool = _setting(
        "no", _flag, msg("Whether somebody whom the provider knows and we do not becomes a user: yes, no.")
    )
    log_level: str = _setting(
        "info", _choice("debug", "info", "warning", "error"), msg("Least severity that is logged.")
    )
    log_format: str = _setting(
        "text", _choice("text", "json"), msg("Form of the log: text for people, json for collectors.")
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read every setting; an empty variable counts as not set.

        Raises:
            SettingError: with every bad value, what is wrong with it and what to write.
        """
        known: dict[str, Any] = {}
        problems: list[Problem] = []
        for each in describe():
            try:
                known[each.name] = each.value(environment, known)
            except _Bad as bad:
                problems.append(Problem(code=bad.code, reason=bad.reason, fix=bad.fix, thing=each.variable))
        if not problems:
            problems = list(_lacking(known))
        if problems:
            raise SettingError(problems)
        return cls(**known)


_TOGETHER = (
    ("smtp_url", ("mail_from", "public_url")),
    ("oidc_issuer", ("oidc_client_id", "oidc_client_secret", "public_url")),
)
"""What is of no use without the others: mails and providers lead people back to the address that they type."""


def _lacking(known: Mapping[str, Any]) -> Iterator[Problem]:
    for name, others in _TOGETHER:
        for other in others:
            if known[name] and not known[other]:
                reason = msg("{name} is set, {other} is not.", name=name.upper(), other=other.upper())
                fix = msg("Set {other} as well.", other=other.upper())
                yield Problem(code="setting-lacking", reason=reason, fix=fix, thing=other.upper())


@dataclass(frozen=True, slots=True)
class Described:
    """One setting as shown to operators: `variable` is its name in the environment."""

    name: str
    variable: str
    default: str | Callable[[Mapping[str, Any]], Any] | None
    read: Read
    help: Message

    def value(self, environment: Mapping[str, str], known: Mapping[str, Any]) -> Any:
        """The value that `environment` gives, or else the default; that may look at those `known` so far."""
        text = environment.get(self.variable) or self.default
        if text is None:
            return None
        return self.read(text) if isinstance(text, str) else text(known)

    def default_text(self) -> str:
        """The default as a person would write it; "" where there is none."""
        return self.default if isinstance(self.default, str) else ""


def describe() -> Iterator[Described]:
    """Every setting, in order."""
    for each in dataclasses.fields(Settings):
        about = each.metadata
        yield Described(each.name, each.name.upper(), about["default"], about["read"], about["help"])


def shown(value: Any) -> str:
    """A value of a setting for a person or a log: the password of an address is hidden."""
    if isinstance(value, URL):
        return value.render_as_string(hide_password=True)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    return "" if value is None else str(value)
