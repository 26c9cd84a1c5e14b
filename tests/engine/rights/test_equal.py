"""What the database is asked is what the rules say: random companies, rules and records against a plain reading.

Each triple is a person, a record and a right, and each is explained as well. ``DOUGONG_ACCESS_TRIPLES`` says how many
are tried on each database.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from dougong.base.field_types import Reference
from dougong.engine.access import Access, Combined
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Condition, Measure, Query, Sort, Summary
from dougong.engine.reading.covering import covered
from dougong.engine.rights.access import access_for
from dougong.engine.rights.explaining import explain_each
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from dougong.metadata.check import check
from dougong.metadata.model import Object
from dougong.metadata.trees import Tree
from tests.engine.rights import counting, office

TRIPLES = int(os.environ.get("DOUGONG_ACCESS_TRIPLES", "10000"))


def make_people(unit: Unit, random: Random) -> None:
    """Departments, people who stand above one another, groups."""
    departments: list[str] = []
    for code in office.CODES:
        parent = random.choice([None, *departments])
        change = Create("department", {"name": code, "code": code, **({"parent": parent} if parent else {})})
        departments.append(unit.records.save([change]).changes[0].id)
    users: list[str] = []
    for number in range(7):
        values: dict[str, Any] = {
            "name": f"user {number}",
            "roles": random.sample(office.ROLES, random.choice((0, 1, 1, 2))),
            "permission_sets": random.sample([f"set{each}" for each in range(4)], random.choice((0, 0, 1))),
            "department": random.choice([None, *departments]),
            "departments": random.sample(departments, random.choice((0, 0, 1))),
            "manager": random.choice([None, *users]),
            "regions": random.sample(office.REGIONS, random.randint(0, 2)),
            "region": random.choice([None, *office.REGIONS]),
        }
        users.append(unit.records.save([Create("user", values)]).changes[0].id)
    for code in office.GROUPS:
        members = random.sample(users, 3)
        unit.records.save([Create("group", {"name": code, "code": code, "members": members})])
    place_queues(unit, random)
    # Moves, after which everything must be as if it had been so from the beginning.
    unit.records.save([Update("user", users[3], {"manager": users[0], "department": random.choice(departments)})])
    unit.records.save([Update("department", departments[0], {"code": None})])
    unit.records.save([Update("department", departments[0], {"code": "D1"})])
    unit.records.save([Update("user", users[0], {"manager": users[5]})])


def people(unit: Unit) -> list[str]:
    """The users who are no queues."""
    found = unit.records.query(Query(object="user", columns=("kind",), limit=100)).rows
    return [row.id for row in found if row.values[0] != "queue"]


def place_queues(unit: Unit, random: Random) -> None:
    """Queues stand in the company like people, and some people are in them by name."""
    users, departments = people(unit), _ids(unit, "department")
    for queue in unit.runtime.model.rights.queues.values():
        values = {
            "department": random.choice([None, *departments]),
            "manager": random.choice([None, *users]),
            "queue_members": random.sample(users, random.choice((0, 1, 2))),
        }
        unit.records.save([Update("user", queue.record, values)])


def owners(unit: Unit, name: str) -> list[str]:
    """Who may own records of an object: people, and about as often its queues."""
    queues = [each.record for each in unit.runtime.model.rights.queues_of(name)]
    return [*people(unit), *queues, *queues, *queues]


def make_records(unit: Unit, random: Random) -> None:
    """Records of all objects, some of them shared."""
    users = people(unit)
    departments, groups = (_ids(unit, name) for name in ("department", "group"))
    some = lambda ids: random.choice([None, *ids])  # noqa: E731

    def make(name: str, count: int, values: Any) -> list[str]:
        changes = [Create(name, {"name": f"{name} {each}", **values()}) for each in range(count)]
        return [each.id for each in unit.records.save(changes).changes]

    owned = lambda: {"owner": random.choice(users)}  # noqa: E731
    cities = make("city", 4, lambda: {**owned(), "large": random.random() < 0.5})
    accounts = make("account", 14, lambda: {
        "owner": random.choice(owners(unit, "account")), "level": some(office.LEVELS), "city": some(cities),
        "region": some(office.REGIONS), "amount": random.randint(0, 100),
    })  # fmt: skip
    deals = make("deal", 12, lambda: {
        **owned(), "account": some(accounts), "region": some(office.REGIONS),
        "size": f"{random.randint(-999, 999)}.{random.randint(10, 99)}",
    })  # fmt: skip
    make("line", 8, lambda: {"deal": random.choice(deals)})
    about = [*(f"account:{each}" for each in accounts), *(f"deal:{each}" for each in deals)]
    make("note", 10, lambda: {**owned(), "about": some(about)})
    memos = make("memo", 4, lambda: {"owner": random.choice(owners(unit, "memo"))})
    make("slip", 6, lambda: {"owner": random.choice(owners(unit, "slip"))})
    shared = [*about, *(f"memo:{each}" for each in memos)]
    days = (None, date.today(), date.today() - timedelta(days=30), date.today() + timedelta(days=30))
    make("record_share", 12, lambda: {
        "record": random.choice(shared), "level": random.choice(("read", "edit")), "until": random.choice(days),
        "team_role": random.choice((None, None, "helper", "guest")),
        **random.choice((
            {"user": random.choice(users)}, {"group": random.choice(groups)}, {"role": random.choice(office.ROLES)},
            {"department": random.choice(departments), "below": random.random() < 0.5},
        )),
    })  # fmt: skip


def _ids(unit: Unit, name: str) -> list[str]:
    return [row.id for row in unit.records.query(Query(object=name, limit=100)).rows]


def world_of(unit: Unit, documents: list[office.Body]) -> office.World:
    """Everything as the platform itself reads it."""
    world = office.World(documents)
    for name in (*office.OBJECTS, "user", "department", "group", "record_share"):
        world.records[name] = {id: _plain(unit, name, id) for id in _ids(unit, name)}
    return world


def _plain(unit: Unit, name: str, id: str) -> office.Body:
    record = unit.records.get(name, id)
    fields = unit.runtime.model.objects[name].fields
    found: office.Body = {"id": id}
    for key, value in record.values.items():
        if isinstance(value, Reference):
            value = (value.object, value.id) if len(fields[key].targets) > 1 else value.id
        elif isinstance(value, tuple):
            value = [each.id if isinstance(each, Reference) else each for each in value]
        found[key] = [] if value is None and fields[key].type.many else value
    return found


def person(unit: Unit, user: str) -> Unit:
    """The same transaction as the user sees it."""
    actor = Actor(user_id=user, name="")
    return Unit(unit.company, unit.connection, unit.runtime, actor, datetime.now(UTC), people=unit.people)


def seen_in_lists(unit: Unit, name: str) -> tuple[set[str], set[str]]:
    """The records that somebody sees, as a list judges row by row, and as it begins with what each ground finds."""
    access, obj = access_for(unit), unit.runtime.model.objects[name]
    table = unit.runtime.storage.tables[name].table
    found = []
    for few in (False, True):
        condition = access.listed(obj, table, few) if access.may("read", obj) else None
        asked = select(table.c.id) if condition is None else select(table.c.id).where(condition)
        found.append(set(unit.connection.scalars(asked)) if access.may("read", obj) else set())
    return found[0], found[1]


def documents_of(random: Random) -> list[office.Body]:
    """Documents that pass the check: scopes that it refuses are taken out."""
    documents = [*office.STANDING, *office.rules(random)]
    while problems := check(Tree.of(office.components(documents))).problems:
        for problem in problems:
            assert problem.code in ("scope-wider", "scope-no-partition"), problem
            _, _, name, right = str(problem.place.pointer).split("/")
            role = next(each for each in documents if f"{each['kind']}:{each['name']}" == problem.thing)
            role["scope"][name].pop(right, None)
            if not role["scope"][name]:
                del role["scope"][name]
    return documents


def stir(unit: Unit, random: Random) -> None:
    """Some people get other roles, managers and departments, some records other owners."""
    users, departments = people(unit), _ids(unit, "department")
    place_queues(unit, random)
    for at, user in enumerate(random.sample(users, 4)):
        values = {"roles": random.sample(office.ROLES, random.choice((1, 2))), "department": random.choice(departments)}
        unit.records.save([Update("user", user, {**values, "manager": random.choice([None, *users[:at]])})])
    for account in random.sample(_ids(unit, "account"), 5):
        unit.records.save([Update("account", account, {"owner": random.choice(owners(unit, "account"))})])
    stir_territories(unit, random)
    group = random.choice(_ids(unit, "group"))
    unit.records.save([Update("group", group, {"members": random.sample(users, 2)})])


def stir_territories(unit: Unit, random: Random) -> None:
    """What the rules of territories read changes, at records and at their parents; some records are put by hand."""
    for city in random.sample(_ids(unit, "city"), 2):
        unit.records.save([Update("city", city, {"large": random.random() < 0.5})])
    for account in random.sample(_ids(unit, "account"), 5):
        values = {"level": random.choice(office.LEVELS), "amount": random.randint(0, 100)}
        unit.records.save([Update("account", account, values)])
    model = unit.runtime.model
    for name in (each for each in office.SPREAD if model.rights.has_territories(each)):
        for id in random.sample(_ids(unit, name), 4):
            where = random.choice([None, *model.rights.territories])
            said = random.choice(({"territory_reason": None}, {"territory_reason": "asked for", "territory": where}))
            unit.records.save([Update(name, id, said)])


def compare_territories(unit: Unit, world: office.World) -> int:
    """Where each record belongs is where the rules, as they are now, put it, or a person; how many there were."""
    count = 0
    for name in world.spread():
        wanted = {id: world.territory(name, row) for id, row in world.records[name].items()}
        assert {id: row["territory"] for id, row in world.records[name].items()} == wanted, name
        count += len(wanted)
    return count


def compare(unit: Unit, world: office.World) -> int:
    """Compare everything, the explanation of every triple too; how many there were."""
    count = 0
    for user in world.records["user"]:
        theirs = person(unit, user)
        for name in office.OBJECTS:
            ids = sorted(world.records[name])
            obj = unit.runtime.model.objects[name]
            read = {id for id in ids if world.may(user, name, id, "read")}
            assert seen_in_lists(theirs, name) == (read, read), (user, name)
            for right in office.RIGHTS:
                wanted = read if right == "read" else {id for id in read if world.may(user, name, id, right)}
                assert covered(theirs, right, obj, ids) & read == wanted, (user, name, right)  # type: ignore[arg-type]
                told = explain_each(unit, user, name, ids, right)  # type: ignore[arg-type]
                wrong = {id for id in ids if told[id].allowed != (id in wanted)}
                assert not wrong, (user, name, right, [told[id] for id in wrong])
                count += len(ids)
    return count


def compare_rollups(unit: Unit, world: office.World, users: Sequence[str]) -> int:
    """Every roll-up by the viewer's right of every record that the users see, in both shapes; how many there were."""
    count = 0
    for user, few, (name, rollups) in product(users, (False, True), counting.ROLLUPS.items()):
        theirs = person(unit, user)
        theirs.access = Shaped(theirs.access, few)
        obj = unit.runtime.model.objects[name]
        if not theirs.access.may("read", obj):
            continue
        shown = [each for each in rollups if theirs.access.may_field("read", obj, obj.fields[each])]
        assert shown == [each for each in rollups if counting.readable(world, user, rollups[each])]
        rows = theirs.records.query(Query(object=name, columns=tuple(shown), limit=100)).rows
        compare_explanations(unit, user, name, [row.id for row in rows[:1]], shown)
        for at, each in enumerate(shown):
            wanted = {row.id: counting.value(world, user, name, rollups[each], row.id) for row in rows}
            assert {row.id: row.values[at] for row in rows} == wanted, (user, few, name, each)
            compare_uses(theirs, name, each, wanted)
            count += len(wanted)
    return count


def compare_explanations(unit: Unit, user: str, name: str, ids: list[str], shown: list[str]) -> None:
    """Why a roll-up is there, or not: what is told says that it counts for the viewer, and comes to the decision."""
    for each in counting.ROLLUPS[name]:
        for told in explain_each(unit, user, name, ids, "read", each).values():
            assert told.allowed is (each in shown), (user, name, each, told)
            assert "field-counted" in {reason.kind for reason in told.reasons}


def compare_uses(theirs: Unit, name: str, field: str, wanted: dict[str, Any]) -> None:
    """A roll-up as order over pages, filter, group and measure, and on the record."""
    ask, found, cursor = theirs.records, [], None
    while True:
        page = ask.query(Query(object=name, columns=(field,), sort=(Sort(field),), limit=5, cursor=cursor))
        found += [row.values[0] for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert found == sorted(wanted.values(), key=lambda each: (each is None, each)), (name, field)
    for sought in set(wanted.values()) - {None}:
        query = Query(object=name, where=Condition(field, "is", str(sought)), limit=100)
        assert {row.id for row in ask.query(query).rows} == {id for id, value in wanted.items() if value == sought}
        assert ask.count(query).number == list(wanted.values()).count(sought)
    measures = (Measure("count"), Measure("max", field))
    groups = {by[0]: tuple(each) for by, each in ask.summarise(Summary(object=name, by=(field,), measures=measures))}
    assert groups == {each: (list(wanted.values()).count(each), each) for each in wanted.values()}
    for id, value in list(wanted.items())[:1]:
        assert ask.get(name, id).values[field] == value


class Shaped(Combined):
    """An access of which lists begin with few rows, or never do."""

    def __init__(self, access: Access, few: bool) -> None:
        """Decide the shape of what `access` shows."""
        super().__init__((access,))
        self._few = few

    def few(self, unit: Unit, obj: Object) -> bool:
        """As decided."""
        return self._few


SEEDS = (1, 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_database_and_the_rules_agree(empty_company: Company, seed: int) -> None:
    """Rows seen in both shapes, rows that each right covers, and what the explanation says of them."""
    random, done, counted, placed, round = Random(seed), 0, 0, 0, 0
    while done < TRIPLES / len(SEEDS):
        documents = documents_of(random)
        publish(empty_company, Publication(tree=Tree.of(office.components(documents)), message=f"round {round}"))
        works = (make_people, make_records) if round == 0 else (stir,)
        for work in works:
            empty_company.write(SYSTEM, lambda unit, work=work: work(unit, random))  # type: ignore[misc]
        with empty_company.read(SYSTEM) as unit:
            world = world_of(unit, documents)
            done += compare(unit, world)
            placed += compare_territories(unit, world)
            if round % 4 == 0:
                counted += compare_rollups(unit, world, Random(round).sample(world.people(), 2))
        round += 1
    assert counted and placed
