"""Why somebody may, or may not, do something with a record or see a field: from the grounds that decide it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, literal, select

from dougong.base.errors import NotFound, Problem
from dougong.base.language import Message, msg
from dougong.engine.access import Access, Right
from dougong.engine.actor import Actor
from dougong.engine.rights.access import access_for, granted_to
from dougong.engine.rights.grants import Granted, gives_field
from dougong.engine.rights.holder import find
from dougong.metadata.model import Field, Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Asked = Literal["read", "edit", "delete", "transfer"]

NAMES: Mapping[str, Message] = {
    "read": msg("see"),
    "edit": msg("change"),
    "delete": msg("delete"),
    "transfer": msg("hand over"),
}
"""What the rights on a record are called in a sentence."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that was looked at: `kind` is its stable name, `holds` whether it speaks for the right."""

    kind: str
    holds: bool
    text: Message


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision and what it rests on, in the order in which it is made."""

    allowed: bool
    reasons: tuple[Reason, ...]


def explain(
    unit: Unit, user_id: str, object_name: str, record_id: str, right: Asked = "read", field: str | None = None
) -> Explanation:
    """Why the user may or may not use `right` on a record, or on one of its fields.

    Raises:
        NotFound: no such object, record, field or user.
    """
    obj = unit.runtime.model.objects.get(object_name)
    if obj is None or (field is not None and field not in obj.fields):
        raise _unknown(object_name, msg("There is no object {name}.", name=object_name))
    other = as_user(unit, user_id)
    case_ = _Case(other, obj, record_id, right, obj.fields[field] if field else None)
    reasons = tuple(case_.reasons())
    return Explanation(all(each.holds for each in reasons if each.kind in DECIDING), reasons)


DECIDING = frozenset({"everything", "object", "rows", "partition", "seen", "field", "plugin"})
"""Kinds of reasons that must all speak for a right; the others say what these rest on."""


def as_user(unit: Unit, user_id: str) -> Unit:
    """A unit of the same transaction in which the user acts.

    Raises:
        NotFound: there is no such user.
    """
    values = find(unit, user_id).values
    if not values:
        raise _unknown(user_id, msg("There is no user {login}.", login=user_id))
    zone = ZoneInfo(values["time_zone"]) if values.get("time_zone") else unit.actor.zone
    actor = Actor(
        user_id=user_id,
        name=values.get("name") or "",
        login=values.get("login") or "",
        kind=values.get("kind") or "internal",
        language=unit.actor.language,
        zone=zone,
    )
    return unit.acting(actor)


def _unknown(thing: str, reason: Message) -> NotFound:
    return NotFound(Problem(code="not-explained", thing=thing, reason=reason))


class _Case:
    """One question: a user, a record, a right, perhaps a field."""

    def __init__(self, unit: Unit, obj: Object, record_id: str, right: Asked, field: Field | None) -> None:
        self.unit, self.object, self.record_id, self.right, self.field = unit, obj, record_id, right, field
        self.access: Access = access_for(unit)
        self.granted = granted_to(unit)
        self.table = unit.runtime.storage.tables[obj.name].table
        if not self._asked([]):
            raise _unknown(record_id, msg("There is no such record of {object}.", object=obj.label))

    def reasons(self) -> Iterator[Reason]:
        """Everything that was looked at."""
        if self.granted is None:
            yield Reason("everything", True, msg("They may do everything."))
        else:
            yield from self._of_object(self.granted)
            if self.right != "read":
                yield from self._of_rows(self.granted, "read", "seen")
            yield from self._of_rows(self.granted, self.right, "rows")
        if self.field is not None:
            yield from self._of_field(self.field)
        yield from self._of_plugins()

    def _asked(self, conditions: list[ColumnElement[bool]]) -> list[bool] | None:
        """Which of `conditions` hold for the record; None where there is no such record."""
        columns: list[ColumnElement[int]] = [case((each, literal(1)), else_=literal(0)) for each in conditions]
        columns = columns or [literal(1)]
        row = self.unit.connection.execute(select(*columns).where(self.table.c.id == self.record_id)).first()
        return None if row is None else [bool(each) for each in row]

    def _of_object(self, granted: Granted) -> Iterator[Reason]:
        name, right = self.object.name, NAMES[self.right]
        giving = [each for each in granted.holder.sets if self.right in each.rights(name)]
        for each in giving:
            said = msg("The permission set {name} lets them {right} {object} records.",
                       name=each.label, right=right, object=self.object.label)  # fmt: skip
            yield Reason("permission-set", True, said)
        known = {"right": right, "object": self.object.label}
        if granted.may(self.right, self.object):
            yield Reason("object", True, msg("They have the right to {right} {object} records.", **known))
        else:
            yield Reason("object", False, msg("No role or permission set lets them {right} {object} records.", **known))

    def _of_rows(self, granted: Granted, right: Right, kind: str) -> Iterator[Reason]:
        found = granted.rows.grounds(right, self.object)
        held = self._asked([each.holds(self.table) for each in found]) if found else []
        for each, holds in zip(found, held or [], strict=True):
            yield Reason(f"{kind}-{each.kind}", holds, each.reason)
        within = granted.rows.within(self.object, self.table)
        if within is not None:
            inside = bool((self._asked([within]) or [False])[0])
            theirs, foreign = (
                msg("It is of no segment, or of one of theirs."),
                msg("It is of a segment that is not theirs."),
            )
            yield Reason("partition", inside, theirs if inside else foreign)
        covered, name = any(held or []), NAMES[right]
        if covered:
            yield Reason(kind, True, msg("So the right to {right} covers this record.", right=name))
        else:
            yield Reason(kind, False, msg("Nothing gives them the right to {right} this record.", right=name))

    def _of_field(self, field: Field) -> Iterator[Reason]:
        right: Literal["read", "edit"] = "read" if self.right == "read" else "edit"
        address = f"{self.object.name}.{field.name}"
        for each in self.granted.holder.sets if self.granted else ():
            if each.fields.get(address, {}).get(right) is False:
                said = msg("The permission set {name} holds {field} back.", name=each.label, field=field.label)
                yield Reason("field-held-back", False, said)
            elif gives_field(each, right, self.object.name, address):
                said = msg("The permission set {name} gives {field}.", name=each.label, field=field.label)
                yield Reason("field-given", True, said)
        if self.access.may_field(right, self.object, field):
            yield Reason("field", True, msg("They may {right} {field}.", right=NAMES[right], field=field.label))
        else:
            yield Reason("field", False, msg("They may not {right} {field}.", right=NAMES[right], field=field.label))

    def _of_plugins(self) -> Iterator[Reason]:
        """What plugins leave of it."""
        for part in self.unit.company.hooks.access(actor=self.unit.actor, model=self.unit.runtime.model):
            if part is None:
                continue
            rights: tuple[Right, ...] = ("read", self.right)
            limits = [rows for each in rights if (rows := part.visible(each, self.object, self.table)) is not None]
            if not (part.may(self.right, self.object) and all(self._asked(limits) or [False])):
                yield Reason("plugin", False, msg("A plugin withholds it."))
