"""What a unit that reads asks first: with the revision in force, in one statement and one round trip."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from dougong.engine.reading.prepared import prepared
from dougong.engine.runtime import Runtime


@dataclass(frozen=True, slots=True)
class First:
    """A question that goes out before the revision is known: who asks, by a session or a token.

    `build` makes its statement for one revision (a LookupError: there is none); it has exactly one row, in which
    `revision` is that of `tables.head` and `people` the version of `tables.people`. It is asked with the statement of
    the revision that the process served last: where the answer names another one, it counts for nothing and is asked
    again in the same snapshot. Its statement is kept with the revision under `name`, which says all that it depends on.
    """

    name: Hashable
    build: Callable[[Runtime], Select[Any]]
    parameters: Mapping[str, Any]

    def statement(self, runtime: Runtime) -> Select[Any]:
        """The statement for the revision of `runtime`."""
        return prepared(runtime, self.name, lambda: self.build(runtime), kind="first")

    def known(self, runtime: Runtime) -> Select[Any] | None:
        """`statement`; None where the revision of `runtime` lacks what it reads."""
        try:
            return self.statement(runtime)
        except LookupError:
            return None
