"""Free text in a query: the records whose search tokens hold every phrase of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, false

from dougong.engine import tables
from dougong.engine.expressions import search_matches
from dougong.engine.search.tokens import query_phrases
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def search_condition(unit: Unit, obj: Object, record_id: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """The condition that a record of `obj` is found by `text`; false for a text without letters or digits."""
    phrases = query_phrases(text)
    if not phrases:
        return false()
    return record_id.in_(search_matches(tables.search, obj.id, phrases))
