"""Whatever is sent: a clear answer in the reader's language, no fault of the server, nothing changed."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from sqlalchemy import Connection, func, select
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from dougong.base.settings import Settings
from dougong.cli.assembly import application
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from dougong.web.app import make_site
from dougong.web.pages import PAGES
from dougong.web.routing import Page
from dougong.workflows.pages import PAGES as OF_WORKFLOWS
from tests.companies import PACKAGES, Copies, company_copy  # noqa: F401
from tests.conftest import KINDS
from tests.system.serving import Person, welcome

SITE = "http://127.0.0.1:8000"
LIMIT_MB = 1
LANGUAGES = {"en": "en", "zh-CN": "zh"}
MISSING = "01890000-0000-7000-8000-000000000000"
GARBAGE: dict[str, str | bytes] = {
    "control characters": "a\x00b\x1b\x7f",
    "bytes that are no text": b"\xff\xfe\xed\xa0\x80",
    "a number beyond all columns": "9" * 400,
    "more digits than Python reads": "9" * 5000,
    "another alphabet of digits": "٣٤²½",
    "not a number": "NaN",
    "quotes": "'\"`;--",
    "markup": "<script>alert(1)</script>{{ 7*7 }}",
    "a path": "../../../etc/passwd",
    "a format": "%s%n{0}{x!r}",
    "deep JSON": "[" * 8000,
    "deep objects": '{"not":' * 1500,
    "a date that is none": "2026-02-30",
    "year nought": "0000-00-00",
    "direction marks": "\u202e\u200f\ufeff",
    "a list of one id": f"{MISSING};{MISSING}",
}


@dataclass(frozen=True)
class Scene:
    """A company with a few records, and its application."""

    company: Company
    client: TestClient
    people: dict[str, Person]
    ids: dict[str, str]

    def get(self, path: str, language: str = "en") -> Any:
        """A page. The client reads an address that it is given whole once, of one that it completes each part again."""
        return self.client.get(httpx2.URL(f"{SITE}{path}"), headers=self._headers(language), follow_redirects=False)

    def post(
        self, path: str, content: Any, language: str = "en", kind: str = "application/x-www-form-urlencoded"
    ) -> Any:
        """A body, from a page of ours."""
        headers = self._headers(language) | {"content-type": kind, "sec-fetch-site": "same-origin"}
        return self.client.post(path, content=content, headers=headers, follow_redirects=False)

    def call(self, method: str, path: str, content: Any = None, language: str = "en", **headers: str) -> Any:
        """A call of the API with a raw body."""
        said = {"content-type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
        said |= {"authorization": f"Bearer {self.people[language].token}", "accept-language": language}
        return self.client.request(method, f"/api/v1{path}", content=content, headers=said)

    def stored(self) -> dict[str, tuple[int, Any]]:
        """Of each object's table: how many rows, and when the last was changed."""
        with self.company.read(SYSTEM) as unit:
            tables = {name: each.table for name, each in unit.runtime.storage.tables.items()}
            return {name: _state(unit.connection, table) for name, table in tables.items()}

    def _headers(self, language: str) -> dict[str, str]:
        return {"cookie": f"dougong={self.people[language].cookie}", "accept-language": language}


def _state(connection: Connection, table: Any) -> tuple[int, Any]:
    found = connection.execute(select(func.count(), func.max(table.c.updated_at)).select_from(table)).one()
    return found[0], found[1]


@pytest.fixture(scope="module", params=KINDS)
def scene(request: pytest.FixtureRequest, company_copy: Copies) -> Iterator[Scene]:  # noqa: F811
    """Two people, one who reads Chinese, with a customer, a deal and a file that may be at most a megabyte."""
    with company_copy(request.param, "sales", (PACKAGES / "base", PACKAGES / "sales-core")) as company:
        people = {language: welcome(company, login) for language, login in LANGUAGES.items()}

        def work(unit: Unit) -> dict[str, str]:
            chinese = Update("user", people["zh-CN"].user_id, {"language": "zh-CN"})
            made = unit.records.save(
                [chinese, Create("account", {"name": "Aldgate Tools", "record_type": "enterprise"})]
            )
            account = made.changes[1].id
            deal = {"name": "Deal", "account": account, "stage": "prospecting", "owner": people["en"].user_id}
            return {"account": account, "opportunity": unit.records.save([Create("opportunity", deal)]).changes[0].id}

        ids = company.write(SYSTEM, work)
        settings = Settings.from_environment({"MAX_BODY_MB": str(LIMIT_MB)})
        site = make_site(settings, company)
        app = application(site)
        with TestClient(app, base_url=SITE, raise_server_exceptions=False) as client:
            yield Scene(company, client, people, ids)


def is_clear(answer: Any, language: str = "en") -> bool:
    """True of an answer that says, in the reader's language and without a trace, that the request was wrong."""
    text = answer.text
    chinese = re.search(r"[\u4e00-\u9fff]", re.sub(r"<title>.*?</title>", "", text)) is not None
    return 400 <= answer.status_code < 500 and "Traceback" not in text and chinese == (language == "zh-CN")


# -- every page, garbage in every place -----------------------------------------------------------------------------
def places(scene: Scene, page_path: str, garbage: str) -> Iterator[str]:
    """The addresses of a page with `garbage` in one parameter of its path, the others sound; none where it has none."""
    sound = {"object": "opportunity", "id": scene.ids["opportunity"], "field": "account", "name": "stage"}
    names = re.findall(r"{(\w+)}", page_path)
    for wrong in names:
        values = {name: garbage if name == wrong else sound.get(name, MISSING) for name in names}
        yield page_path.format(**values)


QUERIES = (
    "q",
    "view",
    "filter",
    "where",
    "sort",
    "cursor",
    "columns",
    "field",
    "op",
    "value",
    "type",
    "back",
    "limit",
    "tab",
)


def test_no_page_breaks_without_parameters(scene: Scene) -> None:
    for page in (*PAGES, *OF_WORKFLOWS):
        if page.method == "GET" and "{" not in page.path:
            answer = scene.get(page.path)
            assert answer.status_code < 500 and "Traceback" not in answer.text, page.path


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_no_page_breaks_on_its_address(scene: Scene, garbage: str | bytes) -> None:
    """In each part of the path, and in every query parameter that any page reads."""
    quoted = quote(garbage)[:3000]
    wrong = {}
    with capture_logs() as logged:
        for page in (*PAGES, *OF_WORKFLOWS):
            if page.method != "GET":
                continue
            sound = next(places(scene, page.path, scene.ids["opportunity"]), page.path)
            for path in (
                *places(scene, page.path, quoted),
                f"{sound}?" + "&".join(f"{name}={quoted}" for name in QUERIES),
            ):
                answer = scene.get(path)
                if answer.status_code >= 500 or "Traceback" in answer.text:
                    wrong[path[:80]] = answer.status_code
    assert wrong == {}, logged


FIELDS = (
    "name",
    "amount",
    "account",
    "account.text",
    "stage",
    "close_date",
    "owner",
    "base",
    "version",
    "then",
    "competitors",
)
MORE = (
    "lines.0.product",
    "lines.0.quantity",
    "lines-0-quantity",
    "back",
    "ids",
    "id",
    "view",
    "filter",
    "text",
    "reason",
    "day",
)


def bodies(garbage: str | bytes) -> Iterator[tuple[str, bytes]]:
    """Forms with `garbage` in every field, as a name, and instead of the form itself, with the type that they claim."""
    quoted = quote(garbage)
    form = "application/x-www-form-urlencoded"
    yield form, "&".join(f"{name}={quoted}" for name in (*FIELDS, *MORE)).encode()
    yield form, "&".join(f"{name}.{quoted[:60]}={quoted}" for name in FIELDS).encode()
    raw = garbage.encode() if isinstance(garbage, str) else garbage
    yield form, raw
    yield "application/json", raw
    part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    yield "multipart/form-data; boundary=x", b"".join(part % (name.encode(), raw) for name in FIELDS) + b"--x--\r\n"


BROKEN = (
    ("multipart/form-data", b"--x\r\n\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nno end'),
)
"""Forms that are none, whatever stands in them."""


def taking(page: Page) -> bool:
    """Whether a page takes a form, and nobody is signed out by it."""
    return page.method == "POST" and page.path not in ("/sign-out", "/preferences/sessions")


def filled(page: Page) -> str:
    """The address of a page that takes a form, for a record that is not there."""
    return page.path.format_map(defaultdict(lambda: MISSING, object="opportunity", name="amount"))


def test_no_broken_form_breaks_or_changes_a_record(scene: Scene) -> None:
    """At every address that takes a form, and at those of a record that exists."""
    before = scene.stored()
    paths = [filled(page) for page in (*PAGES, *OF_WORKFLOWS) if taking(page)]
    for path, (kind, body) in product((*paths, *edits(scene)), BROKEN):
        answer = scene.post(path, body, kind=kind)
        assert answer.status_code < 500 and "Traceback" not in answer.text, (path, kind)
    assert scene.stored() == before


@pytest.mark.parametrize("number", range(len(GARBAGE)), ids=list(GARBAGE))
def test_no_form_breaks_or_changes_a_record(scene: Scene, number: int) -> None:
    """Every address that takes a form, for a record that is not there; a seventh of all bodies with each garbage."""
    garbage = list(GARBAGE.values())[number]
    before = scene.stored()
    wrong = {}
    pages = [page for page in (*PAGES, *OF_WORKFLOWS) if taking(page)]
    with capture_logs() as logged:
        for (at, page), (turn, (kind, body)) in product(enumerate(pages), enumerate(bodies(garbage))):
            if (at + turn + number) % 7:
                continue
            path = filled(page)
            answer = scene.post(path, body, kind=kind)
            # What is too large is turned away before anything reads it: the test would prove that limit alone.
            if answer.status_code >= 500 or answer.status_code == 413 or "Traceback" in answer.text:
                wrong[path, kind, body[:40]] = answer.status_code
    assert wrong == {}, logged
    assert scene.stored() == before


def edits(scene: Scene) -> list[str]:
    """The addresses at which a record that exists is changed."""
    ways = ("edit", "field/name", "field/amount", "field/account", "stage", "comment", "done", "life")
    return [f"/o/opportunity/{scene.ids['opportunity']}/{each}" for each in ways]


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_no_edit_breaks(scene: Scene, garbage: str | bytes) -> None:
    """Garbage in every field of a record that exists: refused, or kept as plain text, but never a fault."""
    for path in edits(scene):
        for kind, body in bodies(garbage):
            answer = scene.post(path, body, kind=kind)
            assert answer.status_code < 500 and answer.status_code != 413, (path, kind, body[:60])
            assert "Traceback" not in answer.text
            assert "<script>alert" not in answer.text


# -- what each is told ------------------------------------------------------------------------------------------------
LARGE = b"x" * ((LIMIT_MB << 20) + 1)
Asking = Callable[[Scene, str], Any]
TOLD: dict[str, tuple[int, Asking]] = {
    "a tampered id": (404, lambda at, to: at.get(f"/o/account/{at.ids['account'][:-1]}!", to)),
    "the id of something else": (404, lambda at, to: at.get(f"/o/account/{at.ids['opportunity']}", to)),
    "a page that is not there": (404, lambda at, to: at.get("/o/nothing", to)),
    "a method that is not taken": (405, lambda at, to: at.post("/search", b"", to)),
    "a form from elsewhere": (403, lambda at, to: _from_elsewhere(at, to)),
    "a forged lookup": (
        422,
        lambda at, to: at.post("/o/opportunity/new", f"name=Forged&account={MISSING}".encode(), to),
    ),
    "a lookup to another object": (
        422,
        lambda at, to: at.post("/o/opportunity/new", f"name=Forged&account={at.ids['opportunity']}".encode(), to),
    ),
    "a field of 50 MB": (413, lambda at, to: at.post("/o/opportunity/new", b"name=" + b"x" * (50 << 20), to)),
    "a page's body over the limit": (413, lambda at, to: at.post("/o/opportunity/new", LARGE, to)),
    "an upload over the limit": (413, lambda at, to: _upload(at, to, LARGE)),
    "a body over the limit that does not say so": (413, lambda at, to: at.post("/o/opportunity/new", _pieces(), to)),
    "a call over the limit": (413, lambda at, to: at.call("POST", "/records/account", LARGE, to)),
    "a call over the limit that does not say so": (
        413,
        lambda at, to: at.call("POST", "/records/account", _pieces(), to),
    ),
    "broken JSON": (400, lambda at, to: at.call("POST", "/records/account", b'{"name": ', to)),
    "JSON in no encoding": (400, lambda at, to: at.call("POST", "/records/account", b'{"name": "\xff"}', to)),
    "half a character": (400, lambda at, to: at.call("POST", "/records/account", b'{"name": "\\ud800"}', to)),
    "deep JSON": (400, lambda at, to: at.call("POST", "/records/account", b"[" * 100_000, to)),
    "a deep filter": (400, lambda at, to: at.call("GET", f"/records/account?filter={_deep(400)}", None, to)),
    "JSON that is no object": (400, lambda at, to: at.call("POST", "/records/account", b"[]", to)),
    "another type of body": (
        415,
        lambda at, to: at.call("POST", "/records/account", b"<a/>", to, content_type="text/xml"),
    ),
    "an unknown key": (422, lambda at, to: at.call("POST", "/records/account", b'{"nmae": "x"}', to)),
    "a wrong type": (422, lambda at, to: at.call("POST", "/records/account", b'{"name": {"a": 1}}', to)),
    "a huge number": (
        400,
        lambda at, to: at.call("PATCH", f"/records/account/{at.ids['account']}", b'{"employees": 1e400}', to),
    ),
    "a long number": (
        422,
        lambda at, to: at.call(
            "PATCH", f"/records/account/{at.ids['account']}", b'{"employees": "' + b"9" * 9999 + b'"}', to
        ),
    ),
    "a stale version": (
        412,
        lambda at, to: at.call(
            "PATCH", f"/records/account/{at.ids['account']}", b'{"name": "Mine"}', to, if_match='"77"'
        ),
    ),
    "a change whose op is a list": (
        400,
        lambda at, to: at.call("POST", "/records/account/bulk", b'{"changes": [{"op": ["create"]}]}', to),
    ),
    "a cursor of no values": (400, lambda at, to: at.call("GET", f"/records/account?cursor={_cursor({})}", None, to)),
    "a cursor of another list": (400, lambda at, to: at.get(f"/o/account?sort=created_at&cursor={_cursor('A')}", to)),
    "a cursor of a day that no zone knows": (
        400,
        lambda at, to: at.call(
            "GET", f"/records/account?sort=created_at&cursor={_cursor({'i': '0001-01-01T00:00:00+08:00'})}", None, to
        ),
    ),
    "a moment before all time": (
        400,
        lambda at, to: at.get(f"/o/opportunity/{at.ids['opportunity']}?at=0001-01-01T00:00", to),
    ),
    "a change that is no id": (
        400,
        lambda at, to: at.post(f"/o/opportunity/{at.ids['opportunity']}/history/field", b"field=amount&change=1", to),
    ),
    "a draft that is no id": (404, lambda at, to: at.get("/approvals/of/quote.discount/replay?draft=1", to)),
    "a list of approvals from before all time": (
        400,
        lambda at, to: at.get(f"/approvals?list=done&after={quote('0001-01-01T00:00:00+08:00~' + MISSING)}", to),
    ),
    "a time zone that is none": (
        422,
        lambda at, to: at.call("PATCH", f"/records/user/{at.people[to].user_id}", b'{"time_zone": "Mars/Base"}', to),
    ),
    "metadata of a broken kind": (
        422,
        lambda at, to: at.call(
            "POST", "/metadata/publish", json.dumps({"components": [{"kind": "objekt", "name": "x"}]}), to
        ),
    ),
    "deep metadata": (
        422,
        lambda at, to: at.call(
            "POST",
            "/metadata/publish",
            b'{"components":[{"kind":"object","name":"x","a":' + b"[" * 900 + b"]" * 900 + b"}]}",
            to,
        ),
    ),
}


def test_a_nul_in_a_parameter_breaks_no_log(scene: Scene) -> None:
    for path in ("/deliveries?endpoint=a%00b", "/deliveries?state=%00&channel=%00", "/audit?who=a%00b&about=a%00b"):
        assert scene.get(path).status_code == 200, path


def test_no_page_breaks_on_the_address_that_a_script_says_is_shown(scene: Scene) -> None:
    """It comes in a header, where anything can stand."""
    record = f"/o/opportunity/{scene.ids['opportunity']}"
    own = scene._headers("en") | {"hx-request": "true", "hx-request-type": "partial", "sec-fetch-site": "same-origin"}
    for address in ("http://[bad", "//[", "\xff", "x" * 4000, "javascript:alert(1)"):
        headers = {name: value.encode("latin-1") for name, value in (own | {"hx-current-url": address}).items()}
        for path in (f"{record}/actions", record, "/o/opportunity"):
            answer = scene.client.get(path, headers=headers, follow_redirects=False)
            assert answer.status_code == 200 and "javascript:" not in answer.text, (path, address)
        data = {"name": "Deal", "place": "cell", "version": "1"}
        answer = scene.client.post(f"{record}/field/name", data=data, headers=headers, follow_redirects=False)
        assert answer.status_code < 500, address


HUGE = "9" * 30
COMPARED = ("amount", "probability", "version", "close_date", "created_at")
"""Fields of a deal of each kind of number and time."""


@pytest.mark.parametrize("value", [HUGE, f"-{HUGE}", f"{HUGE}.5", "9007199254740993", "0.001", "1.5", "1e30"])
@pytest.mark.parametrize("op", ["is", "is_not", "lt", "lte", "gt", "gte", "in"])
def test_a_filter_may_name_any_number(scene: Scene, op: str, value: str) -> None:
    """Answered where the field can be compared with it, else refused: both databases say the same of it."""
    for name in COMPARED:
        listed = scene.get(f"/o/opportunity?where={name}:{op}:{value}")
        condition = quote(json.dumps({"field": name, "op": op, "value": [value] if op == "in" else value}))
        counted = scene.call("GET", f"/records/opportunity/count?filter={condition}")
        assert (listed.status_code, counted.status_code) in ((200, 200), (400, 400)), (name, counted.text)
        if counted.status_code == 200 and value.startswith(HUGE) and op in ("is", "gt", "gte", "in"):
            assert counted.json()["count"] == 0


def _from_elsewhere(scene: Scene, language: str) -> Any:
    headers = {"cookie": f"dougong={scene.people[language].cookie}", "sec-fetch-site": "cross-site"}
    return scene.client.post("/o/opportunity/new", data={"name": "Forged"}, headers=headers)


def _upload(scene: Scene, language: str, content: bytes) -> Any:
    headers = {"cookie": f"dougong={scene.people[language].cookie}", "sec-fetch-site": "same-origin"}
    headers["accept-language"] = language
    return scene.client.post(
        f"/o/account/{scene.ids['account']}/files", files={"file": ("a.txt", content)}, headers=headers
    )


def _cursor(value: Any) -> str:
    """A page mark that says that the last row's sort value was `value`."""
    return urlsafe_b64encode(json.dumps([0, [value, MISSING]]).encode()).decode().rstrip("=")


def _pieces() -> Iterator[bytes]:
    for _ in range(3):
        yield LARGE[: len(LARGE) // 2]


def _deep(levels: int) -> str:
    return quote('{"not":' * levels + "[]" + "}" * levels)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("status", "asking"), TOLD.values(), ids=TOLD)
def test_what_is_wrong_is_told(scene: Scene, status: int, asking: Asking, language: str) -> None:
    """In English to whom reads English, in Chinese to whom reads Chinese; the records stay as they were."""
    before = scene.stored()
    answer = asking(scene, language)
    assert answer.status_code == status, answer.text[:500]
    assert is_clear(answer, language), answer.text[:1500]
    assert scene.stored() == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_that_asks_for_no_language_is_answered_in_its_users(scene: Scene, language: str) -> None:
    headers = {"authorization": f"Bearer {scene.people[language].token}"}
    answer = scene.client.get("/api/v1/records/nothing", headers=headers)
    assert answer.status_code == 404
    assert is_clear(answer, language)
