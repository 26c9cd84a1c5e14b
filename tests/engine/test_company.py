"""Companies: opened by name, read and written in units of work, always under the model in force."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from sqlalchemy import Column, ColumnElement, FromClause, MetaData, Table, delete, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InternalError, OperationalError

from dougong.base.errors import BadRequest
from dougong.base.hooks import hook, plugin_manager
from dougong.base.ids import record_id
from dougong.engine.access import EVERYTHING, Access
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.columns import Clock, Day, Document, Exact, Flag, Id, Instant
from dougong.engine.company import Companies, Company, PlainSettings
from dougong.engine.publish import Publication, publish
from dougong.engine.unit import Unit
from dougong.metadata.component import Component
from dougong.metadata.model import Field, Model, Object
from dougong.metadata.tree import Tree


def test_empty_company_reads_and_writes_under_revision_0(empty_company: Company) -> None:
    """A new company has a model without objects."""
    with empty_company.read(SYSTEM) as unit:
        assert (unit.runtime.revision, dict(unit.runtime.model.objects)) == (0, {})
    assert empty_company.write(SYSTEM, lambda unit: unit.runtime.revision) == 0


def _add_customer(unit: Unit) -> str:
    table = unit.runtime.storage.tables["customer"].table
    key = record_id()
    unit.connection.execute(
        insert(table).values(id=key, name="远澜新能源", created_at=unit.now, updated_at=unit.now, version=1)
    )
    return key


def test_write_commits_and_read_sees_it(company: Company) -> None:
    """What a unit wrote is there for the next one, in the types of Python."""
    key = company.write(SYSTEM, _add_customer)
    with company.read(SYSTEM) as unit:
        table = unit.runtime.storage.tables["customer"].table
        row = unit.connection.execute(select(table.c.id, table.c.name, table.c.created_at)).one()
    assert (key, "远澜新能源") == tuple(row)[:2]
    assert row.created_at <= datetime.now(UTC)


class OnlyOwn(Access):
    """An access that shows a person's own records, and no notes."""

    def __init__(self, actor: Actor) -> None:
        self.actor, self.key = actor, f"own:{actor.user_id}"

    def may_field(self, right: str, obj: Object, field: Field) -> bool:
        return field.name != "notes"

    def visible(self, right: str, obj: Object, table: FromClause) -> ColumnElement[bool]:
        return table.c.owner_id == self.actor.user_id


class NoDeletes(Access):
    """An access without deletion."""

    key = "keep"

    def may(self, right: str, obj: Object) -> bool:
        return right != "delete"


class Plugin:
    """A plugin that narrows access in two ways at once."""

    @hook
    def access(self, actor: Actor) -> Access:
        return OnlyOwn(actor)


class OtherPlugin:
    """Another one."""

    @hook
    def access(self, model: Model) -> Access | None:
        return NoDeletes() if model.objects else None


def test_accesses_of_plugins_are_combined_with_and(company: Company) -> None:
    """The strictest answer counts; the system is not narrowed."""
    company.hooks = plugin_manager([Plugin(), OtherPlugin()]).hook
    actor = Actor(user_id=record_id(), name="Li")
    with company.read(actor) as unit:
        customer = unit.runtime.model.objects["customer"]
        table = unit.runtime.storage.tables["customer"].table
        access = unit.access
        assert (access.may("read", customer), access.may("delete", customer)) == (True, False)
        assert not access.may_field("read", customer, customer.fields["notes"])
        assert "owner_id" in str(access.visible("read", customer, table))
    with company.read(SYSTEM) as unit:
        assert unit.access is EVERYTHING


def test_failed_work_is_undone(company: Company) -> None:
    """What raises leaves nothing, and the connection is good for the next."""

    def work(unit: Unit) -> None:
        _add_customer(unit)
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            company.write(SYSTEM, work)
    with company.read(SYSTEM) as unit:
        table = unit.runtime.storage.tables["customer"].table
        assert unit.connection.scalar(select(func.count()).select_from(table)) == 0


def test_reading_unit_cannot_write(company: Company) -> None:
    """The database itself refuses it."""
    with company.read(SYSTEM) as unit, pytest.raises((OperationalError, InternalError)):
        _add_customer(unit)


def test_reading_unit_sees_one_moment(company: Company) -> None:
    """What others commit meanwhile is for the next unit."""
    with company.read(SYSTEM) as unit:
        table = unit.runtime.storage.tables["customer"].table
        count = select(func.count()).select_from(table)
        before = unit.connection.scalar(count)
        company.write(SYSTEM, _add_customer)
        assert unit.connection.scalar(count) == before == 0


def test_companies_of_one_server_are_apart(database_url: str) -> None:
    """Each has its own tables; a name that is none is refused before anything is made."""
    with closing(Companies(PlainSettings(database_url=make_url(database_url)))) as companies:
        label = {"en": "X", "zh-CN": "X"}
        body = {"kind": "object", "name": "thing", "label": label, "title": {"field": "name"}}
        name = {"kind": "field", "name": "thing.name", "type": "text", "length": 9, "label": label}
        tree = Tree.of([Component("object", "thing", body), Component("field", "thing.name", name)])
        publish(companies.open("east"), Publication(tree=tree))
        assert set(companies.open("east").runtime().model.objects) == {"thing"}
        assert set(companies.open("west").runtime().model.objects) == set()
        for wrong in ("jobs", "../east", "East", "a b", ""):
            with pytest.raises(BadRequest):
                companies.open(wrong)


VALUES = {
    "id": (Id(), ["01a20129-ed3f-70e4-a978-d0d7236b7b57"]),
    "exact": (Exact(18, 4), [Decimal("99999999999999.9999"), Decimal("-0.0001"), Decimal(0)]),
    "instant": (Instant(), [datetime(2026, 11, 22, 2, 15, 49, 123456, UTC), datetime(1900, 1, 1, tzinfo=UTC)]),
    "day": (Day(), [date(2026, 11, 22), date(1, 1, 1)]),
    "clock": (Clock(), [time(23, 59, 59, 999999), time(0)]),
    "flag": (Flag(), [True, False]),
    "document": (Document(), [{"a": [1, None, "x"]}, "1.50", [12345678901234567890], 0, False]),
}


def test_column_types_read_what_they_wrote(empty_company: Company) -> None:
    """Every value, and None, comes back equal and of its Python type; sums of decimals are exact."""
    table = Table("every", MetaData(), *(Column(f"c_{name}", kind) for name, (kind, _) in VALUES.items()))
    with empty_company.database.maintenance() as connection, connection.begin():
        table.create(connection)
        for name, (_, values) in VALUES.items():
            column = table.c[f"c_{name}"]
            for value in [*values, None]:
                connection.execute(insert(table).values({column: value}))
                (found,) = connection.scalars(select(column))
                assert (type(found), found) == (type(value), value)
                connection.execute(delete(table))
        cents = [{"c_exact": Decimal("0.0001")}] * 3
        connection.execute(insert(table), cents)
        assert connection.scalar(select(func.sum(table.c.c_exact))) == Decimal("0.0003")
        more = select(func.count()).where(table.c.c_exact > Decimal("0.00005"))
        assert connection.scalar(more) == 3
