"""Which company a request is for: the one that its host name leads to, each with an application of its own.

Companies share nothing but code, templates and static files. A host that leads nowhere and one of a company that was
switched off get the same answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dougong.engine.company import Companies, Company
from dougong.engine.directory import DEFAULT, Listed

Make = Callable[[Company, Listed | None], ASGIApp]


class ByHost:
    """The ASGI application of a process that serves many companies. The beginning and end of serving are `life`'s."""

    def __init__(self, companies: Companies, make: Make, life: ASGIApp) -> None:
        """Make each company's application with `make` when it is first asked for."""
        self._companies, self._make, self._life = companies, make, life
        self._made: dict[str, tuple[Company, ASGIApp]] = {}
        self._making = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the company's application."""
        if scope["type"] == "lifespan":
            await self._life(scope, receive, send)
            return
        host = host_of(Headers(scope=scope).get("host", ""))
        app = self._ready(host) or await anyio.to_thread.run_sync(self._application, host)
        await (app or PlainTextResponse("Not found\n", 404))(scope, receive, send)

    def _ready(self, host: str) -> ASGIApp | None:
        """The application of the company of `host`, where that needs neither database nor lock: nearly always."""
        known = self._companies.fresh()
        made = None if known is None else self._made.get(company_of(known, host) or "")
        return made[1] if made is not None and self._companies.holds(made[0]) else None

    def _application(self, host: str) -> ASGIApp | None:
        """The application of the company of `host`; None where there is none that is to be served."""
        known = self._companies.listed()
        name = company_of(known, host)
        if name is None:
            return None
        company = self._companies.open(name)
        with self._making:
            made = self._made.get(name)
            if made is None or made[0] is not company:
                made = self._made[name] = company, self._make(company, known.get(name))
            return made[1]


def host_of(header: str) -> str:
    """The name in a Host header, without its port."""
    name = header.rpartition(":")[0] if header.rpartition(":")[2].isdecimal() else header
    return name.lower().rstrip(".")


def company_of(known: Mapping[str, Listed], host: str) -> str | None:
    """The company that a host leads to; None where that is none, or one that was switched off.

    The company "default" has all hosts that are nobody's, unless it was given some of its own.
    """
    if not known:
        return DEFAULT
    default = known.get(DEFAULT)
    found = next((each for each in known.values() if host in each.hosts), None)
    if found is None and default is not None and not default.hosts:
        found = default
    return found.name if found is not None and found.active else None
