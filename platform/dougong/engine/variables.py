"""What formulas know beside the record: the moment, the reader's zone, the calendar, ``$User``, ``$Setup``
and ``$Label``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dougong.base.language import label
from dougong.engine.actor import Actor
from dougong.formulas import Context
from dougong.metadata.model import Model

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def formula_context(unit: Unit) -> Context:
    """What formulas know in `unit`, whatever the record."""
    model = unit.runtime.model
    return Context(
        now=unit.now,
        timezone=unit.actor.zone,
        variables=variables(unit.actor, model),
        calendar=model.working_calendar,
    )


def variables(actor: Actor, model: Model) -> Callable[[tuple[str, ...]], Any]:
    """A function from the paths of variables to what they mean for `actor` under `model`."""

    def answer(path: tuple[str, ...]) -> Any:
        match path:
            case ("$User", "id"):
                return actor.user_id
            case ("$User", "name"):
                return actor.name
            case ("$User", name):
                return actor.attributes.get(name)
            case ("$Setup", *names):
                return model.settings.get(".".join(names))
            case ("$Label", *names):
                return label(model.labels.get(".".join(names)), actor.language)
        return None

    return answer
