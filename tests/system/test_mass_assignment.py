"""Mass assignment: what a person may not set stays as it is, whichever way in they take and however they ask.

System columns, what is computed or counted, the owner without the right to give away, fields that are held back, and
rights. Each is sent by form, inline, API (one, many, upsert), import, mass change, clone and prefilled address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from dougong.base.errors import DougongError
from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create, Update
from dougong.engine.transfer import sheets
from dougong.engine.transfer.importing import run_import
from dougong.web import sessions
from dougong.web.api import routes
from dougong.web.app import create_app, make_site
from dougong.web.identity.api_tokens import make as make_token
from tests.companies import ADMINISTRATOR, PACKAGES, Copies, company_copy, person  # noqa: F401
from tests.conftest import KINDS

OTHER = "01890000-0000-7000-8000-00000000dead"
PAST = "2001-02-03T04:05:06Z"


@dataclass(frozen=True)
class Scene:
    """Somebody in sales with a customer and a deal, and an administrator."""

    company: Company
    client: TestClient
    actor: Actor
    boss: Actor
    cookie: str
    token: str
    ids: dict[str, str]

    def post(self, path: str, data: Any) -> Any:
        """A form of ours."""
        headers = {"cookie": f"dougong={self.cookie}", "sec-fetch-site": "same-origin"}
        return self.client.post(path, data=data, headers=headers, follow_redirects=False)

    def call(self, method: str, path: str, body: Any) -> Any:
        """A call of the API."""
        return self.client.request(
            method, f"/api/v1{path}", json=body, headers={"authorization": f"Bearer {self.token}"}
        )

    def stored(self, name: str) -> dict[str, dict[str, Any]]:
        """Every record of an object in full."""
        with self.company.read(SYSTEM) as unit:
            ids = [row.id for row in unit.records.query(Query(object=name, limit=200)).rows]
            return {id: dict(unit.records.get(name, id).values) for id in ids}


@pytest.fixture(scope="module", params=KINDS)
def scene(request: pytest.FixtureRequest, company_copy: Copies) -> Iterator[Scene]:  # noqa: F811
    with company_copy(request.param, "sales", (PACKAGES / "base", PACKAGES / "sales-core")) as company:
        boss, actor = person(company, "boss", ADMINISTRATOR), person(company, "li", "sales", language="en")
        user = str(actor.user_id)

        def work(unit: Any) -> dict[str, str]:
            account = Create("account", {"name": "Aldgate", "record_type": "enterprise", "owner": user})
            made = unit.records.save([account]).changes[0].id
            deal = {"name": "Deal", "account": made, "record_type": "standard", "owner": user}
            found = {"account": made, "opportunity": unit.records.save([Create("opportunity", deal)]).changes[0].id}
            found["product"] = unit.records.save([Create("product", {"name": "Press", "unit": "piece"})]).changes[0].id
            return found | {
                "cookie": sessions.begin(unit, user, "t", "127.0.0.1"),
                "token": make_token(unit, user, "t"),
            }

        ids = company.write(SYSTEM, work)
        site = make_site(Settings.from_environment({}), company)
        with TestClient(create_app(site, routes=routes(site)), raise_server_exceptions=False) as client:
            yield Scene(company, client, actor, boss, ids.pop("cookie"), ids.pop("token"), ids)


FORBIDDEN: dict[str, dict[str, Any]] = {
    "account": {
        "id": OTHER, "created_at": PAST, "created_by": OTHER, "updated_at": PAST, "updated_by": OTHER, "version": 77,
        "deleted_at": PAST, "last_activity_at": PAST, "owner": "BOSS",
    },
    "opportunity": {
        "id": OTHER, "created_by": OTHER, "version": 77, "deleted_at": PAST, "line_total": "999", "owner": "BOSS",
    },
    "user": {
        "roles": [ADMINISTRATOR], "permission_sets": ["system_administrator"], "active": False, "login": "x",
        "email": "a@b.example",
    },
}  # fmt: skip

Way = Callable[[Scene, str, str, Any], None]


def form(scene: Scene, name: str, field: str, value: Any) -> None:
    scene.post(f"/o/{name}/{scene.ids[name]}/edit", {"name": "New", "base": "", field: value, f"{field}.id": value})


def inline(scene: Scene, name: str, field: str, value: Any) -> None:
    scene.post(f"/o/{name}/{scene.ids[name]}/field/{field}", {field: value, "version": "1"})


def new_form(scene: Scene, name: str, field: str, value: Any) -> None:
    scene.post(
        f"/o/{name}/new?{urlencode({f'v.{field}': value})}",
        {"name": "Made", "account": scene.ids["account"], field: value},
    )


def clone(scene: Scene, name: str, field: str, value: Any) -> None:
    query = urlencode({"clone": scene.ids[name], f"v.{field}": value})
    scene.post(f"/o/{name}/new?{query}", {"name": "Clone", "account": scene.ids["account"], field: value})


def patch(scene: Scene, name: str, field: str, value: Any) -> None:
    scene.call("PATCH", f"/records/{name}/{scene.ids[name]}", {field: value})


def create(scene: Scene, name: str, field: str, value: Any) -> None:
    scene.call("POST", f"/records/{name}", {"name": "Made", "account": scene.ids["account"], field: value})
    scene.call("POST", f"/records/{name}", {"name": "Made", "login": "made", field: value})


def bulk(scene: Scene, name: str, field: str, value: Any) -> None:
    changes = [
        {"op": "update", "id": scene.ids[name], "values": {field: value}},
        {"op": "create", "values": {"name": "Made", field: value}},
        {"op": "upsert", "key": field, "values": {"name": "Made", field: value}},
    ]
    for change in changes:
        scene.call("POST", f"/records/{name}/bulk", {"changes": [change], "partial": True})


def imported(scene: Scene, name: str, field: str, value: Any) -> None:
    text = value if isinstance(value, str) else "; ".join(value) if isinstance(value, list) else str(value)
    for header in (f"name,{field}\nMade,{text}\n", f"id,{field}\n{scene.ids[name]},{text}\n"):
        try:
            run_import(scene.company, scene.actor, sheets.read("f.csv", header.encode()), object_name=name)
        except DougongError:
            continue


def mass(scene: Scene, name: str, field: str, value: Any) -> None:
    def work(unit: Any) -> None:
        unit.records.save([Update(name, scene.ids[name], {field: value})])

    with pytest.raises(DougongError):
        scene.company.write(replace(scene.actor, channel="bulk"), work)


WAYS: tuple[Way, ...] = (form, inline, new_form, clone, patch, create, bulk, imported, mass)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", FORBIDDEN)
def test_nobody_sets_what_they_may_not(scene: Scene, way: Way, name: str) -> None:
    """No record, old or new, has the value afterwards; those of the system say who really made it, and when."""
    scene.ids["user"] = str(scene.actor.user_id)
    for field, value in FORBIDDEN[name].items():
        given = str(scene.boss.user_id) if value == "BOSS" else value
        before = scene.stored(name)
        way(scene, name, field, given)
        after = scene.stored(name)
        for id, values in after.items():
            was = before.get(id)
            found = values.get(field, id if field == "id" else None)
            told = getattr(found, "id", found)
            assert id != OTHER
            if was is not None and field not in ("version", "updated_at", "updated_by"):
                assert found == was.get(field, found), (field, id)
            assert str(told) not in ({str(given), "77", OTHER} - {str(getattr(was and was.get(field), "id", ""))}), (
                field
            )
            assert getattr(told, "year", None) != 2001, field


@pytest.mark.parametrize("way", [form, inline, patch, bulk, imported, mass], ids=lambda way: way.__name__)
def test_a_field_that_is_held_back_is_not_set(scene: Scene, way: Way) -> None:
    """Costs of products: sales may neither read nor write them, and are told that there is no such field."""
    before = scene.stored("product")
    way(scene, "product", "cost", "1.00")
    assert scene.stored("product") == before
    answer = scene.call("POST", "/records/opportunity", {"name": "x", "cost_total": "1"})
    nothing = scene.call("POST", "/records/opportunity", {"name": "x", "cost_totalx": "1"})
    assert answer.status_code == nothing.status_code == 422
    assert answer.json()["errors"][0]["code"] == nothing.json()["errors"][0]["code"] == "field-unknown"


def test_even_an_administrator_sets_no_system_column_by_form_or_api(scene: Scene) -> None:
    """Only an import says when and by whom a new record was made: it brings records from elsewhere."""
    for field in ("created_by", "created_at", "version", "updated_at", "deleted_at"):
        for change in (
            Create("lead", {"name": "L", field: PAST}),
            Update("account", scene.ids["account"], {field: PAST}),
        ):
            with pytest.raises(DougongError):
                scene.company.write(scene.boss, lambda unit, change=change: unit.records.save([change]))  # type: ignore[misc]
