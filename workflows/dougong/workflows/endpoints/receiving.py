"""The door of incoming web hooks, ``POST /hooks/<endpoint>``: a call is proved, measured, and kept as work to do.

It is answered as soon as it is kept. What is wrong with an element of it is found by its job and is a dead letter,
which people see and try again; the other elements are done all the same.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import anyio.to_thread
import orjson
import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dougong.base import secrets
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.jobs import enqueue
from dougong.engine.unit import Unit
from dougong.metadata.messaging import Endpoint
from dougong.web.identity import rates
from dougong.web.identity.rates import TooManyRequests
from dougong.web.site import Site
from dougong.workflows.channels.signing import genuine
from dougong.workflows.endpoints.reading import MISSING, at
from dougong.workflows.endpoints.rows import JOB

MOST_ROWS = 1000
"""Elements of one call."""

CALLS_A_MINUTE = 600
"""Calls of one endpoint from one address."""

log = structlog.get_logger("dougong.web")


class Refused(Exception):
    """A call that is not taken: the status, and a word for the program that made it."""

    def __init__(self, status: int, error: str) -> None:
        """Answer with this."""
        super().__init__(error)
        self.status, self.error = status, error


def routes(site: Site) -> list[Route]:
    """The door, for the application of one company."""

    async def receive(request: Request) -> Response:
        try:
            endpoint = await anyio.to_thread.run_sync(_endpoint, site.company, request, limiter=site.reads)
            body = await _body(request, endpoint)
            kept = await anyio.to_thread.run_sync(
                _keep, site.company, endpoint, request.headers, body, limiter=site.writes
            )
        except Refused as refused:
            return JSONResponse({"error": refused.error}, refused.status)
        except TooManyRequests as error:
            return JSONResponse({"error": "too many calls"}, 429, {"retry-after": str(error.seconds)})
        return JSONResponse({"accepted": kept}, 202)

    return [Route("/hooks/{name}", receive, methods=["POST"])]


def _endpoint(company: Company, request: Request) -> Endpoint:
    name = str(request.path_params["name"])
    rates.count(CALLS_A_MINUTE, "hook", company.name, name, request.client.host if request.client else "")
    found = company.runtime().model.workflows.endpoints.get(name)
    if found is None or not found.active:
        raise Refused(404, "there is no such endpoint")
    return found


async def _body(request: Request, endpoint: Endpoint) -> bytes:
    """What was sent; no more of it is read than the endpoint takes."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > endpoint.largest_bytes:
        raise Refused(413, f"larger than {endpoint.largest_bytes} bytes")
    found = bytearray()
    try:
        async for piece in request.stream():
            found += piece
            if len(found) > endpoint.largest_bytes:
                raise Refused(413, f"larger than {endpoint.largest_bytes} bytes")
    except ClientDisconnect:
        raise Refused(400, "the body ended early") from None
    return bytes(found)


def _keep(company: Company, endpoint: Endpoint, headers: Headers, body: bytes) -> int:
    """Ask for the work of a call; how many elements that was. A call that is repeated asks for nothing more."""
    _prove(company, endpoint, headers, body)
    try:
        document = orjson.loads(body)
    except ValueError:
        raise Refused(400, "the body is no JSON") from None
    key, rows = _key(endpoint, headers, document), _rows(endpoint, document)

    def work(unit: Unit) -> None:
        for number, element in enumerate(rows):
            payload = {"endpoint": endpoint.name, "element": element}
            enqueue(unit, JOB, payload, f"{JOB}:{endpoint.name}:{key}:{number}")

    company.write(SYSTEM, work)
    return len(rows)


def _prove(company: Company, endpoint: Endpoint, headers: Headers, body: bytes) -> None:
    name = endpoint.signing_secret or endpoint.token_secret or ""
    secret = secrets.secret(company.name, name)
    if secret is None:
        log.warning("endpoint without secret", endpoint=endpoint.name, set=secrets.variable(company.name, name))
        raise Refused(503, "the endpoint is not set up")
    if endpoint.signing_secret is not None:
        proved = genuine(secret, headers, body)
    else:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        proved = scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), secret.encode())
    if not proved:
        raise Refused(401, "the call is not signed, or too old")


def _key(endpoint: Endpoint, headers: Mapping[str, str], document: Any) -> str:
    if endpoint.once is None:
        found: Any = headers.get("webhook-id") or headers.get("idempotency-key")
    else:
        found = at(document, endpoint.once)
    if found is MISSING or not isinstance(found, str | int) or not 0 < len(str(found)) <= 200:
        raise Refused(400, "nothing says which call this is")
    return str(found)


def _rows(endpoint: Endpoint, document: Any) -> list[Any]:
    if endpoint.rows is None:
        return [document]
    found = at(document, endpoint.rows)
    if not isinstance(found, list):
        raise Refused(400, f"there is no list at {endpoint.rows or '/'}")
    if len(found) > MOST_ROWS:
        raise Refused(413, f"more than {MOST_ROWS} elements")
    return found
