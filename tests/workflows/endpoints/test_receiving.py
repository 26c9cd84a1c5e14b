"""Incoming web hooks: who may call, what is kept of a call, and that each element of it is dealt with once."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine import backlog, jobs, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create
from dougong.web.app import create_app, make_site
from dougong.web.identity import rates
from dougong.workflows.channels.signing import signed
from tests.companies import PACKAGES, Copies

SECRET = "whsec_" + base64.b64encode(b"shop" * 8).decode()
DOCUMENTS: dict[str, dict[str, Any]] = {
    "package.json": {
        "kind": "package", "name": "shop-test", "label": {"en": "Shop", "zh-CN": "商城"}, "version": "1.0.0",
        "namespace": "shop", "requires": {"base": ">=0.1"},
    },
    "endpoint/orders.json": {
        "kind": "endpoint", "name": "shop__orders", "label": {"en": "Orders", "zh-CN": "订单"},
        "signing_secret": "shop", "largest_kb": 4, "rows": "/orders", "required": ["note"],
        "values": {"subject": "/task/subject", "note": "/note"}, "match": {"field": "subject", "value": "subject"},
    },
    "endpoint/simple.json": {
        "kind": "endpoint", "name": "shop__simple", "label": {"en": "Simple", "zh-CN": "简单"}, "token_secret": "token",
        "once": "/id", "values": {"subject": "/subject"}, "match": {"field": "subject", "value": "subject"},
    },
    "endpoint/closed.json": {
        "kind": "endpoint", "name": "shop__closed", "label": {"en": "Closed", "zh-CN": "关闭"}, "token_secret": "token",
        "active": False, "values": {"subject": "/subject"}, "match": {"field": "subject", "value": "subject"},
    },
    "automation/task/paid.json": {
        "kind": "automation", "name": "task.shop__paid", "object": "task", "label": {"en": "Paid", "zh-CN": "已付"},
        "trigger": {"type": "hook", "endpoint": "shop__orders"},
        "steps": [{"key": "note", "do": "set", "with": {"notes": 'notes & $Trigger.payload.note & ";"'}}],
    },
}  # fmt: skip


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with endpoints."""
    folder = tmp_path_factory.mktemp("shop")
    for name, body in DOCUMENTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(body), "utf-8")
    return folder


@pytest.fixture
def shop(company_copy: Copies, database_kind: str, package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A company with it, whose secrets are set."""
    monkeypatch.setenv("DOUGONG_SECRET_SHOP", SECRET)
    monkeypatch.setenv("DOUGONG_SECRET_TOKEN", "open sesame")
    rates.forget()
    with company_copy(database_kind, "shop", (PACKAGES / "base", package)) as found:
        yield found


@pytest.fixture
def caller(shop: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A program outside."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    site = make_site(Settings.from_environment(), shop)
    (routes,) = shop.hooks.routes(site=site)
    with TestClient(create_app(site, routes=routes), base_url="http://testserver") as client:
        yield client


def _call(caller: TestClient, body: Any, id: str = "call-1", at: datetime | None = None, **more: str) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {**signed(SECRET, id, raw, at or datetime.now(UTC)), **more}
    return caller.post("/hooks/shop__orders", content=raw, headers=headers)


def _order(subject: str, note: str | None = "paid") -> dict[str, Any]:
    return {"task": {"subject": subject}, "note": note}


def _tasks(shop: Company, *subjects: str) -> None:
    made = [Create("task", {"subject": each, "notes": "-"}) for each in subjects]
    shop.write(SYSTEM, lambda unit: unit.records.save(made))


def _notes(shop: Company) -> dict[str, str]:
    with shop.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="task", columns=("subject", "notes"), limit=100)).rows
        return {str(row.values[0]): str(row.values[1]) for row in rows}


def _work(shop: Company) -> None:
    while jobs.run_due(shop):
        pass


def _asked(shop: Company) -> int:
    with shop.read(SYSTEM) as unit:
        return len(unit.connection.execute(select(tables.outbox.c.id)).all())


def test_a_call_runs_what_listens_for_each_record(shop: Company, caller: TestClient) -> None:
    """Once: the same call again changes nothing, another one does."""
    _tasks(shop, "A", "B", "C")
    body = {"orders": [_order("A"), _order("B", "late")]}
    answers = [_call(caller, body), _call(caller, body), _call(caller, body, "call-2")]
    assert [each.status_code for each in answers] == [202] * 3
    _work(shop)
    assert _notes(shop) == {"A": "-paid;paid;", "B": "-late;late;", "C": "-"}


def test_a_bad_row_is_put_aside_and_tried_again(shop: Company, caller: TestClient) -> None:
    """The others of its call are done; once its record is there, it is done too."""
    _tasks(shop, "A")
    assert _call(caller, {"orders": [_order("missing"), 7, _order("A", None), _order("A")]}).status_code == 202
    _work(shop)
    for _ in range(2):
        its = tables.outbox.c
        past = (
            tables.outbox.update().where(its.state == "ready").values(run_at=datetime.now(UTC) - timedelta(seconds=1))
        )
        shop.write(SYSTEM, lambda unit, past=past: unit.connection.execute(past))
        _work(shop)
    assert _notes(shop) == {"A": "-paid;"}
    with shop.read(SYSTEM) as unit:
        failed = backlog.listed(unit, "failed")[0]
    assert sorted(each.why("en") for each in failed) == [
        "No automation listens, or no record has this in subject. Verbatim: “missing”",
        "The element has no note, subject.",
        "The element has no note.",
    ]
    _tasks(shop, "missing")
    (again,) = [each.id for each in failed if "missing" in each.why("en")]
    shop.write(SYSTEM, lambda unit: backlog.retry(unit, again))
    _work(shop)
    assert _notes(shop) == {"A": "-paid;", "missing": "-paid;"}


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("another secret", 401), ("too old", 401), ("no signature", 401), ("changed", 401),
        ("no list", 400), ("nowhere", 404), ("closed", 404), ("large", 413), ("many", 413),
    ],
)  # fmt: skip
def test_what_is_not_taken_leaves_nothing(shop: Company, caller: TestClient, what: str, status: int) -> None:
    """The caller is told why; nothing is kept of it."""
    body: Any = {"orders": [_order("A")]}
    raw = json.dumps(body).encode()
    before = _asked(shop)
    match what:
        case "another secret":
            other = "whsec_" + base64.b64encode(b"y" * 32).decode()
            headers = dict(signed(other, "x", raw, datetime.now(UTC)))
            answer = caller.post("/hooks/shop__orders", content=raw, headers=headers)
        case "too old":
            answer = _call(caller, body, at=datetime.now(UTC) - timedelta(hours=1))
        case "no signature":
            answer = caller.post("/hooks/shop__orders", content=raw)
        case "changed":
            headers = dict(signed(SECRET, "x", raw, datetime.now(UTC)))
            answer = caller.post("/hooks/shop__orders", content=raw.replace(b"A", b"B"), headers=headers)
        case "no list":
            answer = _call(caller, {"orders": {}})
        case "nowhere":
            answer = caller.post("/hooks/nothing", content=raw)
        case "closed":
            answer = caller.post("/hooks/shop__closed", content=raw, headers={"authorization": "Bearer open sesame"})
        case "large":
            answer = _call(caller, {"orders": [_order("A" * 5000)]})
        case _:
            answer = _call(caller, {"orders": [1] * 1001})
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]
    assert _asked(shop) == before


@pytest.mark.parametrize(
    "raw", [b"{", b'{"orders": [NaN]}', b'{"orders": ["\\ud800"]}', b"[" * 2000 + b"]" * 2000],
    ids=["cut short", "no number", "half a character", "too deep"],
)  # fmt: skip
def test_what_is_no_json_is_refused(shop: Company, caller: TestClient, raw: bytes) -> None:
    """Signed or not: the caller is told, and nothing is kept of it."""
    before = _asked(shop)
    answer = _call(caller, raw)
    assert (answer.status_code, answer.json()) == (400, {"error": "the body is no JSON"})
    assert _asked(shop) == before


def test_a_body_of_50_mb_is_refused_unread(shop: Company, caller: TestClient) -> None:
    """Whether it says how long it is or not; the record stays as it was."""
    _tasks(shop, "A")

    def pieces() -> Iterator[bytes]:
        for _ in range(50):
            yield b"x" * 2**20

    told = caller.post("/hooks/shop__orders", content=b"", headers={"content-length": str(50 * 2**20)})
    silent = caller.post("/hooks/shop__orders", content=pieces())
    assert (told.status_code, silent.status_code) == (413, 413)
    _work(shop)
    assert _notes(shop) == {"A": "-"}


@pytest.mark.parametrize(
    ("token", "body", "status"),
    [
        ("open sesame", {"id": 7, "subject": "A"}, 202),
        ("wrong", {"id": 7, "subject": "A"}, 401),
        ("", {"id": 7}, 401),
        ("open sesame", {"subject": "A"}, 400),
        ("open sesame", {"id": {"x": 1}}, 400),
    ],
)
def test_a_caller_that_cannot_sign_sends_a_token(
    shop: Company, caller: TestClient, token: str, body: dict[str, Any], status: int
) -> None:
    """And says in the body which call it is."""
    headers = {"authorization": f"Bearer {token}"}
    assert caller.post("/hooks/shop__simple", json=body, headers=headers).status_code == status


def test_without_its_secret_an_endpoint_is_shut(
    shop: Company, caller: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody gets in because the operator forgot something."""
    monkeypatch.delenv("DOUGONG_SECRET_SHOP")
    assert _call(caller, {"orders": []}).status_code == 503
