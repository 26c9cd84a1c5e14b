"""Bodies that come too slowly: whoever sends a byte a minute holds no request open for ever."""

from __future__ import annotations

import anyio
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_SECONDS = 300
"""How long a whole body may take: the largest one over a slow line does not take longer."""


class TooSlow(Exception):
    """A body did not come in time."""


class SlowBodies:
    """ASGI middleware: a body that takes too long is answered 408. What comes after a body may take its time."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body against the clock."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        deadline, whole, begun = anyio.current_time() + BODY_SECONDS, False, False

        async def in_time() -> Message:
            nonlocal whole
            if whole:
                return await receive()
            with anyio.CancelScope(deadline=deadline) as clock:
                message = await receive()
                whole = message["type"] != "http.request" or not message.get("more_body", False)
                return message
            assert clock.cancelled_caught
            raise TooSlow

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, in_time, watched)
        except TooSlow:
            if not begun:
                await PlainTextResponse("The request took too long.\n", 408)(scope, receive, send)
