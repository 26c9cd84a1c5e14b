"""How others sign in, for those who manage users: who waits after wrong tries, who is signed in where."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.errors import Problem, Rejected
from dougong.base.language import msg
from dougong.engine.query import Condition, Query, Sort
from dougong.engine.reading.filters import both
from dougong.engine.rights.superiors import has_power_over, require_power_over
from dougong.engine.saving.batch import Update
from dougong.engine.unit import Unit
from dougong.web import credentials, sessions
from dougong.web.frame import framed
from dougong.web.identity import api_tokens, challenges, passkeys, second_step, throttle
from dougong.web.identity.events import tell
from dougong.web.identity.policy import policy_of
from dougong.web.pages.security import METHODS, no_such
from dougong.web.queues import choosable
from dougong.web.routing import Page
from dougong.web.visit import Visit, forbidden

HERE = "/sign-ins"
RIGHT = "manage_users"
MOST = 200


def _require(unit: Unit) -> None:
    if not unit.access.has(RIGHT):
        raise forbidden(RIGHT)


def show(visit: Visit) -> Response:
    """The people who may sign in, those that are looked for first; who waits is marked."""
    _require(visit.unit)
    asked, unit = visit.asked("q").strip()[:80], visit.unit
    found = unit.records.query(
        Query(
            object="user",
            columns=("name", "login", "active"),
            where=both(Condition("active", "is", True), choosable(unit, None, None, visit.model.objects["user"])),
            search=asked,
            sort=(Sort("name"), Sort("id")),
            limit=MOST,
        )
    )
    people = [(row.id, row.values[0] or row.values[1], row.values[1]) for row in found.rows]
    return framed(
        visit,
        "sign_ins.html",
        HERE,
        visit.say(msg("Sign-ins")),
        asked=asked,
        people=people,
        locked=throttle.locked(unit, policy_of(unit.runtime.model), [id for id, _, _ in people]),
        seen=sessions.last_seen(unit, [id for id, _, _ in people]),
    )


def one(visit: Visit, id: str) -> Response:
    """How one person signs in, and where they are signed in."""
    return _one(visit, id)


def _one(visit: Visit, id: str, password: str = "") -> Response:
    _require(visit.unit)
    unit = visit.unit
    person, beyond = unit.records.get("user", id).values, not has_power_over(unit, id)
    return framed(
        visit,
        "sign_in_of.html",
        HERE,
        str(person["name"] or person["login"]),
        id=id,
        login=person["login"],
        active=person["active"],
        frozen=person.get("frozen"),
        can_freeze="frozen" in visit.model.objects["user"].fields and id != visit.actor.user_id and not beyond,
        one_time=password,
        locked=throttle.locked(unit, policy_of(unit.runtime.model), [id]).get(id),
        has_password=credentials.has_password(unit, id),
        authenticator=second_step.has_authenticator(unit, id),
        passkeys=passkeys.listed(unit, id),
        devices=sessions.listed(unit, id, visit.signed_in.token),
        methods={key: visit.say(name) for key, name in METHODS.items()},
        ending="" if beyond else f"{HERE}/{id}/sessions",
        tokens=api_tokens.listed(unit, id),
        now=unit.now,
        beyond=beyond,
    )


def _known(unit: Unit, id: str) -> None:
    """Check the right, that whoever asks can see the person, and that the person holds no more than they do.

    Raises:
        Forbidden, NotFound: the one or the other fails.
    """
    _require(unit)
    unit.records.get("user", id)
    require_power_over(unit, id)


def freeze(visit: Visit, id: str) -> Response:
    """Shut somebody out at once: their sessions end, their tokens open nothing; what they own stays theirs."""
    _freeze(visit, id, True)
    return visit.go(f"{HERE}/{id}", visit.say(msg("Frozen: signed out everywhere")))


def thaw(visit: Visit, id: str) -> Response:
    """Let somebody who was frozen come in again."""
    _freeze(visit, id, False)
    return visit.go(f"{HERE}/{id}", visit.say(msg("They can sign in again")))


def _freeze(visit: Visit, id: str, frozen: bool) -> None:
    if id == visit.actor.user_id:
        raise Rejected(Problem(code="freeze-oneself", thing=id, reason=msg("Nobody can freeze themselves.")))

    def work(unit: Unit) -> None:
        _known(unit, id)
        unit.records.save([Update("user", id, {"frozen": frozen})])

    visit.write(work)


def unlock(visit: Visit, id: str) -> Response:
    """Let them try again at once."""

    def work(unit: Unit) -> None:
        _known(unit, id)
        throttle.unlock(unit, id)

    visit.write(work)
    return visit.go(f"{HERE}/{id}", visit.say(msg("They can try again now")))


def end_all(visit: Visit, id: str) -> Response:
    """Sign them out everywhere."""

    def work(unit: Unit) -> None:
        _known(unit, id)
        tell(unit, "session_ended", id, count=sessions.end_all(unit, id))

    visit.write(work)
    return visit.go(f"{HERE}/{id}", visit.say(msg("Signed out everywhere")))


def end_one(visit: Visit, id: str, session: str) -> Response:
    """Sign them out in one place."""

    def work(unit: Unit) -> None:
        _known(unit, id)
        if not sessions.end_one(unit, id, session):
            raise no_such("session")
        tell(unit, "session_ended", id)

    visit.write(work)
    return visit.go(f"{HERE}/{id}", visit.say(msg("Signed out there")))


def new_password(visit: Visit, id: str) -> Response:
    """Give them a one-time password, shown this once; they are signed out everywhere."""
    made = credentials.one_time_password()

    def work(unit: Unit) -> None:
        _known(unit, id)
        credentials.set_password(unit, id, made, must_change=True)
        sessions.end_all(unit, id)
        throttle.unlock(unit, id)
        challenges.drop(unit, "reset", id)
        tell(unit, "password_reset", id)

    visit.write(work)
    with visit.read() as reading:
        return _one(reading, id, made)


def remove_factors(visit: Visit, id: str) -> Response:
    """For who lost their phone: forget app, recovery codes and passkeys; they are signed out everywhere."""

    def work(unit: Unit) -> None:
        _known(unit, id)
        second_step.remove(unit, id)
        for each in passkeys.listed(unit, id):
            passkeys.remove(unit, id, each.id)
        sessions.end_all(unit, id)

    visit.write(work)
    return visit.go(f"{HERE}/{id}", visit.say(msg("Second step removed")))


def revoke(visit: Visit, id: str, token: str) -> Response:
    """Take back a token of theirs."""

    def work(unit: Unit) -> None:
        _known(unit, id)
        if not api_tokens.revoke(unit, id, token):
            raise no_such("token")

    visit.write(work)
    return visit.go(f"{HERE}/{id}", visit.say(msg("Token taken back")))


PAGES = (
    Page("GET", HERE, show, right=RIGHT),
    Page("GET", f"{HERE}/{{id}}", one, right=RIGHT),
    Page("POST", f"{HERE}/{{id}}/freeze", freeze, right=RIGHT),
    Page("POST", f"{HERE}/{{id}}/thaw", thaw, right=RIGHT),
    Page("POST", f"{HERE}/{{id}}/unlock", unlock, right=RIGHT),
    Page("POST", f"{HERE}/{{id}}/sessions/end", end_all, right=RIGHT),
    Page("POST", f"{HERE}/{{id}}/sessions/{{session}}/end", end_one, right=RIGHT),
    Page("POST", f"{HERE}/{{id}}/password", new_password, proof=True, right=RIGHT),
    Page("POST", f"{HERE}/{{id}}/second-step/remove", remove_factors, proof=True, right=RIGHT),
    Page("POST", f"{HERE}/{{id}}/tokens/{{token}}/revoke", revoke, right=RIGHT),
)
