"""Roll-ups over trees, rolling periods and links, and medians: right after any change, and after midnight."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from dougong.base.errors import Rejected
from dougong.engine import midnight, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.jobs import run_due
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit
from dougong.metadata.documents import from_bodies
from tests.companies import Copies
from tests.engine.saving.conftest import STUDIO, Studio
from tests.engine.test_publish import head_tree


def field(kind: str, name: str, **keys: Any) -> dict[str, Any]:
    return {"type": kind, "label": {"en": name, "zh-CN": name}, **keys}


def over(op: str, **keys: Any) -> dict[str, Any]:
    return field("rollup", op, **{"from": "entry.place", "op": op, **keys})


def obj(name: str, fields: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"kind": "object", "name": name, "label": {"en": name, "zh-CN": name}, "title": {"field": "name"},
            "fields": {"name": field("text", "Name"), **fields}, **keys}  # fmt: skip


METADATA = [
    obj("place", {
        "parent": field("lookup", "Parent", target="place"),
        "own": over("sum", field="amount"),
        "all": over("sum", field="amount", tree=True),
        "many": over("count", tree=True),
        "largest": over("max", field="amount", tree=True, where="amount < 50"),
        "below": field("rollup", "Below", **{"from": "place.parent", "op": "count", "tree": True}),
        "middle": over("median", field="amount"),
        "middle_of_all": over("median", field="amount", tree=True),
        "middle_count": over("median", field="pieces"),
        "this_week": over("sum", field="amount", window={"field": "on", "period": "last_n_days:7"}),
        "this_week_of_all": over("count", tree=True, window={"field": "on", "period": "last_n_days:7"}),
        "due": over("count", where="on <= TODAY()"),
        "weight": field("rollup", "Weight", **{"from": "route.places", "op": "sum", "field": "weight"}),
        "routes": field("rollup", "Routes", **{"from": "route.places", "op": "concat", "field": "name",
                                               "order": [{"field": "name"}]}),
        "heavy": field("rollup", "Heavy", **{"from": "route.places", "op": "count", "where": "weight > 10"}),
    }, hierarchy={"parent": "parent"}),
    obj("entry", {
        "place": field("lookup", "Place", target="place"),
        "amount": field("decimal", "Amount", scale=2),
        "pieces": field("integer", "Pieces"),
        "on": field("date", "On"),
    }),
    obj("route", {"weight": field("integer", "Weight"), "places": field("link", "Places", target="place")}),
]  # fmt: skip


def prepare(studio: Studio) -> Studio:
    publish(studio.company, Publication(tree=head_tree(studio.company).put(*from_bodies(METADATA))))
    return studio


@pytest.fixture
def places(studio: Studio) -> Studio:
    return prepare(studio)


def place(studio: Studio, parent: str | None = None) -> str:
    return studio.create("place", name="P", parent=parent)


def test_a_record_counts_what_stands_below_it(places: Studio) -> None:
    """Children of the whole subtree; a move, a deletion and a restoration are followed up to the top."""
    top = place(places)
    left, right = place(places, top), place(places, top)
    leaf = place(places, left)
    entry = places.create("entry", place=leaf, amount=10)
    places.create("entry", place=top, amount=1)

    def totals() -> list[int]:
        return [int(places.get("place", each)["all"]) for each in (top, left, right, leaf)]

    assert (totals(), places.get("place", top)["own"], places.get("place", top)["below"]) == ([11, 10, 0, 10], 1, 3)
    places.update("place", leaf, parent=right)
    assert totals() == [11, 0, 10, 10]
    places.update("entry", entry, amount=60)
    assert (totals(), places.get("place", top)["largest"]) == ([61, 0, 60, 60], 1)
    places.delete("entry", entry)
    assert totals() == [1, 0, 0, 0]
    places.restore("entry", entry)
    places.update("place", right, parent=None)
    assert (totals(), places.get("place", top)["below"]) == ([1, 0, 60, 60], 1)


def test_the_median_is_the_middle(places: Studio) -> None:
    """Of an odd count a value, of an even one the mean of two; whole numbers may have a median between them."""
    top = place(places)
    assert places.get("place", top)["middle"] is None
    for amount, pieces in ((5, 1), (None, None), (1, 4), ("3.50", 2)):
        places.create("entry", place=top, amount=amount, pieces=pieces)
    assert (places.get("place", top)["middle"], places.get("place", top)["middle_count"]) == (Decimal("3.5"), 2)
    places.create("entry", place=place(places, top), amount=100)
    places.create("entry", place=top, pieces=3)
    found = places.get("place", top)
    assert (found["middle_of_all"], found["middle_count"]) == (Decimal("4.25"), Decimal("2.5"))


def test_a_link_is_a_relation_like_others(places: Studio) -> None:
    """Linking, unlinking, changing and deleting the other side are followed."""
    one, two = place(places), place(places)
    north = places.create("route", name="north", weight=4, places=[one, two])
    south = places.create("route", name="south", weight=20, places=[one])

    def told(id: str) -> tuple[Any, ...]:
        found = places.get("place", id)
        return found["weight"], found["routes"], found["heavy"]

    assert (told(one), told(two)) == ((24, "north, south", 1), (4, "north", 0))
    places.update("route", north, weight=11)
    assert (told(one), told(two)) == ((31, "north, south", 2), (11, "north", 1))
    places.update("route", north, weight=12, places=[two])
    assert (told(one), told(two)) == ((20, "south", 1), (12, "north", 1))
    places.delete("route", south)
    assert told(one) == (0, None, 0)
    places.restore("route", south)
    assert told(one) == (20, "south", 1)


NOW = datetime.now(UTC)
TODAY = NOW.date()


def saved_on(studio: Studio, day: date, **values: Any) -> None:
    """An entry as it would have been saved at noon of an earlier day."""
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

    def work(unit: Unit) -> None:
        then = Unit(unit.company, unit.connection, unit.runtime, SYSTEM, moment)
        then.records.save([Create("entry", values)])

    studio.company.write(SYSTEM, work)


def test_a_rolling_period_moves_on_at_midnight(places: Studio) -> None:
    """What leaves the period and what comes due are seen without anybody saving; other parents are left alone."""
    top = place(places)
    leaf, other = place(places, top), place(places)
    before = TODAY - timedelta(days=1)
    saved_on(places, before, place=leaf, amount=5, on=TODAY - timedelta(days=8))
    saved_on(places, before, place=leaf, amount=2, on=TODAY)
    saved_on(places, before, place=other, amount=3, on=TODAY - timedelta(days=3))

    def told(id: str) -> tuple[Any, ...]:
        found = places.get("place", id)
        return found["this_week"], found["this_week_of_all"], found["due"], found["version"]

    assert (told(leaf), told(top), told(other)) == ((5, 1, 1, 1), (0, 1, 0, 1), (3, 1, 1, 1))
    assert midnight.turn(places.company, before) == 3
    assert (told(leaf), told(top), told(other)) == ((2, 1, 2, 1), (0, 1, 0, 1), (3, 1, 1, 1))
    places.create("entry", place=leaf, amount=9, on=before)
    assert told(leaf) == (11, 2, 3, 1)


def test_every_day_asks_for_the_next(places: Studio) -> None:
    """Publishing asks for the first midnight; once done, the next one is asked for, once."""

    def waiting() -> list[tuple[str, str]]:
        rows = select(tables.outbox.c.key, tables.outbox.c.state).where(tables.outbox.c.job == midnight.JOB)
        return places.read(lambda unit: [tuple(row) for row in unit.connection.execute(rows.order_by("key"))])

    tomorrow = f"{midnight.JOB}:{TODAY + timedelta(days=1)}"
    assert waiting() == [(tomorrow, "ready")]
    places.company.write(
        SYSTEM, lambda unit: midnight.ask(places.company, unit.connection, NOW - timedelta(days=1), TODAY)
    )
    assert run_due(places.company) == 1
    assert waiting() == [(f"{midnight.JOB}:{TODAY}", "done"), (tomorrow, "ready")]


class Tree(RuleBasedStateMachine):
    """Any growing, moving, cutting back and filling of a tree."""

    studio: Studio

    nodes: Bundle[str] = Bundle("nodes")
    entries: Bundle[str] = Bundle("entries")

    @rule(target=nodes)
    def plant(self) -> str:
        return place(self.studio)

    @rule(target=nodes, parent=nodes)
    def grow(self, parent: str) -> str:
        return place(self.studio, parent if self.lives("place", parent) else None)

    @rule(target=entries, node=nodes, amount=st.integers(0, 99))
    def fill(self, node: str, amount: int) -> str:
        return self.studio.create("entry", place=node if self.lives("place", node) else None, amount=amount)

    @rule(node=nodes, parent=nodes)
    def move(self, node: str, parent: str) -> None:
        if self.lives("place", node) and self.lives("place", parent):
            try:
                self.studio.update("place", node, parent=parent)
            except Rejected as refused:
                assert {each.code for each in refused.problems} == {"hierarchy-circle"}

    @rule(entry=entries, node=nodes)
    def carry(self, entry: str, node: str) -> None:
        if self.lives("entry", entry) and self.lives("place", node):
            self.studio.update("entry", entry, place=node)

    @rule(node=nodes)
    def toggle_node(self, node: str) -> None:
        self.toggle("place", node)

    @rule(entry=entries)
    def toggle_entry(self, entry: str) -> None:
        self.toggle("entry", entry)

    def toggle(self, name: str, id: str) -> None:
        (self.studio.delete if self.lives(name, id) else self.studio.restore)(name, id)

    def lives(self, name: str, id: str) -> bool:
        return self.studio.get(name, id, deleted="all")["deleted_at"] is None

    @invariant()
    def roll_ups_equal_recomputation(self) -> None:
        with self.studio.company.read(SYSTEM) as unit:

            def all_of(name: str, *columns: str) -> dict[str, dict[str, Any]]:
                page = unit.records.query(Query(object=name, columns=columns, limit=200))
                return {row.id: dict(zip(page.columns, row.values, strict=True)) for row in page.rows}

            nodes = all_of("place", "parent", "all", "many", "largest", "below", "middle_of_all")
            entries = all_of("entry", "place", "amount").values()

        def below(node: str) -> Iterator[str]:
            yield node
            for id, each in nodes.items():
                if each["parent"] and each["parent"].id == node:
                    yield from below(id)

        for id, node in nodes.items():
            under = set(below(id))
            amounts = sorted(each["amount"] for each in entries if each["place"] and each["place"].id in under)
            half = len(amounts) // 2
            middle = (amounts[half] + amounts[-half - 1]) / 2 if amounts else None
            assert (node["all"], node["many"]) == (sum(amounts, Decimal(0)), len(amounts))
            assert node["largest"] == max((each for each in amounts if each < 50), default=None)
            assert (node["below"], node["middle_of_all"]) == (len(under) - 1, middle)


def test_roll_ups_over_a_tree_are_right_after_any_sequence(company_copy: Copies, database_kind: str) -> None:
    """Property: on both databases, after every step, each roll-up is what its subtree comes to."""

    class Own(Tree):
        """Each run in a company of its own."""

        def __init__(self) -> None:
            super().__init__()
            self.own = ExitStack()
            copy = self.own.enter_context(company_copy(database_kind, "studio", (STUDIO,)))
            self.studio = prepare(Studio(copy))

        def teardown(self) -> None:
            self.own.close()

    run_state_machine_as_test(
        Own,
        settings=settings(
            max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
