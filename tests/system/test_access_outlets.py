"""Every field of every object at every outlet, for several people: nothing of what is hidden or masked is seen.

Of four fields, one is hidden from each of two people and one is masked for each (hidden, where it cannot be masked).
Everything that each of them can ask for is asked once and searched for the markers of what they may not see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from random import Random
from typing import Any

import pytest
from starlette.testclient import TestClient

from dougong.base.errors import BadRequest, DougongError
from dougong.base.settings import Settings
from dougong.cli.assembly import application
from dougong.engine.actor import SYSTEM
from dougong.engine.audit.reading import Asked, Recorded, search
from dougong.engine.company import Company
from dougong.engine.fields.masked import Masked
from dougong.engine.publish import Publication, publish
from dougong.engine.query import All, Condition, Measure, Query, Sort, Summary
from dougong.engine.saving.batch import Update
from dougong.engine.unit import Unit
from dougong.metadata.component import Component
from dougong.metadata.documents import from_bodies
from dougong.metadata.model import Field, Object
from dougong.metadata.trees import Tree
from dougong.web import sessions
from dougong.web.app import make_site
from dougong.web.identity.api_tokens import make as make_token
from tests.companies import PACKAGES, Copies, company_copy, person, tree_of  # noqa: F401
from tests.system import planting
from tests.system.outlets import Arena, answers, held_back, rehearsed
from tests.system.random_objects import random_objects
from tests.web.conftest import fields

RIGHTS = dict.fromkeys(("create", "modify_all", "import", "export", "mass_edit"), True)
PEOPLE = ("even", "odd")
REVEALING = "odd"
"""Who of them may reveal what is masked."""

MASKABLE = frozenset({"text", "long_text", "phone", "email", "url"})


def roles(components: list[Component]) -> list[Component]:
    """The roles of the two, over all fields that there are but titles and those that people go by."""
    titles = {f"{each.name}.{each.body['title'].get('field')}" for each in components if each.kind == "object"}
    fields = [each for each in components if each.kind == "field" and each.name not in titles]
    fields = [each for each in fields if each.name not in planting.LEFT_AS_THEY_ARE]
    said: dict[str, dict[str, Any]] = {name: {} for name in PEOPLE}
    for at, each in enumerate(fields):
        sight = "masked" if at % 4 > 1 and each.body.get("type") in MASKABLE else False
        said[PEOPLE[at % 2]][each.name] = {"read": sight, **({} if sight else {"edit": False})}
    bodies: list[dict[str, Any]] = []
    for name in PEOPLE:
        label = {"en": name, "zh-CN": name}
        granted = {"objects": {"*": RIGHTS}, "fields": said[name], "apps": {"*": True}}
        granted["system"] = {"design": True, "publish": True, "reveal": name == REVEALING}
        bodies.append({"kind": "permission_set", "name": name, "label": label, **granted})
        bodies.append({"kind": "role", "name": name, "label": label, "permission_sets": [name]})
    return list(from_bodies(bodies))


def prepared(company: Company, tree: Tree) -> planting.Planted:
    """Publish `tree` with markers for labels and the two roles, and plant a marker in every field."""
    components, labels = planting.relabelled(tree.components.values())
    publish(company, Publication(tree=Tree.of([*components, *roles(components)]), message="markers"))
    model = company.runtime().model
    data = [each.name for each in model.objects.values() if each.rows == "data" and each.name != "currency_rate"]
    planted = planting.plant(company, data)
    planting.read_back(company, planted)
    planted.labels = labels
    return planted


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kinds of databases; those that cannot run here are left out as everywhere."""
    if request.param == "postgresql":
        request.getfixturevalue("postgresql_server")
    return str(request.param)


@pytest.fixture(scope="module", params=["sales", "random"])
def arena(request: pytest.FixtureRequest, kind: str, company_copy: Copies) -> Iterator[Arena]:  # noqa: F811
    """The two on the metadata that ships, and on random metadata."""
    folders = (PACKAGES / "base", PACKAGES / "sales-core") if request.param == "sales" else (PACKAGES / "base",)
    tree = tree_of(*folders)
    if request.param == "random":
        tree = tree.put(*random_objects(Random(7)))
    with ExitStack() as stack:
        company = stack.enter_context(company_copy(kind, request.param, folders))
        planted = prepared(company, tree)
        people = {name: person(company, name, name) for name in PEOPLE}
        cookies, tokens = {}, {}
        for name, actor in people.items():
            cookies[name] = company.write(SYSTEM, partial(_session, user_id=str(actor.user_id)))
            tokens[name] = company.write(SYSTEM, partial(_token, user_id=str(actor.user_id)))
        site = make_site(Settings.from_environment(), company)
        app = application(site)
        client = stack.enter_context(TestClient(app, base_url="http://127.0.0.1:8000"))
        yield Arena(company, client, people, cookies, tokens, planted.labels, planted)


def _session(unit: Unit, user_id: str) -> str:
    return sessions.begin(unit, user_id, "test", "127.0.0.1")


def _token(unit: Unit, user_id: str) -> str:
    return make_token(unit, user_id, "test")


def test_nothing_that_is_hidden_or_masked_is_seen_anywhere(arena: Arena, kind: str) -> None:
    """Pages, lists, forms, histories, lookups, search, the API, exports, messages about what is wrong.

    One of the two on each kind of database: what they may see is decided before a database is asked.
    """
    who = PEOPLE[kind == "postgresql"]
    forbidden = arena.forbidden(who)
    sightings = {}
    for what, text in answers(arena, who):
        found = planting.sighted(text, forbidden)
        if found:
            sightings[what] = sorted(found)
    assert not sightings, "\n".join(f"{what}: {found}" for what, found in sightings.items())


@pytest.mark.parametrize("who", PEOPLE)
def test_an_import_finds_no_record_by_what_is_held_back(arena: Arena, who: str) -> None:
    """Whether the value is there or not, the answer is the same: the field is no key."""
    asked = 0
    for name, id in arena.planted.ids.items():
        obj = arena.company.runtime().model.objects[name]
        there = stored(arena, name, id)
        for each in held_back(arena, who, obj):
            said = {rehearsed(arena, who, name, {each: value}, each) for value in (there[each], "138 0000 0000")}
            asked += obj.fields[each].type.stored and obj.features["import"]
            assert len(said) == 1 and "ImportReport" not in next(iter(said)), (name, each, said)
    assert asked > 10


def test_the_markers_are_there_to_be_seen(arena: Arena) -> None:
    """The test above could fail: the API shows each person the values that they may see, or what their masks leave."""
    for who in PEOPLE:
        forbidden, seen = arena.forbidden(who), set()
        markers = {name: texts for name, texts in arena.planted.values.items() if name not in forbidden}
        for name, id in arena.planted.ids.items():
            seen |= planting.sighted(arena.call(who, f"/api/v1/records/{name}/{id}")[1], markers)
        assert len(markers) > 20 and len(seen) > 0.6 * len(markers), (len(seen), len(markers))


def masked_fields(arena: Arena, unit: Unit) -> Iterator[tuple[Object, Field]]:
    """The fields that the unit's actor sees masked, of objects that have a record."""
    for name in arena.planted.ids:
        obj = unit.runtime.model.objects[name]
        yield from ((obj, each) for each in obj.fields.values() if unit.access.masks(obj, each))


@pytest.mark.parametrize("who", PEOPLE)
def test_a_mask_cannot_be_looked_behind(arena: Arena, who: str) -> None:
    """Sorting, comparing, grouping and measuring by a masked field are refused; whether it is blank is no secret."""
    with arena.company.read(arena.actors[who]) as unit:
        found = list(masked_fields(arena, unit))
        assert found
        for obj, each in found:
            for asked in (
                lambda name=obj.name, field=each.name: unit.records.query(Query(object=name, sort=(Sort(field),))),
                lambda name=obj.name, field=each.name: unit.records.query(
                    Query(object=name, where=Condition(field, "is", "13800000000"))
                ),
                lambda name=obj.name, field=each.name: unit.records.count(
                    Query(object=name, where=Condition(field, "starts_with", "1"))
                ),
                lambda name=obj.name, field=each.name: unit.records.summarise(Summary(object=name, by=(field,))),
                lambda name=obj.name, field=each.name: unit.records.summarise(
                    Summary(object=name, measures=(Measure("max", field),))
                ),
            ):
                with pytest.raises(BadRequest):
                    asked()
            shown = unit.records.get(obj.name, arena.planted.ids[obj.name]).values[each.name]
            assert shown is None or isinstance(shown, Masked), (each.address, shown)
            one = All((Condition("id", "is", arena.planted.ids[obj.name]), Condition(each.name, "not_blank")))
            assert unit.records.count(Query(object=obj.name, where=one)).number == (shown is not None), each.address


@pytest.mark.parametrize("who", PEOPLE)
def test_searching_finds_nothing_by_what_is_not_shown(arena: Arena, who: str) -> None:
    """The words of hidden and masked fields find no record."""
    with arena.company.read(arena.actors[who]) as unit:
        for name, texts in arena.forbidden(who).items():
            owner, _, own = name.partition(".")
            if owner in arena.planted.ids and unit.runtime.model.objects[owner].fields[own].formula is None:
                for text in texts - {arena.labels.get(name, "")}:
                    found = unit.records.query(Query(object=owner, columns=(), search=text)).rows
                    assert not found, (name, text)


@pytest.mark.parametrize("who", PEOPLE)
def test_a_mask_given_back_changes_nothing(arena: Arena, who: str) -> None:
    """What a reader is shown they may send back, and nothing changes; another mask is refused, a value replaces."""
    with arena.company.read(arena.actors[who]) as unit:
        shown = {
            (obj.name, each.name): unit.records.get(obj.name, arena.planted.ids[obj.name]).values[each.name]
            for obj, each in masked_fields(arena, unit)
            if each.type.writable and each.compute is None
        }
    for (name, field), mask in shown.items():
        id = arena.planted.ids[name]
        if mask is None:
            continue
        before = stored(arena, name, id)
        for given in (mask, str(mask)):
            arena.save(who, Update(name, id, {field: given}))
        assert stored(arena, name, id)[field] == before[field], (name, field)
        with pytest.raises(DougongError) as refused:
            arena.save(who, Update(name, id, {field: "1****9"}))
        assert "value-masked" in {each.code for each in refused.value.problems}
        status, text = arena.call(who, f"/api/v1/records/{name}/{id}", "PATCH", {field: str(mask)})
        assert (status, stored(arena, name, id)[field]) == (200, before[field]), text


def stored(arena: Arena, name: str, id: str) -> Mapping[str, Any]:
    """A record as it is stored."""
    with arena.company.read(SYSTEM) as unit:
        return unit.records.get(name, id).values


@pytest.mark.parametrize("who", PEOPLE)
def test_a_form_that_nobody_touched_keeps_what_is_masked(arena: Arena, who: str) -> None:
    """An edit form holds no masked value, and sent as it is it leaves every one of them alone."""
    for name, id in arena.planted.ids.items():
        before = stored(arena, name, id)
        status, page = arena.page(who, f"/o/{name}/{id}/edit")
        if status != 200:
            continue
        arena.page(who, f"/o/{name}/{id}/edit", fields(page))
        after = stored(arena, name, id)
        with arena.company.read(arena.actors[who]) as unit:
            obj = unit.runtime.model.objects[name]
            for each in obj.fields.values():
                if unit.access.may_field("read", obj, each) or each.name in ("version", "updated_at", "updated_by"):
                    continue
                assert after[each.name] == before[each.name], each.address


@pytest.mark.parametrize("who", PEOPLE)
def test_a_form_takes_a_masked_value_away_where_it_is_told_to(arena: Arena, who: str) -> None:
    """With the box ticked the value goes; with another one typed beside it, that one counts."""
    with arena.company.read(arena.actors[who]) as unit:
        given = [(obj, each) for obj, each in masked_fields(arena, unit) if each.type.writable and not each.required]
    found = [(obj, each) for obj, each in given if each.compute is None]  # else what is computed takes its place
    tried = 0
    for obj, each in found:
        id = arena.planted.ids[obj.name]
        before = stored(arena, obj.name, id)[each.name]
        status, page = arena.page(who, f"/o/{obj.name}/{id}/edit")
        if status != 200 or before is None or f'name="{each.name}.clear"' not in page:
            continue
        status, _ = arena.page(who, f"/o/{obj.name}/{id}/edit", {**fields(page), f"{each.name}.clear": "1"})
        if status != 303:
            continue  # a rule of the object needs it
        tried += 1
        assert stored(arena, obj.name, id)[each.name] is None, each.address
        arena.company.write(
            SYSTEM, lambda unit, e=each, b=before, i=id: unit.records.save([Update(e.object, i, {e.name: b})])
        )
    assert tried


def test_a_value_is_revealed_for_a_reason_and_logged(arena: Arena) -> None:
    """Only with the right and a reason; the page shows it once, and the log has who, which field and why."""
    who = REVEALING
    with arena.company.read(arena.actors[who]) as unit:
        obj, field = next(
            (obj, each) for obj, each in masked_fields(arena, unit) if f"{obj.name}.{each.name}" in arena.planted.values
        )
    id = arena.planted.ids[obj.name]
    address = f"/o/{obj.name}/{id}/reveal/{field.name}"
    marker = {"it": arena.planted.values[f"{obj.name}.{field.name}"]}
    status, text = arena.page(who, address)
    assert status == 200 and not planting.sighted(text, marker)
    status, text = arena.page(who, address, {"why": " "})
    assert status == 422 and not planting.sighted(text, marker)
    assert not revealed(arena)
    status, text = arena.page(who, address, {"why": "A call that broke off"})
    assert status == 200 and planting.sighted(text, marker)
    call = f"/api/v1/records/{obj.name}/{id}/reveal/{field.name}"
    for body, code in (({}, 422), ({"why": 7}, 400), ({"because": "x"}, 400)):
        status, text = arena.call(who, call, "POST", body)
        assert status == code and not planting.sighted(text, marker), text
    status, text = arena.call(who, call, "POST", {"why": "A program asks"})
    assert status == 200 and planting.sighted(text, marker)
    said = {str(entry.personal["why"]): entry for entry in revealed(arena)}
    assert set(said) == {"A call that broke off", "A program asks"}
    for entry in said.values():
        assert entry.target == f"record:{obj.name}/{id}" and entry.data == {"field": field.name}
        assert entry.personal["login"] == who


def revealed(arena: Arena) -> list[Recorded]:
    """What the log has of values looked at."""
    with arena.company.read(SYSTEM) as unit:
        return search(unit, Asked(kinds=["revealed"]))[0]


def test_without_the_right_nothing_is_revealed(arena: Arena) -> None:
    """Masked fields are refused, hidden ones are not there; nothing is logged as revealed."""
    who, before = "even", len(revealed(arena))
    with arena.company.read(arena.actors[who]) as unit:
        obj, field = next(masked_fields(arena, unit))
    id = arena.planted.ids[obj.name]
    assert arena.page(who, f"/o/{obj.name}/{id}/reveal/{field.name}")[0] == 404
    assert arena.page(who, f"/o/{obj.name}/{id}/reveal/{field.name}", {"why": "curious"})[0] == 403
    assert arena.page(who, f"/o/{obj.name}/{id}/reveal/zz_none", {"why": "curious"})[0] == 404
    call = f"/api/v1/records/{obj.name}/{id}/reveal"
    assert arena.call(who, f"{call}/{field.name}", "POST", {"why": "curious"})[0] == 403
    assert arena.call(who, f"{call}/zz_none", "POST", {"why": "curious"})[0] == 404
    assert len(revealed(arena)) == before
