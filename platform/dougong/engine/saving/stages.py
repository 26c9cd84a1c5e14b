"""Paths: what a record must have in a stage, and where it may go from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dougong.base.errors import Place, Problem
from dougong.base.language import Labels, msg
from dougong.engine.saving.expressions import formula_needs
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.related import Needs
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.metadata.model import Field, Gate, Path, Stage

CONVERTING = "saving.converting"
"""Under this key `Unit.memory` holds the (object, id) of the record that a conversion is carried out on."""


def paths_of(plan: ObjectPlan) -> tuple[tuple[Path, ...], Needs]:
    """The paths of an object, and what their gates look at."""
    paths = tuple(plan.object.paths.values())
    gates = [gate.when for path in paths for stage in path.stages.values() for gate in stage.gates]
    return paths, formula_needs(plan, gates)


def late_fields(plan: ObjectPlan) -> frozenset[str]:
    """The roll-ups of an object and what follows from them: known only after other records are written."""
    fields = plan.object.fields.values()
    late = {each.name for each in fields if each.type.name == "rollup" and not each.type.virtual}
    grown = True
    while late and grown:
        grown = False
        for fill in plan.object.fills.values():
            if any(path[0] in late for path in fill.reads()) and not late.issuperset(fill.fields):
                late.update(fill.fields)
                grown = True
        for each in fields:
            if each.compute is None or each.name in late:
                continue
            formulas = [each.compute.formula, *([each.compute.when] if each.compute.when else [])]
            if any(path[0] in late for formula in formulas for path in formula.references):
                late.add(each.name)
                grown = True
    return frozenset(late)


def path_for(plan: ObjectPlan, record_type: str | None) -> Path | None:
    """The path of a record: the one that its record type names, else the first that is for the type or for all."""
    obj = plan.object
    chosen = obj.record_types.get(record_type or "")
    if chosen is not None and chosen.path:
        named = obj.paths.get(chosen.path) or obj.paths.get(chosen.path.partition(".")[2])
        if named is not None:
            return named
    paths = plan.part(paths_of)[0]
    own = next((each for each in paths if record_type and record_type in each.record_types), None)
    return own or next((each for each in paths if not each.record_types), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a stage asks for: fields that must be filled in, gates that must not hold."""

    required: tuple[Field, ...]
    gates: tuple[Gate, ...]

    @property
    def any(self) -> bool:
        """Whether the stage asks for anything."""
        return bool(self.required or self.gates)


def asked_of(plan: ObjectPlan) -> Mapping[tuple[str, str, bool], Asked]:
    """What stages ask for, by path, value, and whether it is judged after the roll-ups: it reads what follows these."""
    late, fields = plan.part(late_fields), plan.object.fields
    return {
        (path.name, stage.value, after): Asked(
            tuple(fields[name] for name in stage.required if name in fields and (name in late) == after),
            tuple(each for each in stage.gates if any(read[0] in late for read in each.when.references) == after),
        )
        for path in plan.object.paths.values()
        for stage in path.stages.values()
        for after in (False, True)
    }


def silent_of(plan: ObjectPlan) -> Mapping[bool, frozenset[tuple[str, str | None]]]:
    """Paths and stages that ask for nothing, by whether it would be judged after the roll-ups."""
    asked = plan.part(asked_of)
    return {
        after: frozenset((path, stage) for (path, stage, at), each in asked.items() if at == after and not each.any)
        for after in (False, True)
    }


def check(batch: Batch, rows: Iterable[Row], why: str, after: bool = False) -> None:
    """Note what `rows` miss for the stage that they are in or enter, and steps that their path does not allow.

    What reads roll-ups is judged `after` they are computed, the rest before anything is written.

    A path guides people. A record that an import makes stands in its stage already, so what is missing there is a
    warning; what moves later, and by whomever, is held to the path. What takes changes back restores what was. The
    record that a conversion is carried out on may take any step: its stage follows from the conversion, whose own
    `when` says from where it is open. What its new stage requires and what its gates ask for is held to.
    """
    if batch.reverting:
        return
    for plan, group in grouped(row for row in rows if row.plan.object.paths):
        paths, needs = plan.part(paths_of)
        if needs:
            field_names = {path.field for path in paths}
            moved = [row.values for row in group if any(row.differs(name) for name in field_names)]
            batch.expressions.follow(moved, needs)
        silent = plan.part(silent_of)[after]
        by_type = {name: path_for(plan, name) for name in {row.values.get("record_type") for row in group}}
        for row in group:
            path = by_type[row.values.get("record_type")]
            if path is None or ((after or row.new) and (path.name, row.values.get(path.field)) in silent):
                continue
            before = len(row.problems)
            _check(batch, row, path, row.why or why, after)
            if row.new and batch.unit.actor.channel == "import":
                row.warnings += (replace(each, severity="warning") for each in row.problems[before:])
                del row.problems[before:]


def _check(batch: Batch, row: Row, path: Path, why: str, after: bool) -> None:
    stage = path.stages.get(row.values.get(path.field) or "")
    if stage is None:
        return
    moved = row.differs(path.field)
    if moved and not (row.new or after) and batch.unit.memory.get(CONVERTING) != (row.plan.name, row.id):
        _check_step(row, path, stage, why)
    asked = row.plan.part(asked_of)[path.name, stage.value, after]
    if asked.required and (moved or any(row.differs(name) for name in stage.required)):
        _check_required(row, path, stage, asked.required)
    if moved:
        for gate in asked.gates:
            if batch.expressions.holds(gate.when, row):
                row.problems.append(_gate(row, path, gate.key, gate.message))


def _gate(row: Row, path: Path, key: str, message: Labels) -> Problem:
    return Problem(
        code="stage-gate",
        reason=msg("{message}", message=message),
        thing=f"path:{path.object}.{path.name}#{key}",
        place=Place(field=path.field, row=row.number or None),
    )


def _check_required(row: Row, path: Path, stage: Stage, fields: Iterable[Field]) -> None:
    for field in fields:
        if is_blank(row.values.get(field.name)):
            called = label_of(row, path, stage.value)
            reason = msg("{label} is needed in stage {stage}.", label=field.label, stage=called)
            row.refuse("stage-required", reason, at=field.name)


def _check_step(row: Row, path: Path, stage: Stage, why: str) -> None:
    old = path.stages.get(row.before.get(path.field) or "")
    if old is None:
        return
    order = list(path.stages)
    names = {"old": label_of(row, path, old.value), "new": label_of(row, path, stage.value)}
    if order.index(stage.value) < order.index(old.value):
        if old.back == "no":
            row.refuse("stage-back", msg("There is no way back from stage {old}.", **names), at=path.field)
        elif old.back == "with_reason" and not why.strip():
            reason = msg("Going back from stage {old} to {new} needs a reason.", **names)
            row.refuse("reason-missing", reason, msg("Say why."), at=path.field)
    elif old.next is not None and stage.value not in old.next:
        row.refuse("stage-step", msg("Stage {new} cannot follow {old}.", **names), at=path.field)


def label_of(row: Row, path: Path, value: str) -> Any:
    """What a stage is called."""
    picklist = row.plan.object.fields[path.field].picklist
    found = picklist.values.get(value) if picklist else None
    return found.label if found else value


def is_blank(value: Any) -> bool:
    """True for what a person would call not filled in."""
    return value is None or value == "" or value == ()
