"""What a plugin hides is hidden in every outlet: pages, API, search, export, history, counts and messages."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import ColumnElement, FromClause
from starlette.testclient import TestClient

from dougong.base.errors import BadRequest, DougongError, NotFound
from dougong.base.hooks import hook, plugin_manager
from dougong.base.settings import Settings
from dougong.engine.access import Access, Right
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Measure, Query, Sort, Summary
from dougong.engine.reading.filters import parse
from dougong.engine.saving.batch import Create, Delete, Restore, Update
from dougong.engine.transfer.exporting import write_csv, write_lines, write_xlsx
from dougong.engine.unit import Unit
from dougong.metadata.model import Field, Model, Object
from dougong.web import sessions
from dougong.web.api import routes
from dougong.web.app import create_app, make_site
from dougong.web.identity.api_tokens import make as make_token
from tests.companies import company_copy, sales  # noqa: F401

ROW = "Hidden Holdings"
VALUE = "Zebrafinch"
FIELD = "short_name"


class Discretion(Access):
    """Hides one customer and the short name of all."""

    key = "discretion"

    def may_field(self, right: Any, obj: Object, field: Field) -> bool:
        return (obj.name, field.name) != ("account", FIELD)

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        return table.c.name != ROW if obj.name == "account" else None


class Plugin:
    """Discretion for the user `li`; everybody else sees everything."""

    @hook
    def access(self, actor: Actor, model: Model) -> Access | None:
        return Discretion() if actor.login == "li" else None


@dataclass(frozen=True)
class Scene:
    """A company with something to hide, and two people: one sees it, one does not."""

    company: Company
    client: TestClient
    people: dict[str, Actor]
    tokens: dict[str, str]
    cookies: dict[str, str]
    open_id: str
    hidden_id: str
    contact_id: str
    deal_id: str

    def page(self, who: str, path: str) -> tuple[int, str]:
        """A page as its reader gets it."""
        answer = self.client.get(path, headers={"cookie": f"dougong={self.cookies[who]}"}, follow_redirects=False)
        return answer.status_code, answer.text

    def api(self, who: str, path: str, method: str = "GET", body: Any = None) -> tuple[int, str]:
        """A call of the API."""
        answer = self.client.request(method, path, json=body, headers={"authorization": f"Bearer {self.tokens[who]}"})
        return answer.status_code, answer.text


@pytest.fixture
def scene(sales: Company) -> Iterator[Scene]:  # noqa: F811
    """Two customers, one hidden, with a contact, a deal and a history."""
    sales.hooks = plugin_manager([Plugin()]).hook

    def work(unit: Unit) -> dict[str, Any]:
        users = unit.records.save(
            [
                Create("user", {"login": name, "name": name.title(), "roles": ["system_administrator"]})
                for name in ("li", "wang")
            ]
        )
        ids = {name: each.id for name, each in zip(("li", "wang"), users.changes, strict=True)}
        made = unit.records.save(
            [
                Create(
                    "account", {"name": "Open Optics", "record_type": "enterprise", FIELD: VALUE, "owner": ids["li"]}
                ),
                Create("account", {"name": ROW, "record_type": "enterprise", FIELD: VALUE, "owner": ids["li"]}),
            ]
        ).changes
        rest = unit.records.save(
            [
                Create("contact", {"name": "Ada Visible", "account": made[1].id, "owner": ids["li"]}),
                Create(
                    "opportunity",
                    {"name": "Deal of theirs", "account": made[1].id, "stage": "prospecting", "owner": ids["li"]},
                ),
            ]
        ).changes
        tokens = {name: make_token(unit, ids[name], "test") for name in ids}
        cookies = {name: sessions.begin(unit, ids[name], "test", "127.0.0.1") for name in ids}
        return {
            "ids": ids,
            "open": made[0].id,
            "hidden": made[1].id,
            "contact": rest[0].id,
            "deal": rest[1].id,
            "tokens": tokens,
            "cookies": cookies,
        }

    found = sales.write(SYSTEM, work)
    people = {name: Actor(user_id=each, name=name.title(), login=name) for name, each in found["ids"].items()}
    with_change = Update("account", found["open"], {FIELD: "Goldfinch"})
    sales.write(people["wang"], lambda unit: unit.records.save([with_change]))
    back = Update("account", found["open"], {FIELD: VALUE})
    sales.write(people["wang"], lambda unit: unit.records.save([back]))
    site = make_site(Settings.from_environment(), sales)
    with TestClient(create_app(site, routes=routes(site)), base_url="http://127.0.0.1:8000") as client:
        yield Scene(
            sales,
            client,
            people,
            found["tokens"],
            found["cookies"],
            found["open"],
            found["hidden"],
            found["contact"],
            found["deal"],
        )


def outlets(scene: Scene, who: str) -> Iterator[tuple[str, str]]:
    """Everything that a person can be shown of customers, as text."""
    pages = [
        "/o/account",
        "/o/account?view=all",
        f"/o/account/{scene.open_id}",
        f"/o/account/{scene.open_id}/edit",
        "/o/contact",
        f"/o/contact/{scene.contact_id}",
        f"/o/contact/{scene.contact_id}/edit",
        "/o/opportunity?view=all",
        f"/o/opportunity/{scene.deal_id}",
        f"/o/opportunity/{scene.deal_id}/edit",
        "/o/account/new",
        "/bin",
        "/search?q=hidden",
        "/search?q=holdings",
        "/search?q=zebra",
        "/lookup/contact/account?q=hid",
        "/lookup/opportunity/account?q=",
        "/o/account/columns",
        "/o/account/condition",
    ]
    for path in pages:
        status, text = scene.page(who, path)
        assert status in (200, 404), (path, status, text[:300])
        yield path, text
    calls = [
        "/api/v1/records/account",
        f"/api/v1/records/account/{scene.open_id}",
        "/api/v1/records/contact",
        f"/api/v1/records/contact/{scene.contact_id}",
        "/api/v1/records/opportunity?fields=name,account,account.name",
        "/api/v1/records/account?search=hidden",
        "/api/v1/records/account?deleted=all",
        "/api/openapi.json",
    ]
    for path in calls:
        status, text = scene.api(who, path)
        assert status == 200, (path, text)
        yield path, text
    with scene.company.read(scene.people[who]) as unit:
        columns = tuple(
            name
            for name in ("name", FIELD, "owner")
            if unit.access.may_field(
                "read", unit.runtime.model.objects["account"], unit.runtime.model.objects["account"].fields[name]
            )
        )
        for write in (write_csv, write_lines):
            file = io.BytesIO()
            write(unit, Query(object="account", columns=columns), file)
            yield write.__name__, file.getvalue().decode("utf-8")
        groups = unit.records.summarise(Summary(object="opportunity", by=("account",)))
        yield "summary", repr(groups)
        write_xlsx(unit, Query(object="account", columns=columns), io.BytesIO())


def test_what_is_hidden_is_seen_nowhere(scene: Scene) -> None:
    seen = {what for what, text in outlets(scene, "li") if ROW in text or VALUE in text or f'"{FIELD}"' in text}
    assert seen == set()


def test_the_other_person_sees_it(scene: Scene) -> None:
    """The test above could fail: the same outlets show both to those who may see them."""
    found = dict(outlets(scene, "wang"))
    assert all(
        ROW in found[path]
        for path in (
            "/o/account?view=all",
            f"/o/contact/{scene.contact_id}",
            "/search?q=hidden",
            "write_csv",
            "summary",
        )
    )
    assert all(
        VALUE in found[path] for path in ("/api/v1/records/account", f"/o/account/{scene.open_id}/edit", "write_lines")
    )
    assert f'"{FIELD}"' in found["/api/openapi.json"]


def test_a_hidden_record_answers_like_one_that_is_not_there(scene: Scene) -> None:
    """By page and by call, for reading and for writing; nothing changes."""
    missing = "01890000-0000-7000-8000-000000000000"
    for path in ("/o/account/{}", "/o/account/{}/edit"):
        assert scene.page("li", path.format(scene.hidden_id))[0] == 404 == scene.page("li", path.format(missing))[0]
    for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        answers = [
            scene.api("li", f"/api/v1/records/account/{each}", method, body) for each in (scene.hidden_id, missing)
        ]
        assert answers[0][0] == answers[1][0] == 404
        assert answers[0][1].replace(scene.hidden_id, "") == answers[1][1].replace(missing, "")
    with scene.company.read(SYSTEM) as unit:
        assert unit.records.get("account", scene.hidden_id).values["name"] == ROW


def test_nothing_can_be_inferred_by_filter_sort_group_or_count(scene: Scene) -> None:
    """A hidden field is unknown to every part of a query; a hidden row is counted nowhere."""
    with scene.company.read(scene.people["li"]) as unit:
        where = parse({"field": FIELD, "op": "is", "value": VALUE})
        for query in (
            Query(object="account", where=where),
            Query(object="account", sort=(Sort(FIELD),)),
            Query(object="account", columns=(FIELD,)),
            Query(object="contact", columns=(f"account.{FIELD}",)),
            Query(object="contact", where=parse({"field": f"account.{FIELD}", "op": "not_blank"})),
        ):
            with pytest.raises(BadRequest) as refused:
                unit.records.query(query)
            unknown = refused.value.problems[0]
            assert unknown.code == "field-unknown"
        with pytest.raises(BadRequest):
            unit.records.summarise(Summary(object="account", by=(FIELD,)))
        with pytest.raises(BadRequest):
            unit.records.summarise(Summary(object="account", measures=(Measure("max", FIELD),)))
        assert unit.records.count(Query(object="account")).number == 1
        assert unit.records.summarise(Summary(object="account")) == [((), (1,))]
        by_name = parse({"field": "account.name", "op": "is", "value": ROW})
        assert unit.records.count(Query(object="contact", where=by_name)).number == 0
        with pytest.raises(NotFound):
            unit.records.get("account", scene.hidden_id)


def test_nothing_hidden_can_be_written(scene: Scene) -> None:
    """A hidden field, a hidden record and a lookup to one are refused, and nothing changes."""
    attempts = [
        Update("account", scene.open_id, {FIELD: "1"}),
        Update("account", scene.hidden_id, {"name": "Mine"}),
        Delete("account", scene.hidden_id),
        Restore("account", scene.hidden_id),
        Create("contact", {"name": "Eve", "account": scene.hidden_id}),
        Update("contact", scene.contact_id, {"account": scene.hidden_id, "name": "Ada V"}),
    ]
    for attempt in attempts[:5]:
        with pytest.raises(DougongError) as refused:
            scene.company.write(scene.people["li"], lambda unit, attempt=attempt: unit.records.save([attempt]))  # type: ignore[misc]
        said = " ".join(str(problem) for problem in refused.value.problems)
        assert ROW not in said and VALUE not in said
    with scene.company.read(SYSTEM) as unit:
        assert unit.records.get("account", scene.open_id).values[FIELD] == VALUE
        assert unit.records.count(Query(object="contact")).number == 1


def test_a_filter_in_the_address_cannot_ask_for_it(scene: Scene) -> None:
    where = quote(json.dumps({"field": FIELD, "op": "is", "value": VALUE}))
    status, text = scene.api("li", f"/api/v1/records/account?filter={where}")
    assert status == 400 and VALUE not in text
    assert replace(scene.people["li"], channel="api").login == "li"


def test_searching_does_not_find_by_what_is_hidden(scene: Scene) -> None:
    """Words of a hidden field find nothing, those of readable ones do."""
    for who, number in (("li", 0), ("wang", 2)):
        with scene.company.read(scene.people[who]) as unit:
            assert unit.records.count(Query(object="account", search="zebra")).number == number
            assert unit.records.count(Query(object="account", search="optics")).number == 1
