"""Every list the packages define compiles and runs on both databases."""

from __future__ import annotations

from typing import Any

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query, Summary
from dougong.engine.reading.filters import parse, parse_sort


def test_every_list_view_of_the_packages_runs(sales: Company) -> None:
    with sales.read(SYSTEM) as unit:
        for obj in unit.runtime.model.objects.values():
            for view in obj.list_views.values():
                query = Query(
                    object=obj.name,
                    columns=tuple(column.field for column in view.columns),
                    where=parse(_plain(view.filter)),
                    sort=parse_sort(view.sort),
                )
                found = unit.records.query(query).rows
                queues = len(unit.runtime.model.rights.queues) if obj.name == "user" else 0
                assert len(found) in (0, queues), "queues, which are users, are all that is there"
                assert unit.records.count(query, cap=1000).number == len(found)
                totals = [(column.total, column.field) for column in view.columns if column.total]
                if totals:
                    assert len(unit.records.totals(query, totals)) == len(totals)
            for name, field in obj.fields.items():
                unit.records.query(Query(object=obj.name, columns=(name,)))
                if field.type.sortable and field.type.stored:
                    unit.records.query(Query(object=obj.name, sort=parse_sort([f"-{name}"])))
            unit.records.summarise(Summary(object=obj.name, by=("created_at:month",)))


def _plain(value: Any) -> Any:
    if hasattr(value, "items"):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
