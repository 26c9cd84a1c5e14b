"""The API under ``/api/``: made from the metadata, with the list views' filter language and the engine's own access."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dougong.web.api import handovers, metadata, openapi, owners, records, revealing
from dougong.web.api.door import METHODS, Call, endpoint, refusal
from dougong.web.site import Site

CALLS: tuple[Call, ...] = (
    *records.CALLS,
    *metadata.CALLS,
    *handovers.CALLS,
    *owners.CALLS,
    *revealing.CALLS,
    *openapi.CALLS,
)
"""Every call of the API."""


def routes(site: Site) -> list[Route]:
    """The routes of the API, for the application of one process; what is no call below ``/api/`` says so in JSON."""
    by_path: dict[str, dict[str, Call]] = {}
    for call in sorted(CALLS, key=_fixed_words_first):
        by_path.setdefault(call.path, {})[call.method] = call

    async def nothing(request: Request) -> Response:
        return refusal(site, request, 404)

    made = [Route(path, endpoint(site, calls), methods=list(METHODS)) for path, calls in by_path.items()]
    return [*made, Route("/api/{rest:path}", nothing, methods=list(METHODS))]


def _fixed_words_first(call: Call) -> tuple[bool, ...]:
    """The first route that fits a path answers, whatever the method: ``/bulk`` stands before ``/{id}``."""
    return tuple(part.startswith("{") for part in call.path.split("/"))
