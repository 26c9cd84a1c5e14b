"""Telling people: once each, in their language, in the transaction of what it is about."""

from __future__ import annotations

import pytest

from dougong.base.language import msg
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.saving.batch import Update
from dougong.workflows.notices.inbox import inbox, mark_read, unread
from dougong.workflows.notices.telling import Notice, tell
from tests.companies import person


@pytest.fixture
def li(sales: Company) -> Actor:
    """Somebody to tell."""
    return person(sales, "li")


def _notice(key: str = "one", kind: str = "automation", title: object = "Told") -> Notice:
    return Notice(kind=kind, title=title, key=key)  # type: ignore[arg-type]


def _tell(company: Company, notice: Notice, *people: Actor) -> None:
    ids = [each.user_id or "" for each in people]
    company.write(SYSTEM, lambda unit: tell(unit, ids, notice))


def _titles(company: Company, actor: Actor, **asked: object) -> list[str]:
    with company.read(actor) as unit:
        found = inbox(unit, actor.user_id or "", **asked)  # type: ignore[arg-type]
        return [each.title["en"] for each in found.told]


def test_a_notice_is_in_the_inbox_of_each_once(sales: Company, li: Actor) -> None:
    """Whoever is named twice, or told again, has one notice of a key; another key is another notice."""
    wang = person(sales, "wang")
    for _ in range(2):
        _tell(sales, _notice(), li, li, wang)
    _tell(sales, _notice("two", title="Again"), li)
    assert _titles(sales, li) == ["Again", "Told"]
    assert _titles(sales, wang) == ["Told"]


def test_whoever_may_not_come_in_is_told_nothing(sales: Company, li: Actor) -> None:
    """Somebody inactive, and an id that is nobody's, are left out; the others are told."""
    gone = person(sales, "gone")
    sales.write(SYSTEM, lambda unit: unit.records.save([Update("user", gone.user_id or "", {"active": False})]))
    nobody = Actor(user_id="0190a8b0-0000-7000-8000-000000000000", name="")
    _tell(sales, _notice(), gone, nobody, Actor(user_id="nonsense", name=""), li)
    assert (_titles(sales, gone), _titles(sales, nobody), _titles(sales, li)) == ([], [], ["Told"])


def test_what_was_told_is_in_every_language(sales: Company, li: Actor) -> None:
    """A message and labels are kept in each language, a plain text as it is."""
    _tell(sales, _notice("a", title=msg("Something to approve")), li)
    _tell(sales, _notice("b", title={"en": "Deal", "zh-CN": "商机"}), li)
    _tell(sales, _notice("c", title="Plain"), li)
    with sales.read(li) as unit:
        titles = [dict(each.title) for each in inbox(unit, li.user_id or "").told]
    assert titles == [
        {"en": "Plain"},
        {"en": "Deal", "zh-CN": "商机"},
        {"en": "Something to approve", "zh-CN": "待我审批"},
    ]


def test_nothing_is_told_of_what_was_not_written(sales: Company, li: Actor) -> None:
    """A transaction that fails takes its notices with it."""

    def fail(unit: object) -> None:
        tell(unit, [li.user_id or ""], _notice())  # type: ignore[arg-type]
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        sales.write(SYSTEM, fail)
    assert _titles(sales, li) == []


def test_reading_is_noted_of_ones_own_notices(sales: Company, li: Actor) -> None:
    """Of the given ones, or of all; another person's stay as they were."""
    wang = person(sales, "wang")
    for key in ("a", "b", "c"):
        _tell(sales, _notice(key, title=key), li, wang)
    with sales.read(li) as unit:
        first = inbox(unit, li.user_id or "").told[0]
    counts = []
    for ids in ([first.id], None):
        read = sales.write(SYSTEM, lambda unit, ids=ids: mark_read(unit, li.user_id or "", ids))
        with sales.read(SYSTEM) as unit:
            counts.append((read, unread(unit, li.user_id or ""), unread(unit, wang.user_id or "")))
    assert counts == [(1, 2, 3), (2, 0, 3)]


def test_the_inbox_is_read_by_kind_and_by_what_is_unread(sales: Company, li: Actor) -> None:
    """A kind has those below it; what was read is left out where only the unread is asked for."""
    for key, kind in (("a", "approval.task"), ("b", "approval.ended"), ("c", "approvals"), ("d", "automation")):
        _tell(sales, _notice(key, kind, key), li)
    assert _titles(sales, li, kinds=("approval",)) == ["b", "a"]
    assert _titles(sales, li, kinds=("approval.task", "automation")) == ["d", "a"]
    sales.write(SYSTEM, lambda unit: mark_read(unit, li.user_id or ""))
    assert _titles(sales, li, unread=True) == []


def test_the_inbox_comes_in_pages(sales: Company, li: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page says where the next one begins; the last one that there is none."""
    monkeypatch.setattr("dougong.workflows.notices.inbox.PAGE", 2)
    for key in "abcde":
        _tell(sales, _notice(key, title=key), li)
    pages, before = [], None
    with sales.read(li) as unit:
        while True:
            found = inbox(unit, li.user_id or "", before=before)
            pages.append([each.title["en"] for each in found.told])
            before = found.before
            if before is None:
                break
    assert pages == [["e", "d"], ["c", "b"], ["a"]]
