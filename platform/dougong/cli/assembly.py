"""The rooms and the plugins put together into one program."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import anyio.to_thread
import pluggy
from starlette.applications import Starlette
from starlette.types import ASGIApp

from dougong.base.hooks import PROJECT, plugin_manager
from dougong.base.settings import Settings
from dougong.cli import rehearsing
from dougong.workflows.plugin import plugin as workflows

if TYPE_CHECKING:
    from dougong.engine.company import Companies, Company
    from dougong.engine.directory import Listed
    from dougong.web.site import Site


@functools.cache
def plugins() -> pluggy.PluginManager:
    """The platform's own rooms, and the plugins of this environment: distributions with an entry point "dougong".

    Raises:
        pluggy.PluginValidationError: one implements a hook that does not exist.
    """
    manager = plugin_manager((workflows, rehearsing.plugin))
    manager.load_setuptools_entrypoints(PROJECT)
    manager.check_pending()
    return manager


def assemble(settings: Settings) -> ASGIApp:
    """The application of one process over the companies of `settings`; the first one's database is made if missing."""
    from dougong.engine.company import Companies  # plugins() alone, as for `dougong --help`, loads no engine
    from dougong.web.app import make_site
    from dougong.web.hosts import ByHost

    hooks = plugins().hook
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    companies = Companies(settings, hooks)
    companies.open()  # what is wrong with the database is told before anything is served

    def make(company: Company, listed: Listed | None) -> ASGIApp:
        return application(make_site(of_company(settings, listed), company))

    return ByHost(companies, make, Starlette(lifespan=lambda _: background(companies, settings.background)))


def application(site: Site) -> ASGIApp:
    """All that is served of one company: the pages and the API, and what the rooms and plugins add to them."""
    from dougong.web import api
    from dougong.web.app import create_app

    hooks = site.company.hooks
    pages = chain.from_iterable(hooks.pages())
    return create_app(site, pages, routes=chain(api.routes(site), *hooks.routes(site=site)))


def of_company(settings: Settings, listed: Listed | None) -> Settings:
    """The settings as they are for one company: its name, its address and its own folder of files."""
    from dougong.engine.directory import folder_of, public_address

    if listed is None:
        return settings
    found = replace(settings, company_name=listed.title or settings.company_name)
    found = replace(found, data_dir=folder_of(settings.data_dir, listed.name))
    return replace(found, public_url=public_address(settings.public_url, listed))


@asynccontextmanager
async def background(companies: Companies, works: bool = True) -> AsyncIterator[None]:
    """The threads of one serving process, from its start to its end; then every connection is given back.

    `works`: whether it does background work too.
    """
    from dougong.engine.announcements import Follower
    from dougong.engine.workers import Worker

    threads: list[Follower | Worker] = [Follower(companies).start()]
    if works:
        threads.append(Worker(companies).start())
    try:
        yield
    finally:
        for each in threads:
            await anyio.to_thread.run_sync(each.stop)
        companies.close()
