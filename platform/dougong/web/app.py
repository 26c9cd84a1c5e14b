"""The web application of one process, assembled."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import anyio
import anyio.to_thread
from sqlalchemy.pool import QueuePool
from starlette.applications import Starlette
from starlette.datastructures import FormData, Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from dougong.base.settings import Settings
from dougong.engine.company import Company
from dougong.web import faults, routing
from dougong.web.api.door import refusal
from dougong.web.assets import PREFIX
from dougong.web.look import look, theme_folder
from dougong.web.pages import PAGES
from dougong.web.protection import Protection
from dougong.web.routing import Page
from dougong.web.site import Site
from dougong.web.slow_bodies import SlowBodies


def make_site(settings: Settings, company: Company, themes: tuple[Path, ...] = ()) -> Site:
    """The site over an open company; `themes` are folders that override the default one, strongest first."""
    assets, templates, sections = look((*themes, theme_folder()))
    pool = company.database.writers.pool
    writers = pool.size() if isinstance(pool, QueuePool) else settings.threads
    return Site(
        settings=settings,
        company=company,
        assets=assets,
        templates=templates,
        sections=sections,
        reads=anyio.CapacityLimiter(settings.threads),
        writes=anyio.CapacityLimiter(min(writers, settings.threads)),
    )


def create_app(
    site: Site,
    pages: Iterable[Page] = (),
    routes: Iterable[BaseRoute] = (),
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """The ASGI application: our pages, further `pages` of other rooms and plugins, ready-made `routes` (the API).

    `lifespan` runs beside it for as long as the process serves.
    """
    # Starlette tries one route after the other: those of records, asked for all day, come before the hundred others.
    served = sorted((*PAGES, *pages), key=lambda page: not page.path.startswith("/o/"))
    site.rights.update((page.path, page.right) for page in served if page.right)
    made = [
        Route("/health", _health),
        Mount(PREFIX.rstrip("/"), app=site.assets),
        *routes,
        *(routing.route(site, page) for page in served),
    ]

    async def no_page(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return await anyio.to_thread.run_sync(_fault, site, request, status, limiter=site.reads)

    app = Starlette(
        routes=made,
        lifespan=lifespan,
        middleware=[
            Middleware(Protection, secure=site.secure),
            Middleware(SlowBodies),
            Middleware(TooLargePage, site=site),
            Middleware(RequestBodyLimitMiddleware, max_body_size=site.settings.max_body_mb << 20),
        ],
        exception_handlers={404: no_page, 405: no_page, 400: no_page, 413: no_page},
    )
    app.router.redirect_slashes = False  # it would lead to whatever host the request names
    return app


def _fault(site: Site, request: Request, status: int) -> Response:
    """What no page answers, as a page: it speaks to whoever asks as all the others do."""
    page = Page("GET", request.url.path, lambda visit, **_: faults.plain(visit, status), who="anyone")
    return routing.carry_out(site, page, request, FormData())


class TooLargePage:
    """ASGI middleware: a body that says it is too large gets our page or JSON; the limit itself holds for all."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        """Wrap `app` of `site`."""
        self.app, self._site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once, or pass the request on."""
        if scope["type"] == "http":
            length = Headers(scope=scope).get("content-length", "")
            if length.isdecimal() and int(length) > self._site.settings.max_body_mb << 20:
                answering = refusal if scope["path"].startswith("/api/") else _fault
                limiter = self._site.reads
                answer = await anyio.to_thread.run_sync(answering, self._site, Request(scope), 413, limiter=limiter)
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


async def _health(request: Request) -> Response:
    return PlainTextResponse("ok\n")
