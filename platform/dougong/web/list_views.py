"""The views of a list: those of the metadata, and those that people saved for themselves or for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update

from dougong.base.errors import BadRequest, NotFound, Place, Problem, Rejected
from dougong.base.ids import is_record_id, record_id
from dougong.base.language import msg
from dougong.engine.fields.masked import is_masked
from dougong.engine.fields.operators import PRESENCE
from dougong.engine.fields.text import clean_text
from dougong.engine.query import Condition, Filter, Sort, Written
from dougong.engine.reading.filters import both, conditions, dump, formulas, parse_sort
from dougong.engine.reading.paths import usable
from dougong.engine.reading.written import formula_of
from dougong.engine.tables import views as stored
from dougong.engine.unit import Unit
from dougong.metadata.model import ListColumn, ListView, Object
from dougong.web import queues
from dougong.web.list_state import ListState, View, parts_of

LONGEST_NAME = 60


_SAVED = (
    select(stored.c.id, stored.c.owner_id, stored.c.shared, stored.c.body)
    .where(stored.c.object == bindparam("object"), or_(stored.c.shared, stored.c.owner_id == bindparam("owner")))
    .order_by(stored.c.shared.desc(), stored.c.id)
)


def all_of(unit: Unit, obj: Object) -> list[View]:
    """The views that the actor may choose, in order: the metadata's, shared ones, their own. One statement.

    Of the metadata's those stand first that are the first ones for a role of theirs, then the default for everybody.

    Views are made for everybody: each has the columns and the order that the actor may see, and one whose conditions
    ask for what they may not see is not offered.
    """
    key = f"web.views {obj.name} {unit.access.rights_key}"
    declared = unit.runtime.prepared.get(key)
    if declared is None:
        declared = unit.runtime.prepared[key] = tuple(_offered(unit, obj, map(_declared, _ordered(obj))))
    declared = [each for each in declared if unit.access.is_one_of(_people(obj, each))]
    declared.sort(key=lambda each: not _is_first(unit, obj, each.name))
    saved = map(_saved, unit.connection.execute(_SAVED, {"object": obj.id, "owner": unit.actor.user_id}))
    return [*declared, *_of_queues(unit, obj, declared), *_offered(unit, obj, saved)] or [everything(unit, obj)]


def _of_queues(unit: Unit, obj: Object, declared: Sequence[View]) -> Iterator[View]:
    """What waits in each queue that the actor takes from, with the columns of the first view."""
    first = declared[0] if declared else everything(unit, obj)
    for each in queues.mine(unit, obj) if usable(unit.runtime.model, unit.access, obj, "owner") else ():
        waiting = (Condition("owner", "is", each.record),)
        yield View(f"{queues.VIEW}{each.name}", each.label, first.columns, waiting, first.sort)


def _people(obj: Object, view: View) -> tuple[str, ...]:
    return obj.list_views[view.name].shared_with


def _is_first(unit: Unit, obj: Object, name: str) -> bool:
    """Whether a view of the metadata is the first one for a role that the actor holds."""
    return name in obj.list_views and not unit.roles.isdisjoint(obj.list_views[name].default_for)


def _offered(unit: Unit, obj: Object, views: Iterable[View]) -> Iterator[View]:
    for view in views:
        if may_filter(unit, obj, both(*view.parts)):
            columns = tuple(each for each in view.columns if _seen(unit, obj, each.field))
            yield replace(view, columns=columns or everything(unit, obj).columns, sort=sortable(unit, obj, view.sort))


def _seen(unit: Unit, obj: Object, path: str) -> bool:
    return usable(unit.runtime.model, unit.access, obj, path) is not None


def may_filter(unit: Unit, obj: Object, where: Filter | None) -> bool:
    """Whether the actor may ask for all that the conditions look at."""
    for each in conditions(where):
        path = usable(unit.runtime.model, unit.access, obj, each.field)
        if path is None or (is_masked(path.field) and each.op not in (known.name for known in PRESENCE)):
            return False
    try:
        return all(formula_of(unit, obj, each.text) for each in formulas(where))
    except BadRequest:
        return False


def sortable(unit: Unit, obj: Object, sort: Iterable[Sort]) -> tuple[Sort, ...]:
    """An order without the fields that the actor may not sort by."""
    found = ((each, usable(unit.runtime.model, unit.access, obj, each.field)) for each in sort)
    return tuple(each for each, path in found if path is not None and not is_masked(path.field))


def chosen(unit: Unit, views: Sequence[View], name: str, obj: Object) -> View:
    """The view called `name`; without a name, the first one for a role of the actor's, else the default one.

    Raises:
        NotFound: there is no such view, or it is somebody else's.
    """
    if name:
        for view in views:
            if view.name == name:
                return view
        if name == "everything":
            return everything(unit, obj)
        raise NotFound(Problem(code="view-unknown", reason=msg("There is no such view."), thing=name))
    if _is_first(unit, obj, views[0].name):
        return views[0]
    default = next((each.name for each in obj.list_views.values() if each.default), None)
    return next((view for view in views if view.name == default), views[0])


def everything(unit: Unit, obj: Object) -> View:
    """The view of an object that has none: its title and the highlights that the actor may see, the newest first."""
    names = dict.fromkeys((obj.title, *(each for each in obj.highlights if _seen(unit, obj, each))))
    return View(
        name="everything", label={"en": "All", "zh-CN": "全部"}, columns=tuple(ListColumn(field=name) for name in names)
    )


def _ordered(obj: Object) -> Iterator[ListView]:
    yield from sorted(obj.list_views.values(), key=lambda each: not each.default)


def _declared(view: ListView) -> View:
    return View(
        name=view.name,
        label=view.label,
        columns=view.columns,
        parts=(*parts_of(view.filter), *([Written(view.when.source)] if view.when else ())),
        sort=parse_sort(view.sort),
    )


def _saved(row: Any) -> View:
    body: Mapping[str, Any] = row.body
    return View(
        name=row.id,
        label=body["label"],
        parts=parts_of(body.get("filter")),
        sort=parse_sort(body.get("sort", ())),
        columns=tuple(ListColumn(field=each["field"], total=each.get("total")) for each in body["columns"]),
        owner=row.owner_id or "",
        shared=bool(row.shared),
    )


def keep(unit: Unit, state: ListState, name: str, shared: bool) -> str:
    """Save a list as a view of the actor, and return the view's name.

    Raises:
        Rejected: the name is missing or too long.
    """
    body = {**body_of(state), "label": _label(unit, name)}
    row = {
        "id": record_id(),
        "object": state.object.id,
        "owner_id": unit.actor.user_id,
        "shared": shared,
        "body": body,
        "updated_at": unit.now,
    }
    unit.connection.execute(insert(stored), row)
    return str(row["id"])


def _label(unit: Unit, name: str) -> dict[str, str]:
    said = " ".join((clean_text(name) or "").split())
    if not said or len(said) > LONGEST_NAME:
        reason = msg("Give the view a name of at most {count} characters.", count=LONGEST_NAME)
        raise Rejected(Problem(code="view-name", reason=reason, place=Place(field="name")))
    return {unit.reading.language: said}


def change(unit: Unit, state: ListState) -> None:
    """Let one of the actor's own views say what the list says now."""
    _require_own(unit, state.view)
    body = {**body_of(state), "label": dict(state.view.label)}
    unit.connection.execute(update(stored).where(stored.c.id == state.view.name).values(body=body, updated_at=unit.now))


def forget(unit: Unit, view: View) -> None:
    """Delete one of the actor's own views."""
    _require_own(unit, view)
    unit.connection.execute(delete(stored).where(stored.c.id == view.name))


def _require_own(unit: Unit, view: View) -> None:
    if not is_record_id(view.name) or view.owner != unit.actor.user_id:
        raise NotFound(Problem(code="view-unknown", reason=msg("There is no such view."), thing=view.name))


def body_of(state: ListState) -> dict[str, Any]:
    """A list as a list_view document says it, but that its formulas stand in the filter."""
    return {
        "columns": [{"field": each.field, **({"total": each.total} if each.total else {})} for each in state.columns],
        "filter": dump(both(*state.parts)),
        "sort": [_sort(each) for each in state.sort],
    }


def _sort(each: Sort) -> dict[str, str]:
    return {"field": each.field, "dir": "desc" if each.descending else "asc"}
