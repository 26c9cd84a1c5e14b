"""Letting somebody in: from a proof of who they are to a session, through a second step where one is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, get_args

from starlette.responses import Response

from dougong.engine.actor import SYSTEM
from dougong.engine.unit import Unit
from dougong.web import sessions
from dougong.web.identity import challenges, throttle
from dougong.web.identity.events import at_the_door, tell
from dougong.web.identity.policy import policy_of
from dougong.web.identity.throttle import Brake, TooManyTries
from dougong.web.sessions import Method
from dougong.web.visit import Visit


def brakes(unit: Unit, visit: Visit, user_id: str | None, typed: str = "") -> tuple[Brake, Brake]:
    """What a try for an account, made from the visit's address, counts against."""
    policy = policy_of(unit.runtime.model)
    return throttle.account(policy, user_id, typed), throttle.address(policy, visit.address)


def count(visit: Visit, held: tuple[Brake, Brake]) -> None:
    """Count a try before it is judged.

    Raises:
        TooManyTries: a brake holds; nothing is counted.
    """
    wait = visit.company.write(SYSTEM, lambda unit: throttle.take(unit, held))
    if wait is not None:
        raise TooManyTries(wait)


def forgive(unit: Unit, held: tuple[Brake, Brake]) -> None:
    """The try that was counted was right."""
    throttle.forgive(unit, held[0].key, held[1].key)


def failed(visit: Visit, user_id: str | None, step: str, held: tuple[Brake, Brake] | None = None) -> None:
    """Record that a try failed; where the account's brake holds from now on, that too."""

    def note(unit: Unit) -> None:
        by = visit.actor if visit.session else at_the_door(visit.address)
        tell(unit, "sign_in_failed", user_id, by=by, step=step)
        if user_id is not None and held is not None and throttle.holds(unit, held[0]):
            tell(unit, "account_locked", user_id, by=by)

    visit.company.write(SYSTEM, note)


def let_in(visit: Visit, unit: Unit, user_id: str, method: Method) -> str:
    """Begin a session in `unit`, end the one that this browser had; what the cookie shall hold."""
    if visit.session is not None:
        sessions.end(unit, visit.session.token)
    challenges.drop(unit, "second_step", user_id)
    tell(unit, "signed_in", user_id, by=at_the_door(visit.address, user_id), method=method)
    return sessions.begin(unit, user_id, visit.request.headers.get("user-agent", ""), visit.address, method)


def with_session(visit: Visit, answer: Response, token: str, lifetime: timedelta) -> Response:
    """`answer` with the cookie of a new session, and without those that led to it."""
    secure = visit.site.secure
    answer.set_cookie(
        sessions.cookie_name(secure),
        token,
        max_age=int(lifetime.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=secure,
    )
    for step in get_args(Step):
        if step_cookie(secure, step) in visit.request.cookies:
            answer.delete_cookie(step_cookie(secure, step), path="/", httponly=True, samesite="lax", secure=secure)
    visit.door = ""
    return answer


Step = Literal["step", "passkey", "provider"]
"""What may be begun side by side, each in a cookie of its own: a second step, a passkey, single sign-on."""


def step_cookie(secure: bool, step: Step = "step") -> str:
    """The name of the cookie that holds what was begun and not finished."""
    return f"__Host-dougong-{step}" if secure else f"dougong_{step}"


def with_step(visit: Visit, answer: Response, token: str, step: Step = "step") -> Response:
    """`answer` with the cookie that holds `token` until the step is finished."""
    answer.set_cookie(
        step_cookie(visit.site.secure, step),
        token,
        max_age=int(challenges.SOON.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=visit.site.secure,
    )
    return answer


def step_of(visit: Visit, step: Step = "step") -> str:
    """The token of what this browser has begun; "" where there is nothing."""
    return visit.request.cookies.get(step_cookie(visit.site.secure, step), "")
