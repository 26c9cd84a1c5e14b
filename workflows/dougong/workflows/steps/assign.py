"""`assign`: the record gets an owner, by the first rule whose condition holds; the rule stands in its history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import func, select

from dougong.base.language import msg
from dougong.base.step_types import StepFormula, StepType, StepWrite
from dougong.engine.dialects.statements import upsert
from dougong.engine.entering import entering
from dougong.engine.saving.batch import Update
from dougong.workflows.automations.tables import turns
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating
from dougong.workflows.steps.keys import FORMULA, NAME
from dougong.workflows.steps.people import PEOPLE, group, references_to

RULE: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "key": {**NAME, "description": "Name of the rule.", "x-zh-CN": "规则名称。"},
        "when": {**FORMULA, "description": "True for the records it is for.", "x-zh-CN": "适用的记录条件。"},
        "to": {**PEOPLE, "description": "Among whom one is chosen.", "x-zh-CN": "在哪些人员中选择。"},
        "pick": {
            "enum": ["round_robin", "least_loaded"], "default": "round_robin",
            "description": "In turn, or who has the fewest records of the object.",
            "x-zh-CN": "轮流，或名下记录最少者。",
        },
        "queue": {**NAME, "description": "The queue that it goes into.", "x-zh-CN": "放入的队列。"},
    },
    "required": ["key"],
    "oneOf": [{"required": ["to"]}, {"required": ["queue"]}],
    "additionalProperties": False,
    "description": "A rule: to people, or into a queue.", "x-zh-CN": "一条规则：分给人员，或放入队列。",
}  # fmt: skip


class Assign(StepType):
    """The record gets an owner; where no rule holds, or nobody is there, it keeps the one it has."""

    name = "assign"
    label = msg("Assign an owner")
    keys: ClassVar[Mapping[str, Any]] = {
        "rules": {
            "type": "array", "items": RULE, "minItems": 1, "maxItems": 100,
            "description": "Rules in order; the first that holds decides.",
            "x-zh-CN": "依次判断的规则，取第一条满足的。",
        }
    }  # fmt: skip
    required_keys = ("rules",)

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """Conditions, and fields that name people."""
        for at, rule in enumerate(given.get("rules", ())):
            if "when" in rule:
                yield StepFormula(f"/rules/{at}/when", str(rule["when"]), "boolean")
            for number, each in enumerate(rule.get("to", ())):
                if each.startswith("field:"):
                    yield StepFormula(f"/rules/{at}/to/{number}", each.removeprefix("field:"))

    def references(self, given: Mapping[str, Any], object_name: str) -> Iterator[tuple[str, str]]:
        """Roles and queues."""
        for at, rule in enumerate(given.get("rules", ())):
            yield from ((f"/rules/{at}{pointer}", address) for pointer, address in references_to(rule))
            if "queue" in rule:
                yield f"/rules/{at}/queue", f"queue:{rule['queue']}"

    def writes(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepWrite]:
        """The owner is set."""
        yield StepWrite("change", object_name, frozenset({"owner"}))

    def run(self, doing: Doing) -> dict[str, Any]:
        """Find an owner for each, and save them all in one save."""
        evaluating = Evaluating(doing)
        evaluating.load(doing.step.formulas.values())
        chosen: dict[str, tuple[str, str]] = {}
        for at, rule in enumerate(doing.step.given["rules"]):
            condition = doing.step.formulas.get(f"/rules/{at}/when")
            left = [id for id in doing.ids if id not in chosen]
            meant = [id for id in left if condition is None or evaluating.holds(condition, id)]
            owners = _owners(doing, evaluating, at, rule, meant)
            chosen.update((id, (rule["key"], owner)) for id, owner in owners.items())
        language = doing.unit.company.language
        reasons = {key: msg("Assigned by the rule {rule}", rule=key).to(language) for key, _ in chosen.values()}
        changes = [Update(doing.object, id, {"owner": to}, why=reasons[key]) for id, (key, to) in chosen.items()]
        if changes:
            doing.unit.records.save(changes)
        return {"assigned": len(chosen), "rules": {id: key for id, (key, _) in chosen.items()}}


def _owners(
    doing: Doing, evaluating: Evaluating, at: int, rule: Mapping[str, Any], ids: Sequence[str]
) -> dict[str, str]:
    """An owner for each of `ids`, as far as the rule finds somebody."""
    if not ids:
        return {}
    if "queue" in rule:
        queue = doing.unit.runtime.model.rights.queues[rule["queue"]]
        return dict.fromkeys(ids, queue.record)
    shared = [each for one in rule["to"] if not one.startswith("field:") for each in _named(doing, one)]
    fields = [each for name, each in doing.step.formulas.items() if name.startswith(f"/rules/{at}/to/")]
    own = {id: [str(found) for each in fields if (found := evaluating.text(each, id))] for id in ids}
    there = _there(doing, {*shared, *(each for found in own.values() for each in found)})
    candidates = {id: [each for each in dict.fromkeys((*own[id], *shared)) if each in there] for id in ids}
    least = rule.get("pick", "round_robin") == "least_loaded"
    return (_least if least else _in_turn)(doing, rule["key"], candidates)


def _named(doing: Doing, name: str) -> Sequence[str]:
    return doing.people.get(name, ()) if name in ("initiator", "approvers") else group(doing.unit, name)


def _there(doing: Doing, people: set[str]) -> set[str]:
    """Those of `people` who may sign in."""
    users = doing.unit.runtime.storage.tables["user"]
    here = (users.table.c.id.in_(sorted(people)), users.table.c.deleted_at.is_(None), entering(users))
    return set(map(str, doing.unit.connection.scalars(select(users.table.c.id).where(*here)))) if people else set()


def _in_turn(doing: Doing, key: str, candidates: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """After whom it was last time comes the next by id; the turn is locked until the transaction ends."""
    unit, rule = doing.unit, f"{doing.name}/{doing.step.key}/{key}"
    last = str(unit.connection.scalar(select(turns.c.user_id).where(turns.c.rule == rule).with_for_update()) or "")
    found: dict[str, str] = {}
    for id, people in candidates.items():
        if people:
            ordered = sorted(people)
            last = found[id] = next((each for each in ordered if each > last), ordered[0])
    if found:
        statement = upsert(unit.connection.dialect.name, turns).values(rule=rule, user_id=last)
        unit.connection.execute(statement.on_conflict_do_update(index_elements=["rule"], set_={"user_id": last}))
    return found


def _least(doing: Doing, key: str, candidates: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Who has the fewest live records of the object, those given now counted."""
    table = doing.unit.runtime.storage.tables[doing.object].table
    people = sorted({each for found in candidates.values() for each in found})
    counted = select(table.c.owner_id, func.count()).where(table.c.owner_id.in_(people), table.c.deleted_at.is_(None))
    rows = doing.unit.connection.execute(counted.group_by(table.c.owner_id)) if people else ()
    load = {**dict.fromkeys(people, 0), **{str(owner): int(count) for owner, count in rows}}
    found: dict[str, str] = {}
    for id, possible in candidates.items():
        if possible:
            found[id] = min(possible, key=lambda each: (load[each], each))
            load[found[id]] += 1
    return found
