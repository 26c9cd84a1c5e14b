"""The API under ``/api/``: made from the metadata, with the list views' filter language and the engine's own access."""

from __future__ import annotations

from starlette.routing import Route

from dougong.web.api import metadata, openapi, records
from dougong.web.api.door import Call, endpoint
from dougong.web.site import Site

CALLS: tuple[Call, ...] = (*records.CALLS, *metadata.CALLS, *openapi.CALLS)
"""Every call of the API."""


def routes(site: Site) -> list[Route]:
    """The routes of the API, for the application of one process."""
    by_path: dict[str, dict[str, Call]] = {}
    for call in CALLS:
        by_path.setdefault(call.path, {})[call.method] = call
    return [Route(path, endpoint(site, calls), methods=list(calls)) for path, calls in by_path.items()]
