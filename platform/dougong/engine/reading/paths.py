"""Field paths: ``account.owner.name`` to the fields it goes through, as far as the actor may read them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.language import msg
from dougong.engine.access import Access
from dougong.metadata.model import Field, Model, Object

DEPTH = 5
"""How many lookups a path may follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPath:
    """A path with its fields: the lookups followed, the last field, and what is taken of that.

    `attribute` is a picklist attribute (``stage.probability``); `aspect` is "company" or "currency" of money.
    """

    text: str
    steps: tuple[Field, ...]
    field: Field
    attribute: str | None = None
    aspect: Literal["company", "currency"] | None = None

    @property
    def prefix(self) -> tuple[str, ...]:
        """The names of the lookups followed."""
        return tuple(step.name for step in self.steps)


def resolve(model: Model, access: Access, obj: Object, path: str, depth: int = DEPTH) -> ResolvedPath:
    """The fields that `path` names, starting at `obj`, over at most `depth` lookups; former names answer too.

    The last field is as the actor has it: masked where its values are (`dougong.engine.fields.masked`).

    Raises:
        BadRequest: a part is unknown or may not be read (the same answer), or leads nowhere.
    """
    steps: list[Field] = []
    here = obj
    names = path.split(".")
    if len(names) > depth + 1:
        raise _refused(path, msg("The path follows more than {count} lookups.", count=depth))
    for at, name in enumerate(names):
        found = _readable(here, access, name, path)
        rest = names[at + 1 :]
        if not rest:
            return ResolvedPath(text=path, steps=tuple(steps), field=found)
        if len(rest) == 1 and found.picklist is not None and rest[0] in found.picklist.attributes_schema:
            return ResolvedPath(text=path, steps=tuple(steps), field=found, attribute=rest[0])
        if rest == ["company"] and found.type.money:
            return ResolvedPath(text=path, steps=tuple(steps), field=found, aspect="company")
        if rest == ["currency"] and found.type.money:
            return ResolvedPath(text=path, steps=tuple(steps), field=found, aspect="currency")
        if not found.type.refers or not found.type.stored or len(found.targets) != 1:
            raise _refused(path, msg("{label} leads to no other record.", label=found.label))
        steps.append(found)
        here = model.objects[found.targets[0]]
    raise AssertionError("a path has at least one name")


def _readable(obj: Object, access: Access, name: str, path: str) -> Field:
    found = obj.field_named(name)
    seen = access.seen(obj, found) if found is not None else None
    if seen is not None:
        return seen
    readable = [each.name for each in obj.fields.values() if access.seen(obj, each) is not None]
    near = difflib.get_close_matches(name, readable, n=1)
    raise BadRequest(
        Problem(
            code="field-unknown",
            thing=f"object:{obj.name}",
            place=Place(field=path),
            reason=msg("{object} has no field {name}.", object=obj.label, name=name),
            fix=msg("Did you mean {near}?", near=near[0]) if near else None,
        )
    )


def _refused(path: str, reason) -> BadRequest:  # type: ignore[no-untyped-def]
    return BadRequest(Problem(code="path-refused", thing=path, place=Place(field=path), reason=reason))


def usable(model: Model, access: Access, obj: Object, path: str) -> ResolvedPath | None:
    """What `path` leads to where the actor has it, else None: for lists and pages that name fields for everybody."""
    try:
        return resolve(model, access, obj, path)
    except BadRequest:
        return None
