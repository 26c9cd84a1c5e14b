"""Free text in a query: the records whose search tokens hold every phrase of it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, false, func, or_

from dougong.base.errors import BadRequest
from dougong.engine import tables
from dougong.engine.expressions import PHRASES, search_matches
from dougong.engine.fields.masked import is_masked
from dougong.engine.reading.paths import ResolvedPath
from dougong.engine.reading.prepared import prepared
from dougong.engine.reading.scope import Scope
from dougong.engine.search.documents import search_paths
from dougong.engine.search.tokens import fold, query_phrases, runs
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def search_key(unit: Unit, obj: Object, text: str) -> Hashable:
    """What of a search text its statement depends on: that there is one; the text where a search field is hidden."""
    if not text:
        return None
    if not query_phrases(text):
        return False
    hidden = prepared(unit.runtime, ("search", obj.name, unit.access.rights_key), lambda: _hides(unit, obj))
    return text if hidden else True


def search_parameters(text: str) -> dict[str, Any]:
    """The parameters of a statement with `search_condition`."""
    phrases = query_phrases(text)
    return {PHRASES: phrases} if phrases else {}


def _hides(unit: Unit, obj: Object) -> bool:
    scope = Scope(unit.runtime, unit.access, obj)
    return any(_readable(scope, name) is None for name in search_paths(obj))


def search_condition(scope: Scope, text: str) -> ColumnElement[bool]:
    """The condition that a record is found by `text`; false for a text without letters or digits.

    The tokens of a record are those of all its search fields. Where the actor may not read one of them, a hit
    must also stand in a field that they may read: else searching would tell what is hidden.
    """
    if not query_phrases(text):
        return false()
    found = scope.table.c.id.in_(search_matches(tables.search, scope.object.id))
    wanted = search_paths(scope.object)
    readable = [path for name in wanted if (path := _readable(scope, name)) is not None]
    if len(readable) == len(wanted):
        return found
    columns = [_shown(scope, path) for path in readable]
    held = [
        or_(false(), *(func.lower(each).contains(run, autoescape=True) for each in columns)) for run in runs(fold(text))
    ]
    return and_(found, *held)


def _readable(scope: Scope, name: str) -> ResolvedPath | None:
    try:
        found = scope.path(name)
    except BadRequest:
        return None
    return None if is_masked(found.field) else found


def _shown(scope: Scope, path: ResolvedPath) -> ColumnElement[Any]:
    """The text by which a field is found: a lookup's is the title of what it names."""
    if path.field.type.refers and path.field.type.stored and len(path.field.targets) == 1:
        title = scope.title((*path.steps, path.field))
        return title if title is not None else scope.parts(path)[0]
    return scope.parts(path)[0]
