"""Every formula of a tree, compiled to see whether it means something."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dougong.base.errors import FormulaError, Problem
from dougong.base.language import msg
from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.formulas.tree import Literal
from dougong.metadata.building.fields import yields
from dougong.metadata.building.rules import is_copied
from dougong.metadata.checking.report import Spot, enumerated, need_value, spots
from dougong.metadata.component import PLATFORM
from dougong.metadata.index import Index
from dougong.metadata.layers import ALWAYS
from dougong.metadata.scope import FieldScope

Check = Callable[[Formula], Iterator[Problem]]


def formulas(index: Index) -> Iterator[Problem]:
    """What is wrong with any formula."""
    for part in (_fields, _objects, _record_types, _paths, _validation_rules, _layouts, _conversions, _actions):
        yield from part(index)


def tried(spot: Spot, text: Any, scope: FieldScope, result: str | None) -> Iterator[Problem | Formula]:
    """What is wrong with a formula, and the formula; nothing where the key is not there, or its object.

    A formula follows its warnings: what it asks is possible and probably not meant. After errors none follows.
    """
    if not isinstance(text, str) or scope.object not in scope.index.fields:
        return
    try:
        formula = compile_formula(text, scope, result)
    except FormulaError as error:
        yield from placed(spot, text, error.problems)
        return
    yield from placed(spot, text, formula.warnings)
    yield formula


def switch(spot: Spot, body: Mapping[str, Any], object_name: str, when: str = "when") -> Iterator[Problem]:
    """What is wrong with `active` of a component: it asks settings alone; `when` is where it asks for fields."""
    for found in tried(spot / "active", body.get("active"), FieldScope(spot.index, object_name), "boolean"):
        if isinstance(found, Problem):
            yield found
        elif any(not path[0].startswith("$") for path in found.references):
            reason = msg("What switches this on is the same for every record, so it reads no field.")
            yield (spot / "active").problem("rule-active-field", reason, msg("Ask for fields under {key}.", key=when))


def placed(spot: Spot, text: str, found: Iterable[Problem]) -> Iterator[Problem]:
    """What was `found` in the formula `text` that stands at `spot`, each problem at its character."""
    for each in found:
        at = _offset(text, each.place.line or 1, each.place.column or 1)
        yield dataclasses.replace(spot.problem(each.code, each.reason, each.fix, character=at), severity=each.severity)


def _offset(text: str, line: int, column: int) -> int:
    """The character of `text` at a line and column counted from 1."""
    return sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1


def _problems(spot: Spot, text: Any, scope: FieldScope, result: str | None) -> Iterator[Problem]:
    for found in tried(spot, text, scope, result):
        if isinstance(found, Problem):
            yield found


def filling(spot: Spot, scope: FieldScope, object_name: str, field: str, text: Any) -> Iterator[Problem]:
    """A formula that fills `field` of `object_name`: right type, and a picklist's value where it is a plain text."""
    facts = scope.index.field(object_name, field)
    if facts is None or facts.type is None:
        return
    for found in tried(spot, text, scope, yields(scope.index, facts)):
        if isinstance(found, Problem):
            yield found
        elif isinstance(found.tree, Literal) and isinstance(found.tree.value, str):
            yield from need_value(spot, facts, found.tree.value)


def stored_condition(spot: Spot, text: Any, scope: FieldScope, counted: bool = False) -> Iterator[Problem]:
    """A condition that the database evaluates for many records at once; `counted`, for a value that is kept."""
    for found in tried(spot, text, scope, "boolean"):
        if isinstance(found, Problem):
            yield found
        elif found.save_only:
            reason = msg("This condition is not asked while a record is saved, so it cannot look at what changed.")
            yield spot.problem("formula-save-only", reason)
        elif counted and found.uses_calendar:
            reason = msg("A roll-up is kept, so it cannot depend on the calendar, which changes without the record.")
            yield spot.problem("formula-not-countable", reason, msg("Use fields of the record and its parents."))


def _fields(index: Index) -> Iterator[Problem]:
    for spot, body in spots(index, "field"):
        name = spot.component.object or ""
        facts = index.fields.get(name, {}).get(spot.component.own_name)
        if facts is None or spot.component.layer == PLATFORM:
            continue
        scope = FieldScope(index, name)
        yield from filling(spot / "default", scope, name, facts.name, body.get("default"))
        compute = body.get("compute", {})
        yield from filling(spot / "compute" / "formula", scope, name, facts.name, compute.get("formula"))
        yield from _problems(spot / "compute" / "when", compute.get("when"), scope, "boolean")
        yield from _compute_mode(spot, compute)
        yield from _kept(spot / "formula", index.code(facts), scope, facts.name)
        if facts.targets and isinstance(body.get("filter"), str):
            yield from stored_condition(
                spot / "filter", body["filter"], FieldScope(index, facts.targets[0], record=name)
            )
        source = index.rollup_source(facts)
        if source is not None and isinstance(body.get("where"), str):
            yield from stored_condition(spot / "where", body["where"], FieldScope(index, source.object), counted=True)


def _compute_mode(spot: Spot, compute: Mapping[str, Any]) -> Iterator[Problem]:
    if compute.get("mode") == "when" and "when" not in compute:
        reason = msg("The mode when needs a condition.")
        yield (spot / "compute").problem("compute-when-missing", reason, msg("Add the key when with a formula."))
    if "when" in compute and compute.get("mode") != "when":
        reason = msg("A condition is used in the mode when alone.")
        yield (spot / "compute" / "when").problem("compute-when-unused", reason, msg('Set the mode to "when".'))


def _objects(index: Index) -> Iterator[Problem]:
    for spot, body in spots(index, "object"):
        scope = FieldScope(index, spot.component.name)
        title = body.get("title", {})
        yield from _kept(spot / "title" / "template", title.get("template"), scope, title.get("field"))
        freeze = body.get("currency", {}).get("freeze_when")
        yield from _problems(spot / "currency" / "freeze_when", freeze, scope, "boolean")
        for key, rule in body.get("retention", {}).items():
            yield from _problems(spot / "retention" / key / "when", rule.get("when"), scope, "boolean")


def _kept(spot: Spot, text: Any, scope: FieldScope, field: Any) -> Iterator[Problem]:
    """A text that is stored may not depend on the clock, nor on who looks; nor on itself."""
    for found in tried(spot, text, scope, "text"):
        if isinstance(found, Problem):
            yield found
        elif found.uses_clock or found.uses_user or found.save_only:
            reason = msg("This text is kept, so it cannot depend on the time, on who reads it or on what changed.")
            yield spot.problem("text-fleeting", reason, msg("Use fields of the record and its parents."))
        elif found.uses_calendar:
            reason = msg("This text is kept, so it cannot depend on the calendar, which changes without the record.")
            yield spot.problem("text-fleeting", reason, msg("Use fields of the record and its parents."))
        elif (field,) in found.references:
            yield spot.problem("text-circle", msg("The text would be made of itself."), msg("Use other fields."))


def _record_types(index: Index) -> Iterator[Problem]:
    for spot, body in spots(index, "record_type"):
        name = spot.component.object or ""
        for field, text in body.get("defaults", {}).items():
            yield from filling(spot / "defaults" / field, FieldScope(index, name), name, field, text)


def _paths(index: Index) -> Iterator[Problem]:
    for spot, body in spots(index, "path"):
        scope = FieldScope(index, spot.component.object or "")
        for below, stage in enumerated(spot, "stages", body):
            for where, gate in enumerated(below, "gate", stage):
                yield from _problems(where / "when", gate.get("when"), scope, "boolean")


def _validation_rules(index: Index) -> Iterator[Problem]:
    for spot, body in spots(index, "validation_rule"):
        scope = FieldScope(index, spot.component.object or "")
        yield from _problems(spot / "when", body.get("when"), scope, "boolean")
        yield from switch(spot, body, scope.object)


CONDITIONS = ("visible_when", "required_when", "read_only_when")
"""The conditions of a place in a layout."""


def _layouts(index: Index) -> Iterator[Problem]:
    for spot, body in spots(index, "layout"):
        scope = FieldScope(index, spot.component.object or "")
        for tab_spot, tab in enumerated(spot, "tabs", body):
            yield from _conditions(tab_spot, scope, tab)
            for section_spot, section in enumerated(tab_spot, "sections", tab):
                yield from _conditions(section_spot, scope, section)
                yield from _of_lines(section_spot, index, section)
                for below, item in enumerated(section_spot, "items", section):
                    yield from _conditions(below, scope, item)
                    if "." in str(item.get("field")):
                        yield from _not_of_parents(below, item)


def _of_lines(spot: Spot, index: Index, section: Mapping[str, Any]) -> Iterator[Problem]:
    """The conditions of columns are asked of each line."""
    if isinstance(section.get("columns"), list):
        child = FieldScope(index, str(section.get("lines", "")).partition(".")[0])
        for below, column in enumerated(spot, "columns", section):
            yield from _conditions(below, child, column)


def _conditions(spot: Spot, scope: FieldScope, body: Mapping[str, Any]) -> Iterator[Problem]:
    for key in CONDITIONS:
        for found in tried(spot / key, body.get(key), scope, "boolean"):
            if isinstance(found, Problem):
                yield found
            elif found.save_only:
                reason = msg("A layout is shown before anything is saved, so it cannot look at what changed.")
                yield (spot / key).problem("layout-save-only", reason, msg("Use a validation rule."))


def _not_of_parents(spot: Spot, item: Mapping[str, Any]) -> Iterator[Problem]:
    for key in CONDITIONS[1:]:
        if key in item:
            reason = msg("{field} is a field of another record: it is shown here, not edited.", field=item["field"])
            yield (spot / key).problem("layout-of-parent", reason, msg("Take the key out."))


def _conversions(index: Index) -> Iterator[Problem]:
    for spot, body in spots(index, "conversion"):
        name = spot.component.object or ""
        scope = FieldScope(index, name)
        yield from _problems(spot / "when", body.get("when"), scope, "boolean")
        for field, text in body.get("after", {}).get("set", {}).items():
            yield from filling(spot / "after" / "set" / field, scope, name, field, text)
        for below, target in enumerated(spot, "into", body):
            yield from _mapped(below, scope, str(target.get("object")), target)
            for where, each in enumerated(below, "children", target):
                child = FieldScope(index, str(each.get("from", "")).partition(".")[0])
                yield from _mapped(where, child, str(each.get("into", "")).partition(".")[0], each)


def _mapped(spot: Spot, scope: FieldScope, target: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    for field, text in body.get("map", {}).items():
        if not is_copied(scope.index, scope.object, text):
            yield from filling(spot / "map" / field, scope, target, field, text)
            continue
        ours, theirs = scope.index.field(target, field), scope.index.field(scope.object, text.strip())
        if ours is not None and theirs is not None and ours.type is not theirs.type:
            reason = msg("{field} cannot take over {source}: they are of different types.", field=field, source=text)
            yield (spot / "map" / field).problem("copy-types", reason)


def _actions(index: Index) -> Iterator[Problem]:
    for spot, body in spots(index, "action"):
        own, does = spot.component.object, body.get("does", {})
        create, edit = does.get("create", {}), does.get("edit", {})
        objects = [own] if own is not None else list(index.fields)[:1]
        for name in objects:
            scope = FieldScope(index, name) if own is not None else SystemScope(index, name)
            for field, text in create.get("prefill", {}).items():
                yield from filling(
                    spot / "does" / "create" / "prefill" / field, scope, str(create.get("object")), field, text
                )
            for field, text in edit.get("set", {}).items():
                yield from filling(spot / "does" / "edit" / "set" / field, scope, name, field, text)
            yield from stored_condition(spot / "visible_when", body.get("visible_when"), scope)


class SystemScope(FieldScope):
    """The names that every record has: what an action of no object may use."""

    def resolve(self, path: tuple[str, ...]) -> Any:
        """As `FieldScope`, but system fields and variables alone."""
        return super().resolve(path) if path[0].startswith("$") or path[0].lower() in ALWAYS else None

    def names(self) -> Iterator[str]:
        """The system fields."""
        yield from sorted(ALWAYS)
