"""`run`: another automation is set off over the same records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from dougong.base.errors import Problem, Rejected
from dougong.base.language import msg
from dougong.base.step_types import StepType
from dougong.workflows.automations import starting
from dougong.workflows.steps.doing import Doing

QUALIFIED = "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$"


class RunAutomation(StepType):
    """Another automation of the same object runs, after this step and on its own."""

    name = "run"
    label = msg("Run another automation")
    keys: ClassVar[Mapping[str, Any]] = {
        "automation": {
            "type": "string", "pattern": QUALIFIED,
            "description": "Which one, of the same object.", "x-zh-CN": "同一对象的另一自动化。",
        }
    }  # fmt: skip
    required_keys = ("automation",)

    def references(self, given: Mapping[str, Any], object_name: str) -> Iterator[tuple[str, str]]:
        """The automation."""
        yield "/automation", f"automation:{given.get('automation')}"

    def run(self, doing: Doing) -> dict[str, Any]:
        """Ask for it.

        Raises:
            Rejected: it is switched off, or is about another object.
        """
        name = str(doing.step.given["automation"])
        found = doing.unit.runtime.model.workflows.automations.get(name)
        if found is None or found.object != doing.object:
            reason = msg("The automation {name} is no longer there, or is switched off.", name=name)
            raise Rejected(Problem(code="automation-gone", thing=f"automation:{name}", reason=reason))
        return {"runs": starting.fire(doing.unit, found, doing.ids, "run", doing.trigger.get("payload"))}
