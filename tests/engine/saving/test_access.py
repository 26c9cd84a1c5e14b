"""A plugin that narrows access, or looks at what is saved, is obeyed by every change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import ColumnElement

from dougong.base.errors import Forbidden, NotFound, Rejected
from dougong.base.hooks import hook, plugin_manager
from dougong.base.language import msg
from dougong.engine.access import Access
from dougong.engine.saving import past
from dougong.engine.saving.batch import Create, Delete, Restore, Update
from dougong.metadata.model import Field, Object
from tests.companies import Copies
from tests.engine.saving.conftest import STUDIO, Studio


class Narrow(Access):
    """Hides clients called "hidden" and the field `code`; `level` is read only; products are not for making."""

    key = "narrow"

    def may(self, right: str, obj: Object) -> bool:
        return not (obj.name == "product" and right == "create") and not (obj.name == "tag" and right == "delete")

    def may_field(self, right: str, obj: Object, field: Field) -> bool:
        return not (obj.name == "client" and (field.name == "code" or (field.name == "level" and right == "edit")))

    def visible(self, right: str, obj: Object, table: Any) -> ColumnElement[bool] | None:
        if obj.name != "client":
            return None
        return table.c.name != ("hidden" if right == "read" else "fixed")  # type: ignore[no-any-return]


class Plugin:
    """Narrows everybody but the system; keeps what it was shown."""

    def __init__(self) -> None:
        self.before: list[str] = []
        self.after: list[str] = []

    @hook
    def access(self) -> Access:
        return Narrow()

    @hook
    def before_save(self, changes: Any) -> None:
        for row in changes:
            self.before.append(row.plan.name)
            if row.plan.name == "tag":
                row.values["name"] = str(row.values["name"]).upper()
                if row.values["name"] == "BAD":
                    row.refuse("no-bad-tags", msg("blank"), at="name")

    @hook
    def after_save(self, changes: Any) -> None:
        self.after += [row.plan.name for row in changes]


@pytest.fixture
def plugin() -> Plugin:
    return Plugin()


@pytest.fixture
def narrowed(company_copy: Copies, database_kind: str, plugin: Plugin) -> Iterator[Studio]:
    with company_copy(database_kind, "studio", (STUDIO,)) as company:
        company.hooks = plugin_manager([plugin]).hook
        yield Studio(company)


def by_system(studio: Studio, object_name: str, **values: Any) -> str:
    from dougong.engine.actor import SYSTEM

    return studio.save(Create(object_name, values), actor=SYSTEM).changes[0].id


def test_what_may_not_be_seen_does_not_exist(narrowed: Studio) -> None:
    hidden = by_system(narrowed, "client", name="hidden")
    for change in (Update("client", hidden, {"name": "B"}), Delete("client", hidden), Restore("client", hidden)):
        with pytest.raises(NotFound):
            narrowed.save(change)
    with pytest.raises(Rejected) as caught:
        narrowed.create("job", name="J", client=hidden)
    assert [each.code for each in caught.value.problems] == ["lookup-unknown"]


def test_what_may_not_be_edited_is_refused(narrowed: Studio) -> None:
    fixed = by_system(narrowed, "client", name="fixed")
    with pytest.raises(Forbidden):
        narrowed.update("client", fixed, city=None, name="B")
    for change in (Create("product", {"name": "P"}), Delete("tag", narrowed.create("tag", name="t"))):
        with pytest.raises(Forbidden):
            narrowed.save(change)


def test_a_field_that_may_not_be_read_does_not_exist_and_a_read_only_one_stays(narrowed: Studio) -> None:
    with pytest.raises(Rejected) as caught:
        narrowed.create("client", name="A", code="X")
    assert [each.code for each in caught.value.problems] == ["field-unknown"]
    client = narrowed.create("client", name="A")
    with pytest.raises(Forbidden):
        narrowed.update("client", client, level="a")
    narrowed.update("client", client, level="b", name="B")


def test_history_leaves_out_what_may_not_be_read(narrowed: Studio) -> None:
    client = by_system(narrowed, "client", name="A", code="X")
    with narrowed.company.read(narrowed.actor) as unit:
        (entry,) = past.history(unit, "client", client).changes
    assert "code" not in entry.changes and "name" in entry.changes


def test_a_unique_value_of_a_hidden_record_is_refused_without_naming_it(narrowed: Studio) -> None:
    client = by_system(narrowed, "client", name="hidden")
    by_system(narrowed, "job", name="J", client=client)
    other = narrowed.create("client", name="A")
    narrowed.create("job", name="J", client=other)
    with pytest.raises(Rejected) as caught:
        narrowed.create("job", name="J", client=other)
    assert caught.value.problems[0].code == "not-unique"


def test_a_hook_may_set_values_and_refuse_them(narrowed: Studio, plugin: Plugin) -> None:
    tag = narrowed.create("tag", name="red")
    assert narrowed.get("tag", tag)["name"] == "RED"
    with pytest.raises(Rejected):
        narrowed.create("tag", name="bad")
    plugin.after.clear()
    narrowed.create("contact", client=narrowed.create("client", name="A"), name="C")
    assert plugin.after == ["client", "contact"]
