"""The package `segments`: three segments, its roles, and what each sees and changes in its own segment and others."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from dougong.base.errors import DougongError, Forbidden, NotFound
from dougong.base.ids import record_id
from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.reading.covering import covered
from dougong.engine.saving.batch import Create, Update
from dougong.engine.transfer.exporting import write_csv
from dougong.engine.unit import Unit
from dougong.web import sessions
from dougong.web.api import routes
from dougong.web.app import create_app, make_site
from dougong.web.identity.api_tokens import make as make_token
from tests.companies import ADMINISTRATOR, PACKAGES, Copies, company_copy, person  # noqa: F401
from tests.conftest import KINDS

SEGMENTS = ("energy", "industry", "city")
OBJECTS = ("lead", "account", "opportunity")
OF_SEGMENT = ("segment_head", "salesperson", "segment_administrator")
OF_GROUP = ("group_management", "dispatcher")


@dataclass(frozen=True)
class Group:
    """A group of companies: its people by role and segment, and the records of each segment.

    `records`: by (segment, object, owner's role), the id. The salesperson owns one of each object, the head another.
    """

    company: Company
    people: dict[str, Actor]
    records: dict[tuple[str, str, str], str]

    def seen(self, who: str, name: str) -> set[tuple[str, str]]:
        """(segment, owner's role) of the records that somebody sees; nothing where the object is none of theirs."""
        with self.company.read(self.people[who]) as unit:
            try:
                page = unit.records.query(Query(object=name, columns=("name",), limit=100))
            except NotFound:
                return set()
            assert unit.records.count(Query(object=name)).number == len(page.rows)
            return self._known(name, {row.id for row in page.rows})

    def changeable(self, who: str, name: str) -> set[tuple[str, str]]:
        """The same of those that somebody may change."""
        with self.company.read(self.people[who]) as unit:
            return self._known(name, covered(unit, "edit", unit.runtime.model.objects[name], self.ids(name)))

    def ids(self, name: str) -> list[str]:
        return [id for (_, kind, _), id in self.records.items() if kind == name]

    def _known(self, name: str, ids: set[str]) -> set[tuple[str, str]]:
        return {(segment, owner) for (segment, kind, owner), id in self.records.items() if kind == name and id in ids}


def values(name: str, segment: str, owner: str) -> dict[str, Any]:
    title = f"{segment}-{owner}"
    common: dict[str, Any] = {"segments__segment": segment}
    match name:
        case "lead":
            return {**common, "company": title, "person": title, "mobile": "13900000000"}
        case "account":
            return {**common, "name": title, "record_type": "enterprise"}
        case _:
            return {**common, "name": title, "stage": "prospecting"}


@contextmanager
def peopled(company_copy: Copies, database_kind: str) -> Iterator[Group]:  # noqa: F811
    """Three segments with the people of each, each with records of their own."""
    folders = tuple(PACKAGES / each for each in ("base", "sales-core", "segments"))
    with company_copy(database_kind, "segments", folders) as company:
        people = {role: person(company, role, f"segments__{role}") for role in OF_GROUP}
        people["system_administrator"] = person(company, "boss", ADMINISTRATOR)
        for segment in SEGMENTS:
            for role in OF_SEGMENT:
                login = f"{segment}_{role}"
                people[login] = person(company, login, f"segments__{role}", segments__segments=[segment])
        records: dict[tuple[str, str, str], str] = {}
        for segment in SEGMENTS:
            for owner in ("salesperson", "segment_head"):
                actor = people[f"{segment}_{owner}"]
                records.update(company.write(actor, lambda unit, s=segment, o=owner: _own(unit, s, o)))  # type: ignore[misc]
        yield Group(company, people, records)


@pytest.fixture
def group(company_copy: Copies, database_kind: str) -> Iterator[Group]:  # noqa: F811
    """A group of a test's own."""
    with peopled(company_copy, database_kind) as found:
        yield found


@pytest.fixture(scope="module", params=KINDS)
def standing(request: pytest.FixtureRequest, company_copy: Copies) -> Iterator[Group]:  # noqa: F811
    """A group for tests that change nothing in it."""
    with peopled(company_copy, request.param) as found:
        yield found


def _own(unit: Unit, segment: str, owner: str) -> dict[tuple[str, str, str], str]:
    found: dict[tuple[str, str, str], str] = {}
    for name in OBJECTS:
        given = values(name, segment, owner)
        if name == "opportunity":
            given["account"] = found[segment, "account", owner]
        found[segment, name, owner] = unit.records.save([Create(name, given)]).changes[0].id
    return found


EVERYTHING = {(segment, owner) for segment in SEGMENTS for owner in ("salesperson", "segment_head")}
OWN_SEGMENT = {("energy", "salesperson"), ("energy", "segment_head")}
OWN = {("energy", "salesperson")}

MATRIX: dict[str, dict[str, tuple[set[tuple[str, str]], set[tuple[str, str]]]]] = {
    "group_management": dict.fromkeys(OBJECTS, (EVERYTHING, set())),
    "energy_segment_head": dict.fromkeys(OBJECTS, (OWN_SEGMENT, OWN_SEGMENT)),
    "energy_salesperson": dict.fromkeys(OBJECTS, (OWN, OWN)),
    "energy_segment_administrator": dict.fromkeys(OBJECTS, (OWN_SEGMENT, OWN_SEGMENT)),
    "system_administrator": dict.fromkeys(OBJECTS, (EVERYTHING, EVERYTHING)),
    "dispatcher": {"lead": (EVERYTHING, EVERYTHING), "account": (set(), set()), "opportunity": (set(), set())},
}
"""By person and object: what they see, and what they may change."""


def test_each_role_sees_and_changes_what_is_its_own(standing: Group) -> None:
    """Three segments by six roles by three objects."""
    for who, objects in MATRIX.items():
        for name, (seen, changeable) in objects.items():
            assert standing.seen(who, name) == seen, (who, name)
            assert standing.changeable(who, name) == changeable, (who, name)


def test_only_group_marketing_hands_leads_across_segments(group: Group) -> None:
    """What is handed over leaves the one segment and is in the other at once; nobody else moves anything."""
    lead = group.records["energy", "lead", "salesperson"]
    receiver = group.people["industry_salesperson"]
    moved = {"segments__segment": "industry", "owner": receiver.user_id}
    for who in ("energy_segment_head", "energy_segment_administrator", "energy_salesperson"):
        with pytest.raises(Forbidden):
            save(group, who, Update("lead", lead, moved))
    with pytest.raises(DougongError):
        save(group, "group_management", Update("lead", lead, moved))
    with pytest.raises(DougongError):
        save(group, "dispatcher", Update("account", group.records["energy", "account", "salesperson"], moved))
    save(group, "dispatcher", Update("lead", lead, moved))
    seen = {who: ("energy", "salesperson") in group.seen(who, "lead") for who in group.people}
    assert {who for who, sees in seen.items() if sees} == {
        "industry_segment_head", "industry_salesperson", "industry_segment_administrator", "dispatcher",
        "group_management", "system_administrator",
    }  # fmt: skip


def test_within_a_segment_the_head_hands_out(group: Group) -> None:
    """And who entered something goes on seeing it."""
    lead = group.records["energy", "lead", "salesperson"]
    save(group, "energy_segment_head", Update("lead", lead, {"owner": group.people["energy_segment_head"].user_id}))
    assert group.seen("energy_salesperson", "lead") == OWN and group.changeable("energy_salesperson", "lead") == set()


def test_group_management_assigns_actions_to_anybody(group: Group) -> None:
    """A task of their own making in somebody else's list."""
    receiver = group.people["city_salesperson"]
    task = {"subject": "Call back", "owner": receiver.user_id, "status": "open", "priority": "normal"}
    save(group, "group_management", Create("task", task))
    with group.company.read(receiver) as unit:
        rows = unit.records.query(Query(object="task", columns=("subject",))).rows
        assert [row.values for row in rows] == [("Call back",)]


def test_nobody_makes_records_in_a_foreign_segment(standing: Group) -> None:
    for who in ("energy_salesperson", "energy_segment_head"):
        with pytest.raises(Forbidden):
            save(standing, who, Create("account", values("account", "city", "salesperson")))


def save(group: Group, who: str, *changes: Any) -> None:
    group.company.write(group.people[who], lambda unit: unit.records.save(list(changes)))


# -- a foreign record is answered like a missing one ------------------------------------------------------------------
@pytest.fixture(scope="module")
def client(standing: Group) -> Iterator[TestClient]:
    site = make_site(Settings.from_environment(), standing.company)
    with TestClient(create_app(site, routes=routes(site)), base_url="http://127.0.0.1:8000") as found:
        yield found


def asked(name: str, id: str) -> Iterator[tuple[str, str, Any]]:
    """(method, path, body) of everything that names a record; pages begin with ``/o``."""
    for path in ("", "/edit", "?tab=history"):
        yield "GET", f"/o/{name}/{id}{path}", None
    yield "GET", f"/o/{name}/new?clone={id}", None
    yield "GET", f"/api/v1/records/{name}/{id}", None
    yield "PATCH", f"/api/v1/records/{name}/{id}", {"description": "x"}
    yield "DELETE", f"/api/v1/records/{name}/{id}", None
    yield "POST", "/api/v1/records/task", {"subject": "x", "related_to": f"{name}:{id}"}
    yield "GET", f'/api/v1/records/{name}?filter=[{{"field":"id","op":"is","value":"{id}"}}]', None
    yield "GET", f'/api/v1/records/task?filter=[{{"field":"related_to","op":"is","value":"{name}:{id}"}}]', None


def told(text: str, id: str) -> str:
    """An answer without what is new in each: the id that was asked for, tokens of forms, the number of the request."""
    text = re.sub(r'name="csrf" value="[^"]*"', "csrf", text.replace(id, "ID"))
    return re.sub(r'<span class="tnum">[0-9a-f]{16}</span>', "request", text)


def test_a_foreign_record_is_answered_like_a_missing_one(standing: Group, client: TestClient) -> None:
    """To the byte, but for the id that was asked for."""
    for who in ("energy_segment_head", "energy_salesperson", "energy_segment_administrator"):
        token, cookie = standing.company.write(SYSTEM, lambda unit, who=who: _credentials(unit, standing.people[who]))  # type: ignore[misc]
        for name in OBJECTS:
            foreign, missing = standing.records["city", name, "salesperson"], record_id()
            pairs = zip(asked(name, foreign), asked(name, missing), strict=True)
            for (method, path, body), (_, other, other_body) in pairs:
                headers = {"cookie": cookie} if path.startswith("/o") else {"authorization": f"Bearer {token}"}
                one = client.request(method, path, json=body, headers=headers, follow_redirects=False)
                two = client.request(method, other, json=other_body, headers=headers, follow_redirects=False)
                said = told(one.text, foreign), told(two.text, missing)
                assert (one.status_code, said[0]) == (two.status_code, said[1]), (who, method, path)
                assert "city-" not in one.text, (who, method, path)


def test_what_is_asked_for_foreign_records_is_answered_for_ones_own(standing: Group, client: TestClient) -> None:
    """Else the test above would compare answers about nothing."""
    actor = standing.people["energy_segment_head"]
    token, cookie = standing.company.write(SYSTEM, lambda unit: _credentials(unit, actor))
    for name in OBJECTS:
        for method, path, _ in asked(name, standing.records["energy", name, "segment_head"]):
            if method == "GET":
                headers = {"cookie": cookie} if path.startswith("/o") else {"authorization": f"Bearer {token}"}
                assert client.get(path, headers=headers).status_code == 200, path


def _credentials(unit: Unit, actor: Actor) -> tuple[str, str]:
    user = str(actor.user_id)
    return make_token(unit, user, "test"), f"dougong={sessions.begin(unit, user, 'test', '127.0.0.1')}"


def test_lists_searches_lookups_and_exports_name_nothing_foreign(standing: Group, client: TestClient) -> None:
    """And do name what is of the segment, so that this could fail."""
    _, cookie = standing.company.write(SYSTEM, lambda unit: _credentials(unit, standing.people["energy_segment_head"]))
    texts = {}
    for path in (
        "/o/lead?view=all", "/o/account?view=all", "/o/opportunity?view=open", "/search?q=salesperson",
        "/lookup/opportunity/account?q=salesperson",
    ):  # fmt: skip
        texts[path] = client.get(path, headers={"cookie": cookie}).text
    with standing.company.read(standing.people["energy_segment_head"]) as unit:
        for name in OBJECTS:
            file = io.BytesIO()
            write_csv(unit, Query(object=name, columns=("name",)), file)
            texts[f"export of {name}"] = file.getvalue().decode("utf-8")
    for what, text in texts.items():
        assert "energy-salesperson" in text, what
        assert "city-" not in text and "industry-" not in text, what
