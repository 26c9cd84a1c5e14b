"""What search knows of each record, kept with the record in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete

from dougong.base.field_types import Reading, Reference
from dougong.engine import tables
from dougong.engine.dialects.among import among
from dougong.engine.dialects.statements import upsert
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.related import Needs, needs_of
from dougong.engine.saving.row import Batch, Row
from dougong.engine.search.documents import pinyin_paths, record_words, search_paths, shown
from dougong.metadata.model import Field

_COLUMNS = ("record_id", "object", "title", "words")

_DELETE = delete(tables.search).where(among(tables.search.c.record_id, "ids"))


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """Where the texts of a record come from: by search path, the names to follow and the field at the end.

    `sources` are the same side by side, with whether the text is also found by pinyin.
    """

    paths: dict[str, tuple[str, ...]]
    fields: dict[str, Field]
    sources: tuple[tuple[tuple[str, ...], Field, bool], ...]
    own: frozenset[str]
    needs: Needs


def search_plan(plan: ObjectPlan) -> SearchPlan:
    """What search reads of an object; a lookup is read as the title of what it names."""
    paths: dict[str, tuple[str, ...]] = {}
    fields: dict[str, Field] = {}
    for text in search_paths(plan.object):
        here, names = plan, tuple(text.split("."))
        for at, name in enumerate(names):
            field = here.object.fields.get(name)
            if field is None or not field.type.stored:
                break
            if field.type.refers:
                if len(field.targets) != 1:
                    break
                here = plan_of(plan.runtime, field.targets[0])
                if at == len(names) - 1:
                    paths[text], fields[text] = (*names, here.object.title), here.object.fields[here.object.title]
            elif at == len(names) - 1:
                paths[text], fields[text] = names, field
    own = frozenset({path[0] for path in paths.values()} | {plan.object.title})
    spelt = pinyin_paths(plan.object)
    sources = tuple((names, fields[text], text in spelt) for text, names in paths.items())
    return SearchPlan(paths, fields, sources, own, needs_of(plan, paths.values()))


def prepare(batch: Batch, expressions: Expressions) -> None:
    """Work out what search keeps of new rows, while the database is at work on these."""
    for _, rows in batch.groups("create"):
        made = _entries(batch, rows, expressions)
        batch.entries.update((row, (row.written, entry)) for row, entry in zip(rows, made, strict=True))


def write(batch: Batch, rows: Iterable[Row], expressions: Expressions) -> None:
    """Keep the search rows of `rows` current: written where a searched field changed, removed with the record."""
    removed: list[str] = []
    written: dict[str, list[Row]] = {}
    for row in rows:
        plan = row.plan.part(search_plan)
        if row.doing == "delete":
            removed.append(row.id)
        elif row.doing in ("create", "restore") or row.searched or _is_changed(row, plan):
            written.setdefault(row.plan.name, []).append(row)
    if removed:
        batch.unit.connection.execute(_DELETE, {"ids": removed})
    entries = [entry for group in written.values() for entry in _made(batch, group, expressions)]
    if len(entries) > 1:
        columns = dict(zip(_COLUMNS, zip(*entries, strict=True), strict=True))
        new = all(row.new for group in written.values() for row in group)
        database = batch.unit.company.database
        batch.unit.begin(lambda connection: database.put_many(connection, tables.search, columns, new))
    elif entries:
        batch.unit.connection.execute(_statement(batch), dict(zip(_COLUMNS, entries[0], strict=True)))


def _is_changed(row: Row, plan: SearchPlan) -> bool:
    """Whether a text by which a stored record is found changed; of what is known in part, none can."""
    return not row.part and any(row.differs(name) for name in plan.own)


def _statement(batch: Batch) -> Any:
    runtime, kind = batch.unit.runtime, batch.unit.company.database.kind
    found = runtime.prepared.get("search_row")
    if found is None:
        base = upsert(kind, tables.search)
        new = {name: base.excluded[name] for name in ("object", "title", "words")}
        found = runtime.prepared["search_row"] = base.on_conflict_do_update(index_elements=["record_id"], set_=new)
    return found


def _made(batch: Batch, rows: list[Row], expressions: Expressions) -> Iterable[tuple[str, ...]]:
    """What is kept of each row: what was made ready of it, unless it, or what it reads, has changed since."""
    ready = {row: found[1] for row in rows if (found := batch.entries.get(row)) is not None and _stands(row, found[0])}
    if left := [row for row in rows if row not in ready]:
        ready.update(zip(left, _entries(batch, left, expressions), strict=True))
    return map(ready.__getitem__, rows)


def _stands(row: Row, written: Any) -> bool:
    return row.written is written and not row.searched


def _entries(batch: Batch, rows: list[Row], expressions: Expressions) -> Iterable[tuple[str, ...]]:
    """What is kept of each row, in the order of `_COLUMNS`."""
    plan = rows[0].plan
    search = plan.part(search_plan)
    obj, reading = plan.object, batch.unit.reading
    title = obj.fields[obj.title]
    expressions.follow([row.values for row in rows], search.needs)
    for row in rows:
        values, texts = row.values, []
        for names, field, pinyin in search.sources:
            value = values.get(names[0]) if len(names) == 1 else _at(batch, values, names)
            if value is not None:
                texts.append((shown(field, value, reading), pinyin))
        yield row.id, obj.id, _title(title, values.get(title.name), reading), record_words(texts)


def _title(field: Field, value: Any, reading: Reading) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else field.type.display(field, value, reading)


def _at(batch: Batch, values: Any, path: tuple[str, ...]) -> Any:
    for name in path[:-1]:
        reference = values.get(name)
        values = batch.related.values(reference) if isinstance(reference, Reference) else None
        if values is None:
            return None
    return values.get(path[-1])
