"""Every field of every object that somebody may not read, at every outlet: it answers as if there were none.

Two people share the fields of package base and sales-core between them: what one reads is held back from the other.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dougong.base.errors import BadRequest, DougongError
from dougong.engine import revisions
from dougong.engine.access import Access
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Condition, Measure, Query, Sort, Summary
from dougong.engine.saving.batch import Create
from dougong.engine.transfer import mapping
from dougong.engine.transfer.exporting import every_field, write_csv
from dougong.engine.unit import Unit
from dougong.metadata.documents import from_bodies
from dougong.metadata.model import Field, Object
from dougong.web.api import openapi
from tests.companies import company_copy, person, sales  # noqa: F401

MISSING = "zz_no_such_field"

RIGHTS = dict.fromkeys(("create", "modify_all", "import", "export", "mass_edit"), True)

PEOPLE = ("even", "odd")


def divided(company: Company) -> dict[str, set[str]]:
    """Publish a role for each of two people; the fields (``object.field``) held back from each, by role."""
    model = company.runtime().model
    fields = [
        f"{obj.name}.{field.name}"
        for obj in model.objects.values()
        for field in obj.fields.values()
        if not field.system and field.name != obj.title
    ]
    held = {"even": set(fields[::2]), "odd": set(fields[1::2])}
    bodies: list[dict[str, Any]] = []
    for name in PEOPLE:
        label = {"en": name, "zh-CN": name}
        hidden = {each: {"read": False, "edit": False} for each in sorted(held[name])}
        bodies.append(
            {"kind": "permission_set", "name": name, "label": label, "objects": {"*": RIGHTS}, "fields": hidden}
        )
        bodies.append({"kind": "role", "name": name, "label": label, "permission_sets": [name]})
    with company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    publish(company, Publication(tree=tree.put(*from_bodies(bodies)), message="two people"))
    return held


def outlets(unit: Unit, obj: Object, name: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every way of asking for a field of an object by its name."""
    records = unit.records
    yield "column", lambda: records.query(Query(object=obj.name, columns=(name,)))
    yield "sort", lambda: records.query(Query(object=obj.name, sort=(Sort(name),)))
    yield "filter", lambda: records.query(Query(object=obj.name, where=Condition(name, "not_blank")))
    yield "count", lambda: records.count(Query(object=obj.name, where=Condition(name, "blank")))
    yield "group", lambda: records.summarise(Summary(object=obj.name, by=(name,)))
    for operation in ("sum", "max"):
        yield (
            operation,
            lambda operation=operation: records.summarise(  # type: ignore[misc]
                Summary(object=obj.name, measures=(Measure(operation, name),))
            ),
        )
    yield "file", lambda: write_csv(unit, Query(object=obj.name, columns=(name,)), io.BytesIO())
    parent = next(leading_to(unit, obj), None)
    if parent is not None:
        yield "parent", lambda: records.query(Query(object=parent[0], columns=(f"{parent[1]}.{name}",)))


def leading_to(unit: Unit, obj: Object) -> Iterator[tuple[str, str]]:
    """The lookups to an object that may be followed: (object, lookup)."""
    for child in unit.runtime.model.objects.values():
        for each in child.fields.values():
            known = each.type.refers and each.type.stored and each.targets == (obj.name,) and not each.system
            if known and unit.access.may_field("read", child, each):
                yield child.name, each.name


def told(ask: Callable[[], object]) -> str:
    """What an outlet says, without the hint at names that look alike; "" where it answers."""
    try:
        ask()
    except DougongError as error:
        return "\n".join(f"{each.code} {each.thing} {each.reason.to('en')}" for each in error.problems)
    return ""


def hidden_fields(model: Any, held: set[str]) -> Iterator[tuple[Object, Field]]:
    for obj in model.objects.values():
        for field in obj.fields.values():
            if f"{obj.name}.{field.name}" in held:
                yield obj, field


@pytest.mark.parametrize("who", PEOPLE)
def test_a_hidden_field_answers_like_one_that_is_not_there(sales: Company, who: str) -> None:  # noqa: F811
    """At every outlet that takes the name of a field; the very same sentence but for the hint at a similar name."""
    held = divided(sales)[who]
    actor: Actor = person(sales, who, who)
    sightings = []
    with sales.read(actor) as unit:
        for obj, field in hidden_fields(unit.runtime.model, held):
            missing = dict(outlets(unit, obj, MISSING))
            for what, ask in outlets(unit, obj, field.name):
                said, wanted = told(ask), told(missing[what]).replace(MISSING, field.name)
                if said != wanted or not said:
                    sightings.append((what, obj.name, field.name, said))
    assert not sightings, (len(sightings), sightings[:8])


@pytest.mark.parametrize("who", PEOPLE)
def test_hidden_fields_stand_in_no_list_of_fields(sales: Company, who: str) -> None:  # noqa: F811
    """Records, whole exports, the description of the API, hints at similar names."""
    held = divided(sales)[who]
    actor = person(sales, who, who)
    with sales.read(actor) as unit:
        described = openapi.make(unit)
        for obj in unit.runtime.model.objects.values():
            hidden = {each.partition(".")[2] for each in held if each.startswith(f"{obj.name}.")}
            assert not hidden & set(every_field(unit, obj.name)), obj.name
            with pytest.raises(BadRequest) as refused:
                unit.records.query(Query(object=obj.name, columns=(MISSING,)))
            hints = str(refused.value.problems[0].fix or "")
            assert not hidden & set(hints.replace(",", " ").replace(".", " ").split()), obj.name
            for name in described["components"]["schemas"]:
                if name.split("_write")[0].split(".")[0] == obj.name:
                    assert not hidden & set(described["components"]["schemas"][name].get("properties", {})), name


def test_formulas_and_rollups_over_hidden_fields_are_hidden(sales: Company) -> None:  # noqa: F811
    """What is computed from a field tells of it."""
    held = divided(sales)
    for who in PEOPLE:
        with sales.read(person(sales, who, who)) as unit:
            access: Access = unit.access
            for obj in unit.runtime.model.objects.values():
                for field in obj.fields.values():
                    read = {path[0] for path in field.formula.references} if field.formula is not None else set()
                    if any(f"{obj.name}.{name}" in held[who] for name in read):
                        assert not access.may_field("read", obj, field), field.address


@pytest.mark.parametrize("who", PEOPLE)
def test_hidden_fields_cannot_be_written_or_imported(sales: Company, who: str) -> None:  # noqa: F811
    """A hidden field in a form or a file is unknown; nothing is made."""
    held = divided(sales)[who]
    actor = person(sales, who, who)
    for obj, field in list(hidden_fields(sales.runtime().model, held)):
        if obj.rows == "metadata":
            continue
        with pytest.raises(DougongError) as refused:
            change = Create(obj.name, {field.name: None})
            sales.write(actor, lambda unit, change=change: unit.records.save([change]))  # type: ignore[misc]
        codes = {each.code for each in refused.value.problems if each.place.field == field.name}
        assert "field-unknown" in codes, (obj.name, field.name, codes)
    with sales.read(actor) as unit:
        obj = unit.runtime.model.objects["account"]
        header = ("name", *(each.partition(".")[2] for each in sorted(held) if each.startswith("account.")))
        made = mapping.plan(unit.runtime.model, unit.access, header, object_name="account", document=None, key=())
        names = {each for each in header[1:] if each in repr(getattr(made, "columns", ()))}
        assert not names
