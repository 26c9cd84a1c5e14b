"""The rooms and the plugins put together into one program."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from typing import TYPE_CHECKING

import anyio.to_thread
import pluggy
from starlette.types import ASGIApp

from dougong.base.hooks import PROJECT, plugin_manager
from dougong.base.settings import Settings

if TYPE_CHECKING:
    from dougong.engine.company import Companies


@functools.cache
def plugins() -> pluggy.PluginManager:
    """The plugins of this environment: distributions with an entry point in the group "dougong".

    Raises:
        pluggy.PluginValidationError: one implements a hook that does not exist.
    """
    manager = plugin_manager()
    manager.load_setuptools_entrypoints(PROJECT)
    manager.check_pending()
    return manager


def assemble(settings: Settings) -> ASGIApp:
    """The application of one process over the company of `settings`; its database is made where missing."""
    from dougong.engine.company import Companies  # plugins() alone, as for `dougong --help`, loads no engine
    from dougong.web import api
    from dougong.web.app import create_app, make_site

    hooks = plugins().hook
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    companies = Companies(settings, hooks)
    site = make_site(settings, companies.open())
    routes = chain(api.routes(site), *hooks.routes())
    return create_app(site, routes=routes, lifespan=lambda _: background(companies))


@asynccontextmanager
async def background(companies: Companies) -> AsyncIterator[None]:
    """The threads of one serving process, from its start to its end; then every connection is given back."""
    from dougong.engine.announcements import Follower
    from dougong.engine.workers import Worker

    worker, follower = Worker(companies).start(), Follower(companies).start()
    try:
        yield
    finally:
        await anyio.to_thread.run_sync(follower.stop)
        await anyio.to_thread.run_sync(worker.stop)
        companies.close()
