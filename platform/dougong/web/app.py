"""The web application of one process, assembled."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import anyio
from sqlalchemy.pool import QueuePool
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from dougong.base.settings import Settings
from dougong.engine.company import Company
from dougong.web import faults, routing
from dougong.web.assets import PREFIX, Assets
from dougong.web.composer.sections import Sections
from dougong.web.pages import PAGES
from dougong.web.protection import Protection
from dougong.web.routing import Page
from dougong.web.site import Site
from dougong.web.templates import Templates
from dougong.web.visit import Visit


def theme_folder(name: str = "default") -> Path:
    """Where a theme that ships stands on disk."""
    return Path(str(resources.files("dougong.themes"))) / name


def make_site(settings: Settings, company: Company, themes: tuple[Path, ...] = ()) -> Site:
    """The site over an open company; `themes` are folders that override the default one, strongest first."""
    folders = (*themes, theme_folder())
    assets = Assets(folders[-1])
    pool = company.database.writers.pool
    writers = pool.size() if isinstance(pool, QueuePool) else settings.threads
    templates = Templates(folders, assets)
    return Site(
        settings=settings,
        company=company,
        assets=assets,
        templates=templates,
        sections=Sections(templates),
        reads=anyio.CapacityLimiter(settings.threads),
        writes=anyio.CapacityLimiter(min(writers, settings.threads)),
    )


def create_app(site: Site, pages: Iterable[Page] = (), routes: Iterable[BaseRoute] = ()) -> Starlette:
    """The ASGI application: our pages, further `pages` of other rooms and plugins, and ready-made `routes` (the API)."""
    made = [
        Route("/health", _health),
        Mount(PREFIX.rstrip("/"), app=site.assets),
        *routes,
        *(routing.route(site, page) for page in (*PAGES, *pages)),
    ]

    async def no_page(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return await anyio.to_thread.run_sync(_fault, site, request, status)

    return Starlette(
        routes=made,
        middleware=[
            Middleware(Protection, secure=site.secure),
            Middleware(RequestBodyLimitMiddleware, max_body_size=site.settings.max_body_mb << 20),
        ],
        exception_handlers={404: no_page, 405: no_page, 400: no_page, 413: no_page},
    )


def _fault(site: Site, request: Request, status: int) -> Response:
    visit = Visit(site, request, site.company, None, routing._language(site, request))
    return faults.plain(visit, status)


async def _health(request: Request) -> Response:
    return PlainTextResponse("ok\n")
