"""The fields that formulas of steps read: what is made of them is for who may read them all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dougong.engine.unit import Unit
    from dougong.formulas import Formula
    from dougong.metadata.model import Model
    from dougong.metadata.steps import Step

NEVER_SEEN = frozenset({"id", "version"})
"""Fields of a record that tell nothing of it."""


def along(model: Model, object_name: str, path: Sequence[str]) -> Iterator[str]:
    """The fields (``object.name``) of a path, each of every object that it may be of."""
    here = {object_name}
    for name in path:
        found = {each: model.objects[each].fields[name] for each in sorted(here) if name in model.objects[each].fields}
        yield from (f"{each}.{name}" for each in found)
        here = {target for field in found.values() for target in field.targets if target in model.objects}


def of_formulas(model: Model, formulas: Iterable[Formula], object_name: str, around: str | None) -> Iterator[str]:
    """The fields that formulas over an object read; inside a loop also those of the record `around`."""
    for each in formulas:
        for path in each.references:
            yield from along(model, object_name, path)
        for path in each.variables:
            if path[0].lower() == "$record" and around is not None:
                yield from along(model, around, path[1:])


def of_step(model: Model, step: Step, object_name: str, around: str | None = None) -> frozenset[str]:
    """The fields that a step reads: by its formulas, the conditions of its ways, and the places of its template."""
    formulas = [*step.formulas.values(), *(each.when for each in step.branches)]
    found = set(of_formulas(model, formulas, object_name, around))
    template = model.workflows.templates.get(str(step.given.get("template", "")))
    for merge in template.merges() if template is not None else ():
        if merge.formula is not None:
            found.update(of_formulas(model, (merge.formula,), object_name, None))
        elif merge.path:
            found.update(along(model, object_name, merge.path.split(".")))
    return frozenset(found)


def of_objects(model: Model, names: Iterable[str]) -> frozenset[str]:
    """Every field of some objects."""
    known = [model.objects[name] for name in names if name in model.objects]
    return frozenset(f"{obj.name}.{field}" for obj in known for field in obj.fields)


def may_read(unit: Unit, reads: Collection[str], object_name: str | None) -> bool:
    """Whether the actor may read all of these fields whole; of another object than this one, of each of its records."""
    for each in reads:
        name, _, field = each.partition(".")
        if not may_read_field(unit, name, field) or (name != object_name and not may_read_every(unit, name)):
            return False
    return True


def may_read_field(unit: Unit, object_name: str, field: str) -> bool:
    """Whether the actor may read a field whole."""
    obj = unit.runtime.model.objects.get(object_name)
    if obj is None:
        return False
    found = obj.fields.get(field)
    return field in NEVER_SEEN or (found is not None and unit.access.may_field("read", obj, found))


def may_read_every(unit: Unit, object_name: str) -> bool:
    """Whether the actor may read every record of an object."""
    obj = unit.runtime.model.objects.get(object_name)
    if obj is None or not unit.access.may("read", obj):
        return False
    return unit.access.visible("read", obj, unit.runtime.storage.tables[object_name].table) is None
