"""The log: one line per event on standard error, with our own and the libraries' events in one form.

Secrets stay out: values under the names in `SECRET` are blanked, addresses of databases lose their password.
"""

from __future__ import annotations

import logging
import logging.config
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET = frozenset({"authorization", "cookie", "csrf", "key", "password", "secret", "session", "set-cookie", "token"})
"""Names whose values are never logged, whatever event they come with."""

BLANK = "***"

QUIET = ("alembic", "httpx2")
"""Libraries whose everyday notes nobody who runs a server asks for: warnings of theirs are told, and all at "debug"."""


def _blank_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in event.keys() & SECRET:
        event[name] = BLANK
    return event


def _drop_colours(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("color_message", None)  # uvicorn's second copy of each message, for terminals
    return event


_SHARED: tuple[Any, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    _drop_colours,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _blank_secrets,
)


def _renderers(form: str) -> list[Any]:
    # No local variables in tracebacks, which both renderers show by default: they hold what people typed.
    if form == "json":
        transform = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
        return [structlog.processors.ExceptionRenderer(transform), renderer]
    return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]


def _quieter(level: str) -> str:
    return {"INFO": "WARNING"}.get(level.upper(), level.upper())


def configure(level: str, form: str) -> None:
    """Send events of at least `level` ("debug" … "error") to standard error as "text" or "json" lines."""
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(form)],
        "foreign_pre_chain": _SHARED,
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level.upper()},
            "loggers": {name: {"level": _quieter(level)} for name in QUIET},
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
