"""`loop`: steps for each record that belongs to the record, no more than stated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from sqlalchemy import select

from dougong.base.errors import Problem, Rejected
from dougong.base.language import msg
from dougong.base.step_types import StepFormula, StepType
from dougong.engine.dialects.among import among
from dougong.workflows.steps.doing import Doing, Each
from dougong.workflows.steps.evaluating import Evaluating
from dougong.workflows.steps.keys import FORMULA, RELATION

MOST, USUAL = 1000, 100
"""How many records of one a loop may go over, and how many where it does not say."""


class Loop(StepType):
    """Steps for each related record."""

    name = "loop"
    label = msg("For each related record")
    holds: ClassVar[Literal["nothing", "branches", "steps"]] = "steps"
    keys: ClassVar[Mapping[str, Any]] = {
        "over": {
            **RELATION, "description": "Whose: child.field, the field that leads here.", "x-zh-CN": "子对象.关联字段。",
        },
        "where": {
            **FORMULA, "description": "True for those that count; $Record is the record around.",
            "x-zh-CN": "筛选条件；$Record 为外层记录。",
        },
        "most": {
            "type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL,
            "description": "How many at most; a record with more fails here, with nothing done.",
            "x-zh-CN": "最多处理的条数；超过则该记录在此失败，不作任何处理。",
        },
    }  # fmt: skip
    required_keys = ("over",)

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """Which ones count."""
        if "where" in given:
            yield StepFormula("/where", str(given["where"]), "boolean", self.inner_object(given, object_name))

    def references(self, given: Mapping[str, Any], object_name: str) -> Iterator[tuple[str, str]]:
        """The field that leads here."""
        yield "/over", f"field:{given.get('over')}"

    def inner_object(self, given: Mapping[str, Any], object_name: str) -> str:
        """The child."""
        return str(given.get("over", "")).partition(".")[0]

    def run(self, doing: Doing) -> Each:
        """Find the records.

        Raises:
            Rejected: a record has more than the loop may go over.
        """
        members = related(doing, str(doing.step.given["over"]), "/where")
        most = int(doing.step.given.get("most", USUAL))
        for id, found in members.items():
            if len(found) > most:
                reason = msg("There are {n} records to go over, more than {most}.", n=len(found), most=most)
                fix = msg("Raise most, or narrow where.")
                raise Rejected(Problem(code="loop-too-long", reason=reason, fix=fix, thing=f"{doing.object}:{id}"))
        return Each(self.inner_object(doing.step.given, doing.object), members)


def related(doing: Doing, over: str, where: str) -> dict[str, list[str]]:
    """By record, the live records of the relation `over` (``child.field``) that the step's formula at `where` takes."""
    child, _, field = over.partition(".")
    table = doing.unit.runtime.storage.tables[child]
    lead = table.parts[field][0]
    wanted = select(lead, table.table.c.id).where(among(lead, "ids"), table.table.c.deleted_at.is_(None))
    rows = doing.unit.connection.execute(wanted.order_by(table.table.c.id), {"ids": list(doing.ids)}).all()
    formula = doing.step.formulas.get(where)
    around = {str(id): str(owner) for owner, id in rows}
    found: dict[str, list[str]] = {id: [] for id in doing.ids}
    kept = list(around)
    if formula is not None and kept:
        inner = Evaluating(replace(doing, object=child, ids=kept, around=around, around_object=doing.object))
        inner.load((formula,))
        kept = [id for id in kept if inner.holds(formula, id)]
    for id in kept:
        found[around[id]].append(id)
    return found
