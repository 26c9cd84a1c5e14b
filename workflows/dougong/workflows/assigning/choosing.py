"""Rules asked in order for many records at once: of each, the first that holds and finds somebody decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dougong.base.field_types import Reference
from dougong.base.language import Labels, Message, msg
from dougong.metadata.territories import FIELD as TERRITORY
from dougong.workflows.assigning import picking
from dougong.workflows.assigning.presence import Presence
from dougong.workflows.decision_tables import fits, plain, rows_of
from dougong.workflows.steps.evaluating import Evaluating
from dougong.workflows.steps.people import group

if TYPE_CHECKING:
    from dougong.formulas import Formula
    from dougong.metadata.assignment import Assignment, Choice, Matrix
    from dougong.workflows.steps.doing import Doing


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who gets a record, by the rule with the key `rule`, and why as people read it."""

    owner: str
    rule: str
    why: Message


class Choosing:
    """An assignment over the records of a step. `foreseeing`: no turn is used up."""

    def __init__(self, doing: Doing, assignment: Assignment, foreseeing: bool = False) -> None:
        """Read what the rules look at."""
        self.doing, self.unit, self.assignment, self.foreseeing = doing, doing.unit, assignment, foreseeing
        self.evaluating = Evaluating(doing)
        self.evaluating.load(assignment.formulas())
        self.presence = Presence(doing.unit)

    def chosen(self) -> dict[str, Chosen]:
        """By record, who gets it; those are left out for whom nobody is found."""
        found: dict[str, Chosen] = {}
        for choice in self.assignment.choices:
            left = [id for id in self.doing.ids if id not in found]
            meant = [id for id in left if choice.when is None or self.evaluating.holds(choice.when, id)]
            for id, owner in self._owners(choice, meant).items():
                found[id] = Chosen(owner, choice.key, _why(choice))
        fallback = self.assignment.fallback
        if fallback is not None:
            left = [id for id in self.doing.ids if id not in found]
            why = msg("No rule found anybody: assigned as stated for that case")
            for id, owner in self._owners(fallback, left).items():
                found[id] = Chosen(owner, fallback.key, why)
        return found

    def _owners(self, choice: Choice, ids: Sequence[str]) -> dict[str, str]:
        if not ids:
            return {}
        if choice.queue is not None:
            return dict.fromkeys(ids, self.unit.runtime.model.rights.queues[choice.queue].record)
        if choice.matrix is not None:
            return self._by_table(choice, choice.matrix, ids)
        candidates = self._candidates(choice, ids)
        if choice.pick == "least_loaded":
            return picking.least_loaded(self.unit, self.doing.object, choice.counts, candidates)
        turn = f"{self.assignment.turns}/{choice.key}"
        return picking.in_turn(self.unit, turn, candidates, self.foreseeing)

    # -- among whom -----------------------------------------------------------------------------------------------
    def _candidates(self, choice: Choice, ids: Sequence[str]) -> dict[str, list[str]]:
        shared = [each for name in choice.to for each in self._named(name)]
        own = {id: [*self._read(choice, id), *self._of_territory(choice, id)] for id in ids}
        there = self.presence.there({*shared, *(each for found in own.values() for each in found)}, choice)
        return {id: [each for each in dict.fromkeys((*own[id], *shared)) if each in there] for id in ids}

    def _named(self, name: str) -> Sequence[str]:
        """The people whom a name means for every record."""
        kind, _, value = name.partition(":")
        if name in ("initiator", "approvers"):
            return self.doing.people.get(name, ())
        if kind == TERRITORY:
            return self._members(value) if value else ()
        return group(self.unit, name) if kind != "field" else ()

    def _read(self, choice: Choice, id: str) -> list[str]:
        return [str(found) for each in choice.fields if (found := self.evaluating.text(each, id))]

    def _of_territory(self, choice: Choice, id: str) -> Sequence[str]:
        """The people of the record's territory, or of the nearest one above it that has any."""
        if TERRITORY not in choice.to:
            return ()
        self.evaluating.related.fetch(self.doing.object, self.doing.ids, {"id", TERRITORY})
        values = self.evaluating.related.values(Reference(self.doing.object, id)) or {}
        known = self.unit.runtime.model.rights.territories
        name = str(values.get(TERRITORY) or "")
        while name in known:
            if members := self._members(name):
                return members
            name = known[name].parent or ""
        return ()

    def _members(self, territory: str) -> list[str]:
        known = self.unit.runtime.model.rights.territories[territory].members
        return [each for name in known for each in group(self.unit, name)]

    # -- by a table -----------------------------------------------------------------------------------------------
    def _by_table(self, choice: Choice, matrix: Matrix, ids: Sequence[str]) -> dict[str, str]:
        """Of the rows that fit, the one with the fewest blank fields; the earliest of several."""
        rows = rows_of(self.unit, matrix.object, tuple(matrix.match), matrix.to)
        people = {row[-1] for row in rows}
        there = self.presence.there(people, choice) | self._queues(people)
        usable = [row for row in rows if row[-1] in there]
        found: dict[str, str] = {}
        for id in ids:
            asked = [plain(self.evaluating.text(each, id)) for each in matrix.match.values()]
            row = next((each for each in usable if fits(each, asked)), None)
            if row is not None:
                found[id] = str(row[-1])
        return found

    def _queues(self, ids: set[Any]) -> set[str]:
        """Those of `ids` that are queues: records may wait in one whoever is there."""
        return {each.record for each in self.unit.runtime.model.rights.queues.values()} & ids


def _why(choice: Choice) -> Message:
    name: Labels | str = choice.label or choice.key
    if choice.queue is not None:
        return msg("Put into the queue by the rule {rule}", rule=name)
    if choice.matrix is not None:
        return msg("Assigned by the rule {rule}, by its table", rule=name)
    if choice.pick == "least_loaded":
        return msg("Assigned by the rule {rule}, to who has the fewest", rule=name)
    return msg("Assigned by the rule {rule}, in turn", rule=name)


def inline(given: Mapping[str, Any], formulas: Mapping[str, Formula], name: str, object_name: str) -> Assignment:
    """The rules that a step carries itself. `name` is of the step: it keeps the turns."""
    from dougong.metadata.assignment import Assignment
    from dougong.metadata.building.assignments import built_choice

    return Assignment(
        name=name,
        object=object_name,
        label={},
        body=given,
        turns=name,
        choices=tuple(
            built_choice(each, lambda pointer, at=at: formulas[f"/rules/{at}{pointer}"])  # type: ignore[misc]
            for at, each in enumerate(given["rules"])
        ),
    )
