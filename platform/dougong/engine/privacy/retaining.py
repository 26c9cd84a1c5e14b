"""Retention rules carried out: batch by batch, each a transaction with its entry in the audit log.

What a batch did is no longer due, so a run that was stopped goes on where it ended. A record that others need, or that
a rule keeps, is left as it is and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

from dougong.base.errors import Conflict, DougongError, NotFound, Problem
from dougong.base.language import Message, msg
from dougong.engine.actor import Actor
from dougong.engine.audit import Event, record
from dougong.engine.company import Company
from dougong.engine.privacy.erasing import erase
from dougong.engine.privacy.finding import FILE, files_of, find
from dougong.engine.query import All, Condition, Filter, Holds, Query
from dougong.engine.saving.batch import Delete
from dougong.engine.saving.bin import purge
from dougong.engine.unit import Unit
from dougong.metadata.model import Model, Object
from dougong.metadata.retention import Retention

BATCH = 100
"""Records of one transaction."""

BIN_DAYS = "retention.bin_days"
"""The setting that says after how many days records leave the bin for good, for objects that say nothing of it."""

Forget = Callable[[Sequence[str]], None]
"""What removes the bytes that stand under ids of files whose records are gone."""


@dataclass(slots=True)
class Done:
    """What became of the records of a rule: how many were done, and why others were not."""

    records: int = 0
    refused: list[tuple[str, Message]] = field(default_factory=list)


def rules_of(model: Model, object_name: str = "") -> Iterator[tuple[Object, Retention]]:
    """The rules of every object, or of one; the company's setting for the bin is one where an object has none for it.

    Raises:
        NotFound: there is no such object.
    """
    if object_name and object_name not in model.objects:
        raise NotFound(
            Problem(
                code="object-unknown", thing=object_name, reason=msg("There is no object {name}.", name=object_name)
            )
        )
    days = int(model.settings.get(BIN_DAYS) or 0)
    for obj in model.objects.values():
        if object_name not in ("", obj.name) or obj.rows == "metadata":
            continue
        yield from ((obj, rule) for rule in obj.retention)
        if days > 0 and obj.delete == "bin" and not any(rule.in_bin for rule in obj.retention):
            yield obj, Retention(key="bin", days=days, do="delete", since="deleted_at")


def due(unit: Unit, obj: Object, rule: Retention) -> int:
    """How many records are due under a rule, those that something keeps among them."""
    if rule.do != "erase":
        return unit.records.count(_query(unit, obj, rule)).number
    return sum(not find(unit, obj.name, id).nothing for ids in _pages(unit, obj, rule) for id in ids)


def _pages(unit: Unit, obj: Object, rule: Retention) -> Iterator[list[str]]:
    cursor: str | None = None
    while True:
        page = unit.records.query(replace(_query(unit, obj, rule), cursor=cursor))
        yield [row.id for row in page.rows]
        cursor = page.next
        if cursor is None:
            return


def _query(unit: Unit, obj: Object, rule: Retention) -> Query:
    """The records that are due, in an order that stays while they go."""
    last = unit.reading.today - timedelta(days=rule.days)
    parts: list[Filter] = [Condition(rule.since, "before", last.isoformat())]
    if rule.when is not None:
        parts.append(Holds(f"retention:{obj.name}.{rule.key}", (), unit.now, rule.when))
    deleted: Literal["bin", "live"] = "bin" if rule.in_bin else "live"
    return Query(object=obj.name, columns=(), where=All(tuple(parts)), limit=BATCH, deleted=deleted)


def carry_out(company: Company, actor: Actor, obj: Object, rule: Retention, forget: Forget) -> Done:
    """Do what a rule says with every record that is due; `forget` is called when what named the bytes is gone."""
    done = Done()
    cursor: str | None = None
    why = f"{obj.name}.{rule.key}"
    while True:
        with company.read(actor) as unit:
            page = unit.records.query(replace(_query(unit, obj, rule), cursor=cursor))
        ids = [row.id for row in page.rows]
        if rule.do == "erase":
            _erase(company, actor, obj, ids, why, done, forget)
        elif ids:
            _remove(company, actor, obj, rule, ids, why, done, forget)
        cursor = page.next
        if cursor is None:
            return done


def _erase(
    company: Company, actor: Actor, obj: Object, ids: Sequence[str], why: str, done: Done, forget: Forget
) -> None:
    """Erase each in a transaction of its own; what was erased before is passed over."""
    for id in ids:
        try:
            kept = company.write(actor, lambda unit, id=id: erase(unit, obj.name, id), why=why)  # type: ignore[misc]
        except Conflict as error:
            if error.problems[0].code != "erased-already":
                done.refused.append((id, error.problems[0].reason))
        except NotFound:
            continue
        else:
            forget(kept.contents)
            done.records += 1


def _remove(
    company: Company,
    actor: Actor,
    obj: Object,
    rule: Retention,
    ids: Sequence[str],
    why: str,
    done: Done,
    forget: Forget,
) -> None:
    """Put a batch into the bin, or remove it from there for good, with an entry that says how many."""

    def work(unit: Unit) -> tuple[int, list[tuple[str, Message]], list[str]]:
        refused: list[tuple[str, Message]] = []
        contents: list[str] = []
        if rule.in_bin:
            contents = _files(unit, obj, ids)
            number = purge(unit, obj.name, ids)
        else:
            saved = unit.records.save([Delete(obj.name, id) for id in ids], partial=True)
            number = sum(each.id in ids for each in saved.changes)
            refused = [(ids[(each.place.row or 1) - 1], each.reason) for each in saved.problems]
        if number:
            data = {"rule": why, "step": rule.do, "records": number, "refused": len(refused)}
            record(unit, Event("retained", f"object:{obj.name}", data))
        return number, refused, contents

    try:
        number, refused, contents = company.write(actor, work, why=why)
    except DougongError as error:
        done.refused += [(id, error.problems[0].reason) for id in ids]
        return
    forget(contents)
    done.records += number
    done.refused += refused


def _files(unit: Unit, obj: Object, ids: Sequence[str]) -> list[str]:
    """Remove the files of records that go for good; the ids under which their bytes stand."""
    if obj.name == FILE:
        return list(ids)
    found: dict[str, tuple[str, ...]] = {}
    for id in ids:
        found |= files_of(unit, obj, id)
    names = list(found)
    live = [id for id in names if unit.records.get(FILE, id, deleted="all").values.get("deleted_at") is None]
    unit.records.save([Delete(FILE, id) for id in live])
    purge(unit, FILE, names)
    return list(dict.fromkeys(content for contents in found.values() for content in contents))
