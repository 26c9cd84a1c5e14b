"""Injection into SQL, headers and hosts, and what is uploaded: each is text, whatever it looks like.

Somebody in sales, without any right beyond, tries; beside what they may see stands a record that they may not.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from dougong.base.errors import DougongError
from dougong.base.settings import Settings
from dougong.cli.assembly import application
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Condition, Query
from dougong.engine.saving.batch import Create
from dougong.engine.transfer import sheets
from dougong.engine.transfer.importing import run_import
from dougong.web import sessions
from dougong.web.app import make_site
from dougong.web.identity.api_tokens import make as make_token
from dougong.web.pages import PAGES
from dougong.workflows.pages import PAGES as OF_WORKFLOWS
from tests.companies import PACKAGES, Copies, company_copy, person  # noqa: F401
from tests.conftest import KINDS

SECRET = "Hidden Holdings"
SQL = (
    "' OR '1'='1", "' OR 1=1 --", '" OR ""="', "') OR ('1'='1", "'; DROP TABLE account; --", "1; SELECT pg_sleep(9)",
    "' UNION SELECT login FROM \"user\" --", "\\' OR 1=1 --", "name) OR (1=1", "name; --", "name/**/", "name--",
    "CASE WHEN 1=1 THEN name END", "%", "_", "%%' --", "${jndi:x}", "name::text", "account.name.secret", "1=1",
    "(select hash from dg_audit)", "dg_session.token", "*", "name\x00", "randomblob(1000000000)", "char(0)",
)  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """One in sales with a customer and a file folder."""

    company: Company
    client: TestClient
    actor: Actor
    cookie: str
    token: str
    account: str
    folder: Path

    def get(self, path: str, **headers: str) -> Any:
        """A page."""
        return self.client.get(path, headers={"cookie": f"dougong={self.cookie}", **headers}, follow_redirects=False)

    def post(self, path: str, data: Any = None, files: Any = None, **headers: str) -> Any:
        """A form of ours."""
        sent = {"cookie": f"dougong={self.cookie}", "sec-fetch-site": "same-origin", **headers}
        return self.client.post(path, data=data, files=files, headers=sent, follow_redirects=False)

    def call(self, method: str, path: str, body: Any = None, **parameters: str) -> Any:
        """A call of the API."""
        headers = {"authorization": f"Bearer {self.token}"}
        return self.client.request(method, f"/api/v1{path}", json=body, params=parameters, headers=headers)

    def counted(self) -> dict[str, int]:
        """How many rows each table of records has."""
        with self.company.read(SYSTEM) as unit:
            tables = unit.runtime.storage.tables
            return {
                name: unit.connection.scalar(select(func.count()).select_from(each.table)) or 0
                for name, each in tables.items()
            }


@pytest.fixture(scope="module", params=KINDS)
def scene(
    request: pytest.FixtureRequest,
    company_copy: Copies,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    with company_copy(request.param, "sales", (PACKAGES / "base", PACKAGES / "sales-core")) as company:
        actor, user = person(company, "li", "sales", language="en"), ""
        user = str(actor.user_id)

        def work(unit: Any) -> tuple[str, str, str]:
            hidden = Create("account", {"name": SECRET, "record_type": "enterprise"})
            mine = Create("account", {"name": "Aldgate", "record_type": "enterprise", "owner": user})
            saved = unit.records.save([hidden, mine]).changes
            return sessions.begin(unit, user, "test", "127.0.0.1"), make_token(unit, user, "test"), saved[1].id

        cookie, token, account = company.write(SYSTEM, work)
        folder = tmp_path_factory.mktemp("data")
        site = make_site(Settings.from_environment({"DATA_DIR": str(folder)}), company)
        app = application(site)
        with TestClient(app, base_url="http://testserver", raise_server_exceptions=False) as client:
            yield Scene(company, client, actor, cookie, token, account, folder)


# -- SQL ------------------------------------------------------------------------------------------------------------
def conditions(scene: Scene, text: str) -> Iterator[dict[str, str]]:
    """Parameters of a list with `text` in each place that a query has."""
    for op in ("is", "is_not", "contains", "starts_with", "greater", "less", "in", "within", "between", text):
        yield {"filter": json.dumps([{"field": "name", "op": op, "value": text}])}
    for field in ("close_date", "annual_revenue", "owner", "level", "created_at", "id", text):
        yield {"filter": json.dumps([{"field": field, "op": "is", "value": text}])}
    yield {"filter": json.dumps({"any": [{"field": "name", "op": "is", "value": [text, {"a": text}]}]})}
    for name in ("fields", "sort", "search", "cursor", "limit", "deleted", text.replace("\x00", "")):
        yield {name: text}


@pytest.mark.parametrize("text", SQL)
def test_no_query_takes_text_for_sql(scene: Scene, text: str) -> None:
    """Filters, sorts, columns, search, cursors and unknown parameters: refused, or compared letter by letter."""
    before = scene.counted()
    for parameters in conditions(scene, text):
        for path in ("/records/account", "/records/account/count"):
            answer = scene.call("GET", path, **parameters)
            assert answer.status_code < 500, (parameters, answer.text)
            assert SECRET not in answer.text, parameters
            exact = '"op": "is"' in parameters.get("filter", "")
            assert not (exact and "Aldgate" in answer.text), parameters
    for name in ("q", "filter", "where", "sort", "cursor", "columns", "view", "field", "op", "value"):
        for page in ("/o/account", "/search", "/lookup/opportunity/account"):
            answer = scene.get(f"{page}?{name}={quote(text)}")
            assert answer.status_code < 500, (page, name)
            assert SECRET not in answer.text, (page, name)
    assert scene.counted() == before


@pytest.mark.parametrize("text", [each for each in SQL if "\x00" not in each])
def test_what_is_saved_is_the_text_itself(scene: Scene, text: str) -> None:
    """By API, and as a name of a field, an object, a key or a record, which are known or refused."""
    made = scene.call("POST", "/records/account", {"name": f"n{text}", "record_type": "enterprise", "phone": None})
    assert made.status_code == 201, made.text
    assert scene.call("GET", f"/records/account/{made.json()['id']}").json()["name"] == f"n{text}"
    for method, path, body in (
        ("POST", "/records/account", {text: "x", "name": "y"}),
        ("POST", f"/records/{quote(text, safe='')}", {"name": "y"}),
        ("PATCH", f"/records/account/{quote(text, safe='')}", {"name": "y"}),
        ("POST", "/records/account/bulk", {"changes": [{"op": "upsert", "key": text, "values": {"name": "y"}}]}),
        ("POST", "/records/account/bulk", {"changes": [{"op": "delete", "id": text}]}),
    ):
        assert 400 <= scene.call(method, path, body).status_code < 500, (method, path)


@pytest.mark.parametrize("text", [each for each in SQL if not set(each) & set("\x00\"',;\n")])
def test_no_import_takes_text_for_sql(scene: Scene, text: str) -> None:
    """As a header, a mapped field, a key, an object and a cell."""
    admin = person(scene.company, f"a{text.encode().hex()}", "system_administrator")
    before = scene.counted()
    table = sheets.read("f.csv", f"Name,{text}\nX,{text}\n".encode(), separator=",")
    for options in (
        {"object_name": "account", "key": (text,)},
        {"object_name": text},
        {"object_name": "account", "mapping": {"object": "account", "columns": {text: {"field": text}}}},
    ):
        with pytest.raises(DougongError):
            run_import(scene.company, admin, table, **options)
    run_import(scene.company, admin, table, object_name="account", dry=True)
    assert scene.counted() == before


def test_formulas_reach_no_sql(scene: Scene) -> None:
    """A filter by a formula's parts, and a text in one, stay texts: the language has no way to write SQL."""
    from dougong.formulas import FieldInfo, NamedFields, Type, compile

    scope = NamedFields({("name",): FieldInfo(Type.TEXT)})
    for text in SQL:
        literal = text.replace("\\", "\\\\").replace('"', '\\"').replace("\x00", "")
        formula = compile(f'name = "{literal}"', scope, "boolean")
        assert formula.evaluate({("name",): text.replace("\x00", "")}) is True
    for text in (
        "__import__('os').system('id')",
        "name.__class__",
        "eval('1')",
        "().__class__",
        "{{7*7}}",
        "lambda: 1",
    ):
        with pytest.raises(Exception, match=r"."):
            compile(text, scope, "text")


# -- headers and hosts ----------------------------------------------------------------------------------------------
BREAKS = (
    "\r\nset-cookie: a=b",
    "\nset-cookie: a=b",
    "%0d%0aset-cookie: a=b",
    "\u560d\u560aset-cookie: a=b",
    "\x00",
    "\x85a",
)


@pytest.mark.parametrize("text", BREAKS)
def test_nothing_that_is_sent_makes_a_header(scene: Scene, text: str) -> None:
    """Ways back, names of files, messages of the page before, languages."""
    for answer in (
        scene.post("/preferences", {"theme": "dark", "back": f"/o/account{text}"}),
        scene.post("/language", {"language": f"en{text}", "back": f"/x{text}"}),
        scene.get(f"/o/account?back={quote(text)}"),
        scene.client.get("/o/account", headers={"cookie": f"dougong={scene.cookie}; told={quote(text)}"}),
        scene.client.get(f"/nothing{quote(text)}", follow_redirects=False),
    ):
        assert answer.status_code < 500
        assert not [each for each in answer.headers.get_list("set-cookie") if each.startswith("a=b")]
        assert all(ord(char) >= 32 for value in answer.headers.values() for char in value)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "testserver@evil.example", "evil.example/x?"])
def test_no_page_believes_the_host_header(scene: Scene, host: str) -> None:
    """No link, no redirect, no policy names the host that a request says; so no cache or mail is poisoned by one."""
    for page in (*PAGES, *OF_WORKFLOWS):
        if page.method == "GET":
            path = page.path.format_map(defaultdict(lambda: "name", object="account", id=scene.account))
            for headers in ({"host": host}, {"x-forwarded-host": host, "x-forwarded-proto": "https"}):
                answer = scene.get(path, **headers)
                assert "evil.example" not in answer.text, path
                assert "evil.example" not in str(answer.headers), path
    for path in ("/o/account/", "//evil.example/", "/sign-in/", "//evil.example/%2e%2e"):
        location = scene.get(path, host=host).headers.get("location", "/")
        assert "evil.example" not in location, path
        assert not location.startswith("//"), path


# -- uploads --------------------------------------------------------------------------------------------------------
HTML, SVG = b"<html><script>alert(1)</script>", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
NAMES = (
    "../../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "C:\\x.txt", "a\x00.pdf", "a\r\nset-cookie: x=y.txt",
    'a"; filename="b.html', "….txt", "CON", " .. ", "a/b/c.txt", "\u202egnp.exe.txt", "x" * 500 + ".txt",
)  # fmt: skip
SENT = (
    ("page.html", HTML, "text/html"), ("picture.svg", SVG, "image/svg+xml"), ("picture.png", HTML, "image/png"),
    ("picture.png", SVG, "text/html"), ("paper.pdf", HTML, "application/pdf"), ("a.xhtml", HTML, "text/html"),
    ("a.xml", b"<?xml-stylesheet href='x'?>", "text/xml"), ("a.mhtml", HTML, "x/y"), ("noending", HTML, "text/html"),
    ("a.png.html", b"\x89PNG\r\n\x1a\n" + HTML, "image/png"), ("a.gif", b"GIF89a=1//" + HTML, "image/gif"),
)  # fmt: skip


def sent(scene: Scene, name: str, content: bytes, kind: str = "text/plain") -> list[str]:
    """The ids of the files that an upload made."""
    before = set(files(scene))
    answer = scene.post(f"/o/account/{scene.account}/files", files={"file": (name, content, kind)})
    assert answer.status_code in (303, 422), answer.text
    return sorted(set(files(scene)) - before)


def files(scene: Scene) -> list[str]:
    where = Condition("related_to", "is", scene.account)
    with scene.company.read(SYSTEM) as unit:
        return [row.id for row in unit.records.query(Query(object="file", where=where, limit=500)).rows]


@pytest.mark.parametrize("name", NAMES)
def test_no_file_name_leads_anywhere(scene: Scene, name: str) -> None:
    """Bytes stand under the id of their record; the name is kept without what is no name, and given out quoted."""
    before = {path for path in scene.folder.rglob("*") if path.is_file()}
    for id in sent(scene, name, b"plain"):
        (made,) = {path for path in scene.folder.rglob("*") if path.is_file()} - before
        assert made.parent.parent == scene.folder / "files" and made.name == id
        with scene.company.read(SYSTEM) as unit:
            kept = str(unit.records.get("file", id).values["name"])
        assert not re.search(r"[\x00-\x1f/\\]", kept) and kept not in ("", ".", "..") and len(kept) <= 200
        headers = scene.get(f"/file/{id}").headers
        assert re.fullmatch(r"attachment; filename\*=utf-8''[\w.%~-]+", headers["content-disposition"])
        assert "set-cookie" not in headers


@pytest.mark.parametrize(("name", "content", "kind"), SENT)
def test_no_upload_is_a_page_of_ours(scene: Scene, name: str, content: bytes, kind: str) -> None:
    """What is no picture or PDF in truth is given out as bytes to save, in a sandbox, and never sniffed."""
    (id,) = sent(scene, name, content, kind)
    answer = scene.get(f"/file/{id}")
    assert answer.content == content
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    if name != "a.gif":
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment;")
    else:
        assert answer.headers["content-type"] == "image/gif", (
            "a picture in its first bytes: shown as one, run as nothing"
        )


@pytest.mark.parametrize("name", ["a.exe", "a.js", "A.HTA", "a.lnk", "a.txt.bat", "a.ps1 "])
def test_programs_are_not_passed_on(scene: Scene, name: str) -> None:
    assert sent(scene, name, b"MZ") == []


@pytest.mark.parametrize("id", ["..%2f..%2fetc%2fpasswd", "....//", "%2e%2e", "0", "a" * 4000])
def test_no_address_of_a_file_is_a_path(scene: Scene, id: str) -> None:
    for path in (f"/file/{id}", f"/static/{id}", f"/static/../{id}"):
        assert scene.get(path).status_code in (303, 400, 404), path
