"""`find`: for each record one that is there already, by the values of some of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import select

from dougong.base.errors import Problem, Rejected
from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.base.step_types import StepFormula, StepType
from dougong.engine.dialects.among import among
from dougong.engine.saving.plan import plan_of
from dougong.workflows.steps.doing import BY_RECORD, Doing
from dougong.workflows.steps.evaluating import Evaluating, below
from dougong.workflows.steps.keys import FORMULAS, NAME


class FindRecord(StepType):
    """A record that is there is found; later steps name it ``$Steps.<key>``, which is blank where there is none."""

    name = "find"
    label = msg("Find a record")
    keys: ClassVar[Mapping[str, Any]] = {
        "object": {**NAME, "description": "What is looked for.", "x-zh-CN": "查找的对象。"},
        "match": {
            **FORMULAS, "description": "The fields that must agree, as formulas; the oldest that does is taken.",
            "x-zh-CN": "必须一致的字段（公式）；多条时取最早的一条。",
        },
    }  # fmt: skip
    required_keys = ("object", "match")

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """What must agree."""
        for field, text in given.get("match", {}).items():
            yield StepFormula(f"/match/{field}", str(text), fills=(str(given.get("object")), field))

    def references(self, given: Mapping[str, Any], object_name: str) -> Iterator[tuple[str, str]]:
        """The object that is looked for."""
        yield "/object", f"object:{given.get('object')}"

    def run(self, doing: Doing) -> dict[str, Any]:
        """Find one for each in one statement, by the first field; the others are compared."""
        target = str(doing.step.given["object"])
        wanted = Evaluating(doing).filled(below(doing.step.formulas, "/match"), target, doing.ids)
        names = list(doing.step.given["match"])
        rows = _rows(doing, target, names, [bare(each[names[0]]) for each in wanted.values()])
        found: dict[tuple[Any, ...], str] = {}
        for id, *values in rows:
            found.setdefault(tuple(map(bare, values)), id)
        keys = {id: tuple(bare(each[name]) for name in names) for id, each in wanted.items()}
        made = {id: found[key] for id, key in keys.items() if key in found and None not in key}
        return {"found": len(made), "object": target, BY_RECORD: made}


def _rows(doing: Doing, target: str, names: Sequence[str], first: Sequence[Any]) -> Iterator[list[Any]]:
    """The live records of `target` whose first field is one of `first`: id and the fields."""
    plan = plan_of(doing.unit.runtime, target)
    unfit = next((name for name in names if name not in plan.slots), None)
    if unfit is not None:
        reason = msg("{field} is not kept with the record, so nothing can be found by it.", field=unfit)
        raise Rejected(Problem(code="find-unfit", thing=f"field:{target}.{unfit}", reason=reason))
    slots = [plan.slots[name] for name in names]
    columns = [plan.table.c[key] for slot in slots for key in slot.keys]
    statement = select(plan.table.c.id, *columns).where(
        among(plan.table.c[slots[0].keys[0]], "first"), plan.table.c.deleted_at.is_(None)
    )
    given = sorted({slots[0].field.type.to_row(slots[0].field, each)[0] for each in first if each is not None}, key=str)
    for row in doing.unit.connection.execute(statement.order_by(plan.table.c.id), {"first": given}):
        values, at = [], 1
        for slot in slots:
            values.append(slot.field.type.from_row(slot.field, row[at : at + len(slot.keys)]))
            at += len(slot.keys)
        yield [str(row[0]), *values]


def bare(value: Any) -> Any:
    """A value to compare by: of a reference its id."""
    return value.id if isinstance(value, Reference) else value
