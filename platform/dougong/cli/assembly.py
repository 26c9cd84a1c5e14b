"""The rooms and the plugins put together into one program."""

from __future__ import annotations

import functools
from itertools import chain

import pluggy
from starlette.types import ASGIApp

from dougong.base.hooks import PROJECT, plugin_manager
from dougong.base.settings import Settings


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
    company = Companies(settings, hooks).open()
    site = make_site(settings, company)
    return create_app(site, routes=chain(api.routes(site), *hooks.routes()))
