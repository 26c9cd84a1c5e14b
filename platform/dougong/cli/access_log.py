"""One log line per request: method, path, status, milliseconds. Never the query, which may hold secrets."""

from __future__ import annotations

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = structlog.stdlib.get_logger("dougong.request")


class AccessLog:
    """ASGI middleware that logs each answered request."""

    def __init__(self, app: ASGIApp) -> None:
        """Log the requests of `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by `app`, then log."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            _LOG.info("request", method=scope["method"], path=scope["path"], status=status, ms=milliseconds)
