"""The second step: an authenticator app, recovery codes, of whom it is asked, and the proof before it is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from dougong.base.ids import record_id
from dougong.base.settings import Settings
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.saving.batch import Create
from dougong.engine.sign_in_tables import authenticators, challenges, passkeys, recovery_codes
from dougong.engine.tables import audit
from dougong.metadata.documents import from_bodies
from dougong.web import sessions
from dougong.web.identity import policy, sealing, second_step
from dougong.web.identity.policy import Policy
from tests.web.conftest import Person

OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def clock() -> Iterator[Any]:
    """A clock that stands still until it is moved."""
    with time_machine.travel("2026-03-02 09:00:00Z", tick=False) as moved:
        yield moved


def secret_on(page: str) -> str:
    """The secret that a page shows to type into the app."""
    return re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")  # type: ignore[index]


def set_up(person: Person) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an app; the app and the recovery codes."""
    page = person.get("/account/authenticator").text
    assert "<svg" in page
    assert "style=" not in page
    app = pyotp.TOTP(secret_on(page))
    wrong = person.post("/account/authenticator", {"code": "000000"})
    assert wrong.status_code == 422
    assert secret_on(wrong.text) == app.secret, "a wrong code costs no second scan"
    codes = re.findall(r"<li><code>([^<]+)</code>", person.post("/account/authenticator", {"code": app.now()}).text)
    assert len(codes) == second_step.CODES
    return app, codes


def password(person: Person, login: str = "li", words: str = "several words together") -> Any:
    person.client.cookies.clear()
    return person.post("/sign-in", {"login": login, "password": words, "back": "/o/account"})


def code(person: Person, given: str) -> Any:
    return person.post("/sign-in/second-step", {"code": given})


def test_from_setting_up_to_losing_the_app(clock: Any, person: Person, with_password: str) -> None:
    """One life of an app: set up, asked for, good once, lost, replaced by a recovery code, removed."""
    app, codes = set_up(person)
    clock.shift(60)
    asked = password(person)
    assert asked.headers["location"] == "/sign-in/second-step"
    assert person.get("/o/account").headers["location"].startswith("/sign-in"), "half a sign-in opens nothing"
    assert code(person, "123").status_code == 422
    now = app.now()
    let_in = code(person, f"{now[:3]} {now[3:]}")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/o/account")
    assert person.get("/o/account").status_code == 200
    password(person)
    assert code(person, now).status_code == 422, "a code is good once"
    assert code(person, codes[0].upper()).status_code == 303
    password(person)
    assert code(person, codes[0]).status_code == 422, "a recovery code too"
    assert code(person, codes[1]).status_code == 303
    assert "Recovery codes left: 8" in person.get("/account/security").text
    assert person.post("/account/authenticator/remove", {}).status_code == 303
    assert password(person).headers["location"] == "/o/account"


def test_the_second_step_has_the_same_brake(clock: Any, person: Person, with_password: str) -> None:
    """Who has the password guesses no codes, and cannot begin anew to guess on."""
    app, _ = set_up(person)
    clock.shift(60)
    password(person)
    answers = [code(person, f"{number:06}").status_code for number in range(Policy().free_tries + 1)]
    assert answers[-1] == 429
    assert password(person).status_code == 429
    clock.shift(timedelta(minutes=20))
    password(person)
    assert code(person, app.now()).status_code == 303


def test_the_database_holds_no_secret(person: Person, settings: Settings, with_password: str, sales: Company) -> None:
    """Neither the app's secret nor a code nor what a cookie holds stands in a table or in the audit log."""
    page = person.get("/account/authenticator").text
    secret, step = secret_on(page), person.client.cookies["dougong_step"]
    with sales.read(SYSTEM) as unit:
        begun = unit.connection.execute(select(challenges)).all()
    assert secret not in str(begun)
    assert step not in str(begun)
    codes = re.findall(
        r"<li><code>([^<]+)</code>", person.post("/account/authenticator", {"code": pyotp.TOTP(secret).now()}).text
    )
    with sales.read(SYSTEM) as unit:
        kept = [str(unit.connection.execute(select(table)).all()) for table in (authenticators, recovery_codes, audit)]
        sealed = unit.connection.execute(select(authenticators.c.secret)).scalar_one()
    assert not [word for word in (secret, *codes) if any(word in each for each in kept)]
    assert sealing.opened(settings, sealed) == secret
    assert sealing.opened(settings, sealed[:-4] + "AAA=") is None
    assert (settings.data_dir / sealing.KEY_FILE).stat().st_mode & 0o077 == 0


def test_it_is_asked_of_whom_the_policy_says(
    person: Person, with_password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has none sets it up before anything else, and can do nothing else until then."""
    monkeypatch.setattr(sessions, "policy_of", lambda _: Policy(second_step="all"))
    assert person.get("/o/account").headers["location"] == "/account/second-step"
    assert person.post("/preferences", {"theme": "dark"}).headers["location"] == "/account/second-step"
    assert "A second step is required" in person.get("/account/second-step").text
    set_up(person)
    assert person.get("/o/account").status_code == 200


def test_a_published_policy_holds_from_the_next_request(person: Person, sales: Company, with_password: str) -> None:
    """The setting of the metadata is what is asked, also of who is signed in already."""
    asked = {
        "kind": "setting",
        "name": "sign_in.second_step",
        "type": "text",
        "default": "all",
        "label": {"en": "Second step at sign-in", "zh-CN": "登录第二步验证"},
    }
    assert person.get("/o/account").status_code == 200
    with sales.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    publish(sales, Publication(tree=tree.put(*from_bodies([asked])), message="Two steps for all"))
    assert person.get("/o/account").headers["location"] == "/account/second-step"


def test_a_role_asks_it_of_its_holders(person: Person, sales: Company, with_password: str) -> None:
    """With the next request, of who is signed in already too; a passkey beside the password is asked for as well."""
    other = person.save(Create("user", {"login": "wang", "name": "Wang", "roles": ["sales"]}))[0]
    with sales.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
        strict = dict(tree.components["role:system_administrator"].body) | {"second_step": True}
    publish(sales, Publication(tree=tree.put(*from_bodies([strict])), message="Two steps for administrators"))
    with sales.read(SYSTEM) as unit:
        assert policy.role_asks(unit, person.user_id)
        assert not policy.role_asks(unit, other)
    assert person.get("/o/account").headers["location"] == "/account/second-step"
    row = {"id": record_id(), "user_id": person.user_id, "credential": "c", "public_key": b"k", "sign_count": 0}
    made = {"label": "Key", "created_at": datetime.now(UTC)}
    sales.write(SYSTEM, lambda unit: unit.connection.execute(insert(passkeys), row | made))
    assert person.get("/o/account").status_code == 200
    assert password(person).headers["location"].startswith("/sign-in/second-step"), "the password alone does not do"


def test_changing_how_one_signs_in_wants_a_proof(clock: Any, person: Person, with_password: str) -> None:
    """A session left open on a desk does not become somebody else's for good."""
    app, _ = set_up(person)
    clock.shift(timedelta(minutes=20))
    for path in ("/account/authenticator/remove", "/account/recovery-codes", "/account/passkeys/options"):
        assert person.post(path, {}).headers["location"].startswith("/account/prove"), path
    assert person.get("/account/authenticator").headers["location"] == "/account/prove?back=%2Faccount%2Fauthenticator"
    assert person.post("/account/prove", {"password": with_password}).status_code == 422, "the app's code is asked"
    proved = person.post("/account/prove", {"code": app.now(), "back": "https://elsewhere.example"})
    assert proved.headers["location"] == "/account/security"
    assert person.post("/account/authenticator/remove", {}).headers["location"] == "/account/security"


def test_the_audit_log_has_it(client: TestClient, person: Person, with_password: str, sales: Company) -> None:
    """Who came in, who failed to, from where, and what opens doors anew."""
    client.cookies.clear()
    client.post("/sign-in", data={"login": "li", "password": "wrong"}, headers=OURS)
    password(person)
    set_up(person)
    person.post("/sign-out", {})
    with sales.read(SYSTEM) as unit:
        rows = unit.connection.execute(select(audit).order_by(audit.c.seq)).all()
    found = [(row.kind, row.actor_id == person.user_id, row.target == f"user:{person.user_id}") for row in rows]
    assert found[-5:] == [
        ("sign_in_failed", False, True),
        ("signed_in", True, True),
        ("factor_added", True, True),
        ("factor_added", True, True),
        ("signed_out", True, True),
    ]
    assert all("testclient" in row.personal for row in rows[-5:])
