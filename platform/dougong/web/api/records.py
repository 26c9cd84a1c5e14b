"""The calls about records: list, count, get, create, change, delete, restore, and many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.language import msg
from dougong.engine.audit import Event, record
from dougong.engine.query import Query
from dougong.engine.reading.filters import parse, parse_sort
from dougong.engine.reading.listing import readable
from dougong.engine.saving.batch import Change, Create, Delete, Restore, Saved, StaleRecord, Update, Upsert
from dougong.engine.unit import Unit
from dougong.metadata.model import Object
from dougong.web.api.door import LINES, Answer, Asked, Call, PreconditionFailed, dump, parsed
from dougong.web.api.values import record_json, row_json, serialisers

MOST_CHANGES = 10_000
"""How many changes one bulk call may carry."""


# -- reading ----------------------------------------------------------------------------------------------------
def listed(asked: Asked, unit: Unit) -> Answer:
    """One page of records, by ``fields``, ``filter``, ``sort``, ``search``, ``limit``, ``cursor``, ``deleted``."""
    query = _query(asked, unit)
    page = unit.records.query(query)
    made = serialisers(unit, page.object, page.columns)
    body = {"records": [row_json(row, made) for row in page.rows], "next": page.next, "previous": page.previous}
    return Answer(body)


def counted(asked: Asked, unit: Unit) -> Answer:
    """How many records a filter finds; exact only when asked, since counting millions takes its time."""
    query = replace(_query(asked, unit), columns=(), sort=())
    found = unit.records.count(query, cap=None if asked.parameters.get("exact") == "true" else 1000)
    return Answer({"count": found.number, "exact": not found.capped})


KNOWN = frozenset({"object", "fields", "filter", "sort", "search", "limit", "cursor", "deleted", "exact"})


def _query(asked: Asked, unit: Unit) -> Query:
    given = asked.parameters
    problems = [
        _problem("parameter-unknown", name, msg("There is no parameter {name}.", name=name))
        for name in given
        if name not in KNOWN
    ]
    obj = readable(unit, given["object"])
    try:
        limit = int(given.get("limit", "50"))
    except ValueError:
        limit = 50
        problems.append(_problem("page-size", "limit", msg("{value} is no number.", value=given["limit"])))
    deleted = given.get("deleted", "live")
    if deleted not in ("live", "bin", "all"):
        problems.append(
            _problem("parameter-value", "deleted", msg("{value} is none of live, bin, all.", value=deleted))
        )
    if problems:
        raise BadRequest(problems)
    where = parse(parsed(given["filter"].encode())) if given.get("filter") else None
    columns = tuple(filter(None, given.get("fields", "").split(","))) or default_columns(unit, obj)
    return Query(
        object=obj.name,
        columns=columns,
        where=where,
        sort=parse_sort([each for each in given.get("sort", "").split(",") if each]),
        search=given.get("search", ""),
        limit=limit,
        cursor=given.get("cursor") or None,
        deleted=deleted,  # type: ignore[arg-type]
    )


def _problem(code: str, name: str, reason: Any) -> Problem:
    return Problem(code=code, thing="request", place=Place(field=name), reason=reason)


def default_columns(unit: Unit, obj: Object) -> tuple[str, ...]:
    """Every field that the caller may read and that costs no statement of its own."""
    return tuple(
        each.name
        for each in obj.fields.values()
        if each.type.stored and each.name not in ("id", "version") and unit.access.seen(obj, each)
    )


def got(asked: Asked, unit: Unit) -> Answer:
    """One record in full."""
    record = unit.records.get(asked.parameters["object"], asked.parameters["id"])
    return Answer(record_json(unit, record), headers={"etag": etag(record.version)})


def etag(version: int) -> str:
    """The entity tag of a record's version."""
    return f'"{version}"'


# -- writing ----------------------------------------------------------------------------------------------------
def created(asked: Asked, unit: Unit) -> Answer:
    """Make a record from its values."""
    obj = readable(unit, asked.parameters["object"])
    saved = unit.records.save([Create(obj.name, asked.body())])
    made = saved.changes[0]
    location = f"/api/v1/records/{obj.name}/{made.id}"
    return _one(unit, obj, made.id, 201, {"location": location})


def _one(unit: Unit, obj: Object, record_id: str, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    record = unit.records.get(obj.name, record_id)
    return Answer(record_json(unit, record), status, {"etag": etag(record.version), **(headers or {})})


def changed(asked: Asked, unit: Unit) -> Answer:
    """Change some fields; with If-Match only when nobody else has."""
    obj = readable(unit, asked.parameters["object"])
    record_id = asked.parameters["id"]
    unit.records.get(obj.name, record_id)
    version = _version(asked)
    try:
        unit.records.save([Update(obj.name, record_id, asked.body(), version=version)])
    except StaleRecord as stale:
        raise PreconditionFailed(stale.problems) from stale
    return _one(unit, obj, record_id)


def _version(asked: Asked) -> int | None:
    given = asked.request.headers.get("if-match", "").strip()
    if not given or given == "*":
        return None
    text = given.removeprefix("W/").strip('"')
    if not text.isdecimal() or len(text) > 9:
        raise PreconditionFailed(
            Problem(code="version-unknown", reason=msg("If-Match names no version of this record."), thing=given[:40])
        )
    return int(text)


def deleted(asked: Asked, unit: Unit) -> Answer:
    """Put a record into the recycle bin."""
    obj = readable(unit, asked.parameters["object"])
    record_id = asked.parameters["id"]
    unit.records.get(obj.name, record_id)
    try:
        unit.records.save([Delete(obj.name, record_id, version=_version(asked))])
    except StaleRecord as stale:
        raise PreconditionFailed(stale.problems) from stale
    return Answer(status=204)


def restored(asked: Asked, unit: Unit) -> Answer:
    """Take a record out of the recycle bin, with what was deleted with it."""
    obj = readable(unit, asked.parameters["object"])
    record_id = asked.parameters["id"]
    unit.records.get(obj.name, record_id, deleted="bin")
    unit.records.save([Restore(obj.name, record_id)])
    return _one(unit, obj, record_id)


# -- many at once -----------------------------------------------------------------------------------------------
def bulk(asked: Asked, unit: Unit) -> Answer:
    """Many changes of one object: all or none, or with ``partial`` all that break no rule. JSON or JSON lines."""
    obj = readable(unit, asked.parameters["object"])
    in_lines = asked.media_type == LINES
    if in_lines:
        documents: Sequence[Any] = list(_lines(asked.raw))
        partial = asked.parameters.get("partial") == "true"
    else:
        body = asked.body()
        unknown = set(body) - {"changes", "partial"}
        if unknown or not isinstance(body.get("changes"), list) or not isinstance(body.get("partial", False), bool):
            raise BadRequest(
                Problem(code="bulk-shape", reason=msg("The body has the keys changes (a list) and partial."))
            )
        documents, partial = body["changes"], body.get("partial", False)
    saved = unit.records.save(_changes(obj, documents), partial=partial)
    done: Mapping[str, int] = Counter(str(each.action) for each in saved.changes)
    record(unit, Event("changed_in_bulk", f"object:{obj.name}", done))
    results = list(_results(unit, saved, len(documents)))
    if in_lines:
        return Answer(b"".join(dump(each) + b"\n" for each in results), media_type=LINES)
    return Answer({"results": results})


def _lines(raw: bytes) -> Iterator[Any]:
    for at, line in enumerate(raw.split(b"\n"), start=1):
        if line.strip():
            yield parsed(line, at)


SHAPES: dict[str, frozenset[str]] = {
    "create": frozenset({"values"}),
    "update": frozenset({"id", "values", "version"}),
    "upsert": frozenset({"key", "values"}),
    "delete": frozenset({"id", "version"}),
    "restore": frozenset({"id"}),
}
"""The keys of each kind of change beside ``op``."""

OF_A_CHANGE = msg("A change has op (create, update, upsert, delete or restore) and its keys: id, key, values, version.")


def _changes(obj: Object, documents: Sequence[Any]) -> list[Change]:
    if len(documents) > MOST_CHANGES:
        raise BadRequest(
            Problem(code="bulk-too-many", reason=msg("One call carries at most {most} changes.", most=MOST_CHANGES))
        )
    found: list[Change] = []
    problems: list[Problem] = []
    for row, document in enumerate(documents, start=1):
        change = _change(obj, document)
        if change is None:
            problems.append(
                Problem(
                    code="change-shape",
                    place=Place(row=row),
                    reason=msg("This is no change."),
                    fix=OF_A_CHANGE,
                )
            )
        else:
            found.append(change)
    if problems:
        raise BadRequest(problems)
    return found


def _change(obj: Object, document: Any) -> Change | None:
    """The change that a document says; None where it says none."""
    op = document.get("op") if isinstance(document, dict) else None
    if not isinstance(op, str) or op not in SHAPES:
        return None
    keys = set(document) - {"op"}
    values, version = document.get("values"), document.get("version")
    needed = SHAPES[op] - {"version"}
    if not needed <= keys <= SHAPES[op] or ("values" in needed and not isinstance(values, dict)):
        return None
    if any(not isinstance(document[name], str) for name in needed - {"values"}):
        return None
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        return None
    match op:
        case "create":
            return Create(obj.name, values or {})
        case "update":
            return Update(obj.name, document["id"], values or {}, version=version)
        case "upsert":
            return Upsert(obj.name, document["key"], values or {})
        case "delete":
            return Delete(obj.name, document["id"], version=version)
        case _:
            return Restore(obj.name, document["id"])


def _results(unit: Unit, saved: Saved, count: int) -> Iterator[dict[str, Any]]:
    done = {each.row: each for each in saved.changes}
    refused: dict[int, list[Problem]] = {}
    for problem in saved.problems:
        refused.setdefault(problem.place.row or 0, []).append(problem)
    for row in range(1, count + 1):
        each = done.get(row)
        if each is not None and row not in refused:
            yield {"row": row, "action": each.action, "id": each.id, "version": each.version}
        else:
            yield {"row": row, "errors": [problem.to_json(unit.actor.language) for problem in refused.get(row, ())]}


CALLS = (
    Call("GET", "/api/v1/records/{object}", listed),
    Call("POST", "/api/v1/records/{object}", created, writes=True),
    Call("GET", "/api/v1/records/{object}/count", counted),
    Call("POST", "/api/v1/records/{object}/bulk", bulk, writes=True),
    Call("GET", "/api/v1/records/{object}/{id}", got),
    Call("PATCH", "/api/v1/records/{object}/{id}", changed, writes=True),
    Call("DELETE", "/api/v1/records/{object}/{id}", deleted, writes=True),
    Call("POST", "/api/v1/records/{object}/{id}/restore", restored, writes=True),
)
