"""Drafts: worked on by one, seen by nobody else, merged with what others published."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from dougong.base.errors import Conflict, Forbidden, MetadataError, NotFound
from dougong.base.ids import record_id
from dougong.engine import drafts
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.drafts import Draft
from dougong.engine.publish import publish
from dougong.metadata.component import Component
from tests.engine.test_publish import change, field, store

LI = Actor(user_id=record_id(), name="Li", rights=frozenset({"design"}))
WANG = Actor(user_id=record_id(), name="Wang", rights=frozenset({"design"}))
SALES = Actor(user_id=record_id(), name="Zhao")


def begun(company: Company, *put: Component, actor: Actor = LI) -> Draft:
    """A draft with some components set."""
    return company.write(actor, lambda unit: drafts.edit(unit, drafts.create(unit, "Colours"), put))


def test_draft_is_published_as_it_stands(company: Company) -> None:
    """What was edited is in force afterwards, by its author."""
    draft = begun(company, field("part.colour", type="text", length=20))
    with company.read(LI) as unit:
        wanted = drafts.publication(unit, drafts.get(unit, draft.id), "")
    assert publish(company, wanted) == 2
    assert "colour" in company.runtime().storage.tables["part"].parts


def test_draft_is_its_authors_alone(company: Company) -> None:
    """Others neither find nor list it; who may not design makes none."""
    draft = begun(company)
    with company.read(WANG) as unit:
        assert drafts.mine(unit) == []
        with pytest.raises(NotFound):
            drafts.get(unit, draft.id)
    with pytest.raises(Forbidden):
        company.write(SALES, lambda unit: drafts.create(unit, "Mine"))


def test_stale_edit_is_refused(company: Company) -> None:
    """Two windows: the second edit says so and is not lost silently."""
    draft = begun(company)
    company.write(LI, lambda unit: drafts.edit(unit, draft, [field("part.a", type="text", length=9)]))
    with pytest.raises(Conflict):
        company.write(LI, lambda unit: drafts.edit(unit, draft, [field("part.b", type="text", length=9)]))


def test_rebase_takes_in_what_others_published(company: Company) -> None:
    """A draft and a publish that touch different things are put together."""
    draft = begun(company, field("part.left", type="text", length=9))
    change(company, field("part.right", type="text", length=9))
    draft, conflicts = company.write(LI, lambda unit: drafts.rebase(unit, draft))
    with company.read(LI) as unit:
        assert {"field:part.left", "field:part.right"} <= set(drafts.tree(unit, draft).components)
    assert (conflicts, draft.base) == ((), 2)


def test_preview_reads_with_the_draft_in_force(company: Company) -> None:
    """The author sees the new field; everybody else, and the log, know nothing of it."""
    store(company, "part", name="Chain", sku="C1")
    draft = begun(company, field("part.colour", type="text", length=20))
    for _ in range(2):
        with drafts.preview(company, draft.id, LI) as unit:
            records = unit.runtime.storage.tables["part"]
            assert list(unit.connection.scalars(select(records.parts["colour"][0]))) == [None]
    assert "colour" not in company.runtime().storage.tables["part"].parts
    with pytest.raises(NotFound), drafts.preview(company, draft.id, WANG):
        pass


def test_publish_after_preview_uses_its_columns(company: Company) -> None:
    """What a preview made is taken up, not made again."""
    draft = begun(company, field("part.colour", type="text", length=20))
    with drafts.preview(company, draft.id, LI):
        pass
    with company.read(LI) as unit:
        wanted = drafts.publication(unit, draft, "")
    publish(company, wanted)
    store(company, "part", name="Chain", sku="C1", colour="red")


def test_preview_of_a_wrong_draft_says_what_is_wrong(company: Company) -> None:
    """The problems of the check are the answer."""
    draft = begun(company, field("part.extra", type="lookup", target="nothing"))
    with pytest.raises(MetadataError), drafts.preview(company, draft.id, LI):
        pass


def test_system_sees_every_draft(company: Company) -> None:
    """The operator's command line lists them all."""
    draft = begun(company)
    with company.read(SYSTEM) as unit:
        assert [replace(draft)] == drafts.mine(unit)
