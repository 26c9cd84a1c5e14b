"""What conditions know of a person as parameters, so that people who hold the same share their statements.

A condition is built with the values of the person for whom it is asked, each under a name of its own. A statement that
is remembered under `Access.shape` is run with `Access.parameters` of whoever asks, which take their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Text, bindparam

from dougong.engine.columns import Id
from dougong.engine.rights.holder import Holder


def parameters(holder: Holder) -> Mapping[str, Any]:
    """Everything that the conditions of `holder` are given, by the names of the parameters."""
    departments = holder.named("department")
    found: dict[str, Any] = {
        named("id"): holder.user_id,
        named("below"): (f"below:{holder.user_id}",) if holder.user_id else (),
        named("department"): tuple(f"department:{each}" for each in departments),
        named("within"): tuple(f"within:{each}" for each in departments),
        named("role"): holder.named("role"),
        named("territory"): holder.named("territory"),
        named("territory_edit"): holder.named("territory_edit"),
    }
    for kind in ("group", "department", "within", "queue", "queue_edit"):
        found[named(kind, "ids")] = record_ids(holder.named(kind))
    for partition in {each.split(":")[1] for each in holder.groups if each.startswith("segment:")}:
        found[named("segment", partition)] = holder.named(f"segment:{partition}")
    return found


def belongs(holder: Holder) -> tuple[str, ...]:
    """The names of the parameters that hold something: which conditions there are depends on these."""
    return tuple(sorted(name for name, value in parameters(holder).items() if value))


def one(holder: Holder) -> BindParameter[str]:
    """The id of the person."""
    return bindparam(named("id"), holder.user_id, Id())


def several(holder: Holder, *kind: str) -> BindParameter[Any]:
    """The values under one of the names of `parameters`, for ``IN``."""
    name = named(*kind)
    kept = Id() if kind[-1] == "ids" else Text()
    return bindparam(name, parameters(holder).get(name, ()), kept, expanding=True)


def record_ids(names: Sequence[str]) -> tuple[str, ...]:
    """Those of `names` that are ids of records, not codes."""
    return tuple(each for each in names if len(each) == 36 and each.count("-") == 4)


def named(*kind: str) -> str:
    """The name of a parameter."""
    return "person_" + "_".join(kind)
