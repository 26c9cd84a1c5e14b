"""Two companies behind one address: nothing of one is seen from the other, not even that it exists."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.routing import Route
from starlette.testclient import TestClient

from dougong.base.ids import record_id
from dougong.base.settings import Settings
from dougong.cli.assembly import assemble
from dougong.cli.program import program
from dougong.engine.actor import SYSTEM
from dougong.engine.company import LIST_SECONDS, Companies, Company
from dougong.engine.query import Condition, Query
from dougong.engine.saving.batch import Create
from dougong.web import credentials, sessions
from dougong.web.api import door
from dougong.web.hosts import ByHost, company_of, host_of
from dougong.web.identity import rates
from dougong.web.identity.api_tokens import make as make_token
from dougong.web.identity.policy import Policy
from tests.conftest import KINDS

OBJECTS = ("account", "contact", "opportunity", "user")


@dataclass
class Installation:
    """Two companies as `dougong company create` makes them, served by one process."""

    app: ByHost
    companies: Companies
    run: Callable[..., str]

    def company(self, name: str) -> Company:
        """An open company."""
        return self.companies.open(name)

    def client(self, name: str) -> TestClient:
        """A browser at the company's host, as nobody."""
        return TestClient(self.app, base_url=f"http://{name}.example.com", follow_redirects=False)

    def user(self, name: str) -> str:
        """The id of the company's administrator."""
        with self.company(name).read(SYSTEM) as unit:
            people = Query(object="user", where=Condition("login", "not_blank"), limit=1)
            return unit.records.query(people).rows[0].id

    def cookie(self, name: str) -> str:
        """A session of the company's administrator."""
        user = self.user(name)
        company = self.company(name)
        company.write(SYSTEM, lambda unit: credentials.set_password(unit, user, "several words together"))
        return company.write(SYSTEM, lambda unit: sessions.begin(unit, user, "test", "127.0.0.1"))

    def token(self, name: str) -> str:
        """An API token of the company's administrator."""
        user = self.user(name)
        return self.company(name).write(SYSTEM, lambda unit: make_token(unit, user, "test"))

    def ids(self, name: str) -> dict[str, str]:
        """One record of each of `OBJECTS`; queues of packages have the same id in every company."""
        with self.company(name).read(SYSTEM) as unit:
            found = {each: unit.records.query(Query(object=each, limit=1)).rows[0].id for each in OBJECTS}
        return found | {"user": self.user(name)}


@pytest.fixture(autouse=True)
def without_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every route is asked several times within the minute for which calls are counted."""
    monkeypatch.setattr(door, "policy_of", lambda _: Policy(api_calls_per_minute=1_000_000))
    rates.forget()


@pytest.fixture(scope="module", params=KINDS)
def installation(
    request: pytest.FixtureRequest, fresh_database_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Companies east and west with the sales package and a few records each."""
    folder: Path = tmp_path_factory.mktemp("companies")
    environment = {"DATABASE_URL": fresh_database_url(request.param), "DATA_DIR": str(folder), "LC_ALL": "C"}

    def run(*arguments: str, code: int = 0) -> str:
        found = CliRunner().invoke(program, arguments, env=environment, catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found.output

    for name in ("east", "west"):
        run("company", "create", name, "--title", name.title(), "--host", f"{name}.example.com")
    app = assemble(Settings.from_environment(environment))
    assert isinstance(app, ByHost)
    made = Installation(app, app._companies, run)
    for name in ("east", "west"):
        company = made.company(name)
        saved = company.write(SYSTEM, lambda unit, n=name: unit.records.save([_account(n)]))  # type: ignore[misc]
        account = saved.changes[0].id
        more = [
            Create("contact", {"name": f"Contact of {name}", "account": account}),
            Create("opportunity", {"name": f"Deal of {name}", "account": account, "record_type": "standard"}),
        ]
        company.write(SYSTEM, lambda unit, changes=more: unit.records.save(changes))  # type: ignore[misc]
    yield made
    made.companies.close()


def _account(name: str) -> Create:
    return Create("account", {"name": f"Customer of {name}", "record_type": "enterprise"})


def told(answer: Any, given: str) -> tuple[Any, ...]:
    """Everything that an answer tells, without what is random in each, and `given` as it was asked for."""
    text = answer.text.replace(given, "ID")
    text = re.sub(r'name="csrf" value="[^"]*"', "csrf", text)
    text = re.sub(r'<span class="tnum">[0-9a-f]{16}</span>', "request", text)
    left = ("x-request-id", "content-length", "date", "set-cookie")
    headers = {name: value.replace(given, "ID") for name, value in answer.headers.items() if name not in left}
    return answer.status_code, headers, text


def addresses(route: Route, object_name: str, given: str) -> str:
    """The route's path with `given` wherever it asks for something that is no name of an object."""
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: object_name if found[1] == "object" else given, route.path)


def test_pages_answer_to_foreign_ids_as_to_missing_ones(installation: Installation) -> None:
    """Every page and form of the routing table, with ids of the other company in address, query and body."""
    foreign, cookie = installation.ids("west"), installation.cookie("east")
    app: Any = installation.app._application("east.example.com")
    tried = 0
    visitor = installation.client("east")
    visitor.cookies.set(sessions.cookie_name(False), cookie)
    assert visitor.get("/o/account", follow_redirects=False).status_code == 200, "who asks is signed in"
    for route in app.routes:
        if not isinstance(route, Route) or "{" not in route.path or route.path.startswith("/api/"):
            continue
        for object_name, theirs in foreign.items():
            answers = []
            for given in (theirs, record_id()):
                path, client = addresses(route, object_name, given), installation.client("east")
                client.cookies.set(sessions.cookie_name(False), cookie)
                if "POST" in (route.methods or ()):
                    names = ("id", "value", "base", "record", "account", "v.account", "owner", "change", "operation")
                    data = dict.fromkeys(names, given)
                    found = client.post(path, data=data, headers={"sec-fetch-site": "same-origin"})
                else:
                    found = client.get(path, params={"record": given, "id": given, "account": given, "value": given})
                answers.append(told(found, given))
            assert answers[0] == answers[1], (route.path, object_name)
            assert "of west" not in answers[0][2], route.path
            tried += 1
    assert tried > 100


def test_api_answers_to_foreign_ids_as_to_missing_ones(installation: Installation) -> None:
    """Every call, with ids of the other company in address, filter and body."""
    client, foreign = installation.client("east"), installation.ids("west")
    headers = {"authorization": f"Bearer {installation.token('east')}"}
    assert client.get("/api/v1/records/account", headers=headers).status_code == 200, "who asks has a good token"
    app: Any = installation.app._application("east.example.com")
    tried = 0
    for route in app.routes:
        if not isinstance(route, Route) or not route.path.startswith("/api/v1/") or "{rest" in route.path:
            continue
        for object_name, theirs in foreign.items():
            for method in ("GET", "POST", "PATCH", "DELETE"):
                answers = []
                for given in (theirs, record_id()):
                    body = None if method in ("GET", "DELETE") else _body(route.path, given)
                    path = addresses(route, object_name, given)
                    found = client.request(method, path, json=body, headers=headers, params={"filter": _filter(given)})
                    answers.append(told(found, given))
                assert answers[0] == answers[1], (method, route.path, object_name)
                assert "of west" not in answers[0][2], route.path
                tried += 1
    assert tried > 40


def _body(path: str, given: str) -> dict[str, Any]:
    values = {"name": "x", "account": given, "owner": given, "record_type": "enterprise"}
    if path.endswith("/bulk"):
        return {"changes": [{"op": "update", "id": given, "values": values}, {"op": "delete", "id": given}]}
    return {"values": values, **values}


def _filter(given: str) -> str:
    return f'{{"field": "id", "op": "is", "value": "{given}"}}'


def test_sign_in_is_of_one_company(installation: Installation) -> None:
    """A cookie or token of one company is to the other what a random one is."""
    for kind, foreign in (("cookie", installation.cookie("west")), ("token", installation.token("west"))):
        answers = []
        for given in (foreign, "dg_" + "x" * 43):
            client = installation.client("east")
            if kind == "cookie":
                client.cookies.set(sessions.cookie_name(False), given)
                answers.append(told(client.get("/o/account"), given))
            else:
                headers = {"authorization": f"Bearer {given}"}
                answers.append(told(client.get("/api/v1/records/account", headers=headers), given))
        assert answers[0] == answers[1]
        assert answers[0][0] in (303, 401)


def test_pages_and_files_are_the_companys_own(installation: Installation) -> None:
    """Each is called by its name and keeps its files in a folder of its own; static files are the same ones."""
    pages = [installation.client(name).get("/sign-in").text for name in ("east", "west")]
    assert ["East</b>" in page for page in pages] == [True, False]
    assets = [set(re.findall(r'href="(/[^"]+\.css)"', page)) for page in pages]
    assert assets[0] == assets[1] != set()
    sites = [installation.app._made[name][0] for name in ("east", "west")]
    assert sites[0] is not sites[1]


def test_commands_take_the_company(installation: Installation, tmp_path: Path) -> None:
    """Query, export, audit and the rest work in the company that is named; an unknown one is refused."""
    assert "Customer of east" in installation.run("query", "account", "--company", "east")
    assert "Customer of west" in installation.run("query", "account", "--company", "west")
    assert "Customer" not in installation.run("metadata", "log", "--company", "west")
    installation.run("export", "account", str(tmp_path / "out.csv"), "--company", "west")
    assert "Customer of west" in (tmp_path / "out.csv").read_text("utf-8-sig")
    assert "is whole up to" in installation.run("audit", "verify", "--company", "east")
    assert "Yields" in installation.run("formula", "check", "name", "--object", "account", "--company", "west")
    assert "--object" in installation.run("formula", "check", "1 + 1", "--company", "west", code=2)
    assert "company-unknown" in installation.run("query", "account", "--company", "north", code=1)
    assert installation.run("company", "list").splitlines()[1:] == [
        "east  active  East  east.example.com",
        "west  active  West  west.example.com",
    ]


def test_closed_company_answers_as_no_company(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within some seconds after it was switched off; what it had is there when it is switched on again."""
    installation.run("company", "hosts", "default", "first.example.com")
    installation.run("company", "deactivate", "west")
    installation.companies._known = (time.monotonic() - 2 * LIST_SECONDS, {})
    closed, unknown = (installation.client(name).get("/sign-in") for name in ("west", "north"))
    assert told(closed, "-") == told(unknown, "-")
    assert closed.status_code == 404
    assert installation.client("first").get("/sign-in").status_code == 200
    assert not installation.companies.serves("west")
    installation.run("company", "activate", "west")
    installation.run("company", "hosts", "default")
    installation.companies._known = (time.monotonic() - 2 * LIST_SECONDS, {})
    assert installation.client("west").get("/sign-in").status_code == 200
    assert installation.client("north").get("/sign-in").status_code == 200  # the first company has all that is nobody's


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("East.Example.com:8000", "east.example.com"),
        ("east.example.com.", "east.example.com"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
        ("", ""),
    ],
)
def test_host_is_read_from_the_header(header: str, host: str) -> None:
    """Without port, in lower case, without the dot of the root."""
    assert host_of(header) == host


def test_without_a_list_every_host_is_the_first_company() -> None:
    """`make run` needs no names."""
    assert company_of({}, "anything") == "default"
