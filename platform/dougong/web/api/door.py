"""How a call comes in and goes out: bearer token, JSON body, one hop to a thread, problems as JSON."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import anyio.to_thread
import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dougong.base.errors import BadRequest, DougongError, Forbidden, Place, Problem
from dougong.base.language import msg
from dougong.engine.actor import NOBODY, SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.first import First
from dougong.engine.unit import Unit
from dougong.metadata.rights import API
from dougong.web.identity import api_tokens, rates
from dougong.web.identity.api_tokens import NO_API
from dougong.web.identity.policy import policy_of
from dougong.web.identity.rates import TooManyRequests
from dougong.web.site import Site
from dougong.web.visit import preferred_language

T = TypeVar("T")
log = structlog.get_logger("dougong.api")

JSON = "application/json"
LINES = "application/x-ndjson"


class Unauthorised(DougongError):
    """No token, or one that opens nothing."""

    status = 401


class PreconditionFailed(DougongError):
    """The record is no longer at the version that If-Match names."""

    status = 412


class UnsupportedMediaType(DougongError):
    """The body is in no format that the call takes."""

    status = 415


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call answers: a JSON value, or ready bytes of another type."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] | None = None
    media_type: str = JSON


@dataclass(frozen=True, slots=True)
class Asked:
    """One call as its handler sees it."""

    site: Site
    request: Request
    raw: bytes

    @property
    def parameters(self) -> Mapping[str, str]:
        """The path's parameters and the query's."""
        return {**self.request.query_params, **self.request.path_params}

    @property
    def media_type(self) -> str:
        """The type of the body, without parameters."""
        return self.request.headers.get("content-type", JSON).partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            BadRequest: it is none.
            UnsupportedMediaType: the call says that it is something else.
        """
        if self.media_type != JSON:
            reason = msg("The body is {found}, not {wanted}.", found=self.media_type, wanted=JSON)
            raise UnsupportedMediaType(Problem(code="media-type", reason=reason))
        return parsed(self.raw)

    def body(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            BadRequest: it is none.
        """
        found = self.json()
        if not isinstance(found, dict):
            raise BadRequest(Problem(code="body-shape", reason=msg("The body is no JSON object.")))
        return found


def parsed(raw: bytes, line: int | None = None) -> Any:
    """JSON from bytes; problems name the `line`."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        reason = msg("The body is no JSON: {error}.", error=error.msg)
        place = Place(line=line or error.lineno, column=error.colno)
        raise BadRequest(Problem(code="body-json", reason=reason, place=place)) from None


Handler = Callable[[Asked, Unit], Answer]
Alone = Callable[[Asked, Company, Actor], Answer]


@dataclass(frozen=True, slots=True)
class Call:
    """One operation: where it is, what does it, and whether it writes.

    `alone` does it instead of `handler` where the work opens units of its own: a publish waits for every other one.
    """

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    handler: Handler | None = None
    writes: bool = False
    alone: Alone | None = None


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def endpoint(site: Site, calls: Mapping[str, Call]) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint of the calls of one path, by method; other methods are told which there are."""
    longest = site.settings.max_body_mb << 20

    async def answer(request: Request) -> Response:
        call = calls.get("GET" if request.method == "HEAD" else request.method)
        if call is None:
            return refusal(site, request, 405, allow=", ".join(calls))
        try:
            raw = b"" if request.method in ("GET", "HEAD") else await request.body()
        except HTTPException:
            return refusal(site, request, 413)
        if len(raw) > longest:
            return refusal(site, request, 413)
        limiter = site.writes if call.writes or call.alone else site.reads
        return await anyio.to_thread.run_sync(_carry_out, site, call, Asked(site, request, raw), limiter=limiter)

    return answer


def refusal(site: Site, request: Request, status: int, allow: str = "") -> Response:
    """What is answered before any call is found: 404 for no address, 405 for no method, 413 for too large a body."""
    match status:
        case 404:
            problem = Problem(code="call-unknown", reason=msg("There is no such call."), thing=request.url.path)
        case 405:
            problem = Problem(code="method-unknown", reason=msg("This address takes: {methods}.", methods=allow))
        case _:
            most = site.settings.max_body_mb
            problem = Problem(code="body-too-large", reason=msg("The body is larger than {most} MB.", most=most))
    answer = _problems(site, request, DougongError(problem), status)
    if allow:
        answer.headers["allow"] = allow
    return answer


def _carry_out(site: Site, call: Call, asked: Asked) -> Response:
    try:
        token = _token(asked.request)
        answer = _answer(site, call, asked, token)
        _note_use(site, asked.request, token)
        return _response(answer)
    except DougongError as error:
        nobody = replace(NOBODY, channel="api", address=_address(asked.request))
        site.refusals.note(site.company, getattr(asked.request.state, "caller", nobody), asked.request, error)
        return _problems(site, asked.request, error)
    except Exception:
        log.error("call failed", path=asked.request.url.path, trace=traceback.format_exc())
        failed = DougongError(Problem(code="failed", reason=msg("Something went wrong here. Nothing was changed.")))
        return _problems(site, asked.request, failed, 500)


def _answer(site: Site, call: Call, asked: Asked, token: str) -> Answer:
    handler, who = call.handler, api_tokens.asked(token)
    if handler is not None and call.writes:
        why = asked.request.query_params.get("why", "")
        return site.company.write(
            SYSTEM, lambda unit: handler(asked, _as_caller(site, unit, _found(unit, who), asked.request)), why=why
        )
    with site.company.read(SYSTEM, who) as unit:
        caller = _as_caller(site, unit, unit.first, asked.request)
        if handler is not None:
            return handler(asked, caller)
    assert call.alone is not None, "a call has a handler or works alone"
    return call.alone(asked, site.company, caller.actor)


def _response(answer: Answer) -> Response:
    body = answer.body if isinstance(answer.body, bytes) else b"" if answer.status == 204 else dump(answer.body)
    headers = {"cache-control": "no-store", **(answer.headers or {})}
    if answer.status == 204:
        return Response(status_code=204, headers=headers)
    return Response(body, answer.status, headers, media_type=answer.media_type)


def dump(value: Any) -> bytes:
    """`value` as JSON; decimals as text, since JSON's numbers are binary fractions to most readers."""
    return orjson.dumps(value, default=str)


def _problems(site: Site, request: Request, error: DougongError, status: int | None = None) -> Response:
    own = getattr(request.state, "language", site.settings.default_language)
    language = preferred_language(request.headers.get("accept-language", ""), own)
    headers = {"cache-control": "no-store"}
    if isinstance(error, TooManyRequests):
        headers["retry-after"] = str(error.seconds)
    if isinstance(error, Unauthorised):
        headers["www-authenticate"] = "Bearer"
    body = {"errors": [problem.to_json(language) for problem in error.problems]}
    return Response(dump(body), status or error.status, headers, media_type=JSON)


# -- who calls ------------------------------------------------------------------------------------------------
def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        reason = msg("This call needs a token.")
        fix = msg('Send the header "Authorization: Bearer" with a token that "dougong token create" makes.')
        raise Unauthorised(Problem(code="token-missing", reason=reason, fix=fix))
    return token.strip()


def _found(unit: Unit, who: First) -> Any:
    """The answer to `who` in a unit that writes: the company's lock comes before any statement."""
    return unit.ask(who.statement(unit.runtime), who.parameters).one()


def _as_caller(site: Site, unit: Unit, row: Any, request: Request) -> Unit:
    """The unit with the user acting in it whose token was found.

    Raises:
        Unauthorised: the token opens nothing.
        Forbidden: the user may not use the API.
        TooManyRequests: it calls too often, or it opens nothing like many before it from its address.
    """
    address = _address(request)
    found = api_tokens.caller(unit, row, site.settings, address)
    if found is None:
        rates.count(rates.BAD_TOKENS, "bad-token", address)
        raise Unauthorised(Problem(code="token-unknown", reason=msg("The token is unknown, expired or taken back.")))
    request.state.language, request.state.caller = found.actor.language, found.actor
    rates.count(policy_of(unit.runtime.model).api_calls_per_minute, "token", unit.company.name, found.digest)
    request.state.unnoted = found.stale
    acting = unit.acting(found.actor)
    if not acting.access.has(API):
        raise Forbidden(Problem(code="right-missing", thing="api", reason=NO_API))
    return acting


def _note_use(site: Site, request: Request, token: str) -> None:
    """Write down that a token is in use, now and then, after the call is done: reading never waits for it."""
    if getattr(request.state, "unnoted", False):
        site.company.write(SYSTEM, lambda unit: api_tokens.used(unit, token))


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
