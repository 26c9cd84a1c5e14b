"""The contract of a kind of step: what approvals and automations can do is asked here.

One kind is one class in one file, registered by the hook `step_types`. Its keys are JSON Schema, so that `check`, the
reference and (later) the designer read the same definition; `run` is called by the workflows room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from dougong.base.language import Message
from dougong.base.registry import Registry


@dataclass(frozen=True, slots=True)
class StepFormula:
    """A formula in what a step is given: where (a JSON pointer below ``with``), and what it must give.

    `object` is over whose record it is asked: None for the record that the step is about, which is ``$Record`` in
    formulas over others. `result` is a type of
    formulas ("boolean", "text", …); None where any will do. `fills` is the field, (object, name), whose value it gives,
    whose type it must have then; the name of a field that no formula can hold (an address) is taken over as it is, and
    is not among the compiled formulas.
    """

    pointer: str
    text: str
    result: str | None = None
    object: str | None = None
    fills: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class StepWrite:
    """What a step does to records, as far as its document tells: for finding automations that set each other off.

    `event` is as in a trigger ("create", "change", "delete"); `fields` those that it sets.
    """

    event: str
    object: str
    fields: frozenset[str] = frozenset()


class StepType:
    """One kind of step.

    `before_save` says that it can stand in an automation that runs while the record is saved; `leaves` that it does
    something outside the database (a mail, a call), which is carried out by a job of its own with a key. `holds` is
    which steps stand below it: ``branches`` and ``otherwise``, or ``steps`` that are done for each of several records.
    """

    name: ClassVar[str]
    label: ClassVar[Message]
    keys: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """JSON Schema of each key under ``with``, with `description` and `x-zh-CN`."""
    required_keys: ClassVar[tuple[str, ...]] = ()
    other_keys: ClassVar[Mapping[str, Any] | bool] = False
    """Where the keys under ``with`` are names (of fields), the JSON Schema of what stands at each."""
    before_save: ClassVar[bool] = False
    leaves: ClassVar[bool] = False
    holds: ClassVar[Literal["nothing", "branches", "steps"]] = "nothing"

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """The formulas in what a step is given."""
        return iter(())

    def references(self, given: Mapping[str, Any], object_name: str) -> Iterator[tuple[str, str]]:
        """(JSON pointer, address) of each component that a step names: ``/template``, ``message_template:won``."""
        return iter(())

    def writes(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepWrite]:
        """What a step does to records."""
        return iter(())

    def in_order_at(self, given: Mapping[str, Any]) -> str | None:
        """The place outside where what the step does arrives in the order of the changes; None where none matters.

        Runs with such a step over the same record are carried out one after the other, in the order in which they were
        asked for. Where what is in order is not the record, a formula at ``/order_key`` says it. The step's own jobs
        stand in lanes (`dougong.engine.lanes`), so that what is tried again is not overtaken.
        """
        return None

    def inner_object(self, given: Mapping[str, Any], object_name: str) -> str:
        """The object whose records the steps below are about; `given` may lack keys, as it is not checked yet."""
        return object_name

    def run(self, doing: Any) -> Any:
        """Carry the step out; `doing` is a `dougong.workflows.steps.Doing`. The answer is kept as the step's output.

        Raises:
            dougong.base.errors.DougongError: it cannot be done; the run stops there, and can go on from there.
        """
        raise NotImplementedError


STEP_TYPES: Registry[StepType] = Registry("step")
"""Every kind of step by name; rooms and plugins add theirs."""
