"""Why somebody may, or may not, do something with a record or see a field: from the grounds that decide it.

Each reason says in words whether it holds. What a formula answers is told only to those who may see what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from sqlalchemy import ColumnElement

from dougong.base.errors import NotFound, Problem
from dougong.base.language import Message, msg
from dougong.engine.access import Access, Configured, Right, may_read, may_read_all
from dougong.engine.actor import Actor, zone_named
from dougong.engine.entering import is_queue, may_enter
from dougong.engine.reading.counted import children_of, is_counted
from dougong.engine.rights.access import access_for, granted_to
from dougong.engine.rights.facts import Facts
from dougong.engine.rights.grants import Granted, gives_field, sight
from dougong.engine.rights.grounds import Ground
from dougong.engine.rights.holder import find
from dougong.engine.rights.sharing_rules import applies
from dougong.engine.saving.intake import GIVEN_SYSTEM_FIELDS
from dougong.formulas import Formula
from dougong.metadata.model import Field, Object
from dougong.metadata.rights import SharingRule

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
    """One thing that was looked at: `kind` is its stable name, `holds` whether it speaks for the right.

    `holds` is None where whoever asks may not know it.
    """

    kind: str
    holds: bool | None
    text: Message


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision and what it rests on, in the order in which it is made."""

    allowed: bool
    reasons: tuple[Reason, ...]


def explain(
    unit: Unit, user_id: str, object_name: str, record_id: str, right: Asked = "read", field: str | None = None
) -> Explanation:
    """Why the user may or may not use `right` on a record, or on one of its fields, as the unit's actor may know it.

    Raises:
        NotFound: no such object, record, field or user.
    """
    found = explain_each(unit, user_id, object_name, [record_id], right, field)
    if record_id not in found:
        label = unit.runtime.model.objects[object_name].label
        raise _unknown(record_id, msg("There is no such record of {object}.", object=label))
    return found[record_id]


def explain_each(
    unit: Unit,
    user_id: str,
    object_name: str,
    record_ids: Sequence[str],
    right: Asked = "read",
    field: str | None = None,
) -> dict[str, Explanation]:
    """`explain` for many records of one object: as many statements as for one. Records that are not there are left out.

    Raises:
        NotFound: no such object, field or user.
    """
    obj = unit.runtime.model.objects.get(object_name)
    if obj is None or (field is not None and field not in obj.fields):
        raise _unknown(object_name, msg("There is no object {name}.", name=object_name))
    other = as_user(unit, user_id)
    facts = Facts(other, obj, record_ids)
    found: dict[str, Explanation] = {}
    for record_id in record_ids:
        if facts.of(record_id, "there", list) is not None:
            case_ = _Case(other, obj, record_id, right, obj.fields[field] if field else None, unit.access, facts)
            reasons = tuple(case_.reasons())
            allowed = all(each.holds for each in reasons if each.kind in DECIDING)
            found[record_id] = Explanation(allowed, reasons)
    return found


DECIDING = frozenset(
    {"everything", "object", "configured", "append-only", "seen", "rows", "partition", "field", "computed", "plugin"}
)
"""Kinds of reasons that must all speak for a right; those before each say what it rests on."""


def as_user(unit: Unit, user_id: str) -> Unit:
    """A unit of the same transaction in which the user acts.

    Raises:
        NotFound: there is no such user.
    """
    values = find(unit, user_id).values
    if not values:
        raise _unknown(user_id, msg("There is no user {login}.", login=user_id))
    actor = Actor(
        user_id=user_id,
        name=values.get("name") or "",
        login=values.get("login") or "",
        kind=values.get("kind") or "internal",
        language=unit.actor.language,
        zone=zone_named(values.get("time_zone"), unit.actor.zone),
    )
    return unit.acting(actor)


def _unknown(thing: str, reason: Message) -> NotFound:
    return NotFound(Problem(code="not-explained", thing=thing, reason=reason))


class _Case:
    """One question: a user, a record, a right, perhaps a field; `asker` is the access of who asks it."""

    def __init__(
        self,
        unit: Unit,
        obj: Object,
        record_id: str,
        right: Asked,
        field: Field | None,
        asker: Access,
        facts: Facts,
    ) -> None:
        self.unit, self.object, self.record_id, self.right, self.field = unit, obj, record_id, right, field
        self.access: Access = access_for(unit)
        self.asker = asker
        self.granted = granted_to(unit)
        self.table = unit.runtime.storage.tables[obj.name].table
        self.facts = facts

    def reasons(self) -> Iterator[Reason]:
        """Everything that was looked at."""
        if self.granted is None:
            yield Reason("everything", True, msg("They may do everything."))
        else:
            yield from self._of_person(self.granted)
            yield from self._of_object(self.granted)
        yield from self._of_kind()
        if self.granted is not None:
            if self.right != "read":
                yield from self._of_rows(self.granted, "read", "seen")
            yield from self._of_rows(self.granted, self.right, "rows")
            yield from self._of_partition(self.granted)
        if self.field is not None:
            yield from self._of_field(self.field)
        yield from self._of_plugins()

    def _asked(self, key: str, conditions: Callable[[], list[ColumnElement[bool]]]) -> list[bool]:
        """Which of the conditions hold for the record."""
        return self.facts.of(self.record_id, key, conditions) or []

    def _of_person(self, granted: Granted) -> Iterator[Reason]:
        """What they hold; none of it decides by itself."""
        holder = granted.holder
        if is_queue(holder.values):
            yield Reason("inactive", False, msg("It is a queue: it owns records, and does nothing."))
        elif not may_enter(holder.values):
            yield Reason("inactive", False, msg("Their account is switched off or frozen, so they hold nothing."))
        elif not holder.sets:
            yield Reason("nothing-held", False, msg("They hold no role or permission set that gives anything."))
        for role in holder.roles:
            yield Reason("role", True, msg("They hold the role {role}.", role=role.label))

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

    def _of_kind(self) -> Iterator[Reason]:
        """What nobody may do with records of this kind."""
        known = {"object": self.object.label}
        if not Configured().may(self.right, self.object):
            said = msg("{object} records travel with the metadata and change when that is published.", **known)
            yield Reason("configured", False, said)
        if self.object.append_only and self.right in ("edit", "delete"):
            said = msg("{object} records are only ever added: nobody changes or deletes them.", **known)
            yield Reason("append-only", False, said)

    def _of_rows(self, granted: Granted, right: Right, kind: str) -> Iterator[Reason]:
        found = granted.rows.grounds(right, self.object)
        held = self._asked(kind, lambda: [each.holds(self.table) for each in found]) if found else []
        for each, holds in zip(found, held, strict=True):
            yield self._of_ground(f"{kind}-{each.kind}", each, holds)
        if not any(each.always for each in found):
            yield from self._of_other_rules(granted, right, kind)
        covered, name = any(held), NAMES[right]
        if covered:
            yield Reason(kind, True, msg("So the right to {right} covers this record.", right=name))
        else:
            yield Reason(kind, False, msg("Nothing gives them the right to {right} this record.", right=name))

    def _of_ground(self, kind: str, ground: Ground, holds: bool) -> Reason:
        if ground.formula is not None and not self._may_know(*ground.formula):
            return Reason(kind, None, msg("A condition that reads fields which you may not see was asked as well."))
        return Reason(kind, holds, ground.reason if holds else ground.otherwise)

    def _may_know(self, object_name: str, formula: Formula) -> bool:
        """Whether who asks may see all that a formula reads."""
        model = self.unit.runtime.model
        obj = model.objects[object_name]
        return all(may_read(self.asker, model, obj, path) for path in formula.references)

    def _of_other_rules(self, granted: Granted, right: Right, kind: str) -> Iterator[Reason]:
        """Sharing rules of the object that are not for them, or not for this right."""
        if right not in ("read", "edit"):
            return
        for rule in granted.model.rights.sharing_rules.get(self.object.name, ()):
            if not applies(granted.rows, rule, right):
                yield Reason(f"{kind}-rule", False, self._why_not(granted, rule, right))

    def _why_not(self, granted: Granted, rule: SharingRule, right: Right) -> Message:
        name = rule.label or rule.name
        if rule.until is not None and rule.until < granted.rows.today:
            return msg("The sharing rule {rule} has ended.", rule=name)
        if right == "edit" and applies(granted.rows, rule, "read"):
            return msg("The sharing rule {rule} lets them see, not change.", rule=name)
        return msg("The sharing rule {rule} is not for them.", rule=name)

    def _of_partition(self, granted: Granted) -> Iterator[Reason]:
        within = granted.rows.within(self.object, self.table)
        if within is not None:
            inside = self._asked("partition", lambda: [within])[0]
            theirs = msg("It is of no segment, or of one of theirs.")
            yield Reason("partition", inside, theirs if inside else msg("It is of a segment that is not theirs."))

    def _of_field(self, field: Field) -> Iterator[Reason]:
        right: Literal["read", "edit"] = "read" if self.right == "read" else "edit"
        address = f"{self.object.name}.{field.name}"
        for each in self.granted.holder.sets if self.granted else ():
            if each.fields.get(address, {}).get(right) is False:
                said = msg("The permission set {name} holds {field} back.", name=each.label, field=field.label)
                yield Reason("field-held-back", False, said)
            elif right == "read" and sight(each, self.object.name, address, field) == "masked":
                said = msg("The permission set {name} shows {field} masked.", name=each.label, field=field.label)
                yield Reason("field-masked", False, said)
            elif gives_field(each, right, self.object.name, field):
                said = msg("The permission set {name} gives {field}.", name=each.label, field=field.label)
                yield Reason("field-given", True, said)
        if is_counted(field):
            children = self.unit.runtime.model.objects[children_of(field)]
            said = msg("It counts the {object} records that whoever looks may see.", object=children.label)
            yield Reason("field-counted", True, said)
        if not self._sees_what_it_reads(field):
            yield Reason("field-reads", False, msg("It is computed from fields that they may not see."))
        if self.access.may_field(right, self.object, field):
            yield Reason("field", True, msg("They may {right} {field}.", right=NAMES[right], field=field.label))
        elif right == "read" and self.access.masks(self.object, field):
            yield Reason("field", False, msg("They see {field} masked.", field=field.label))
        else:
            yield Reason("field", False, msg("They may not {right} {field}.", right=NAMES[right], field=field.label))
        if right == "edit" and (not field.type.writable or (field.system and field.name not in GIVEN_SYSTEM_FIELDS)):
            yield Reason("computed", False, msg("Nobody changes {field}: the platform sets it.", field=field.label))

    def _sees_what_it_reads(self, field: Field) -> bool:
        """Whether they may see everything that a computed field reads."""
        return may_read_all(self.access, self.unit.runtime.model, field)

    def _of_plugins(self) -> Iterator[Reason]:
        """What plugins leave of it."""
        parts = self.unit.company.hooks.access(actor=self.unit.actor, model=self.unit.runtime.model)
        for at, part in enumerate(each for each in parts if each is not None):
            if not (
                part.may(self.right, self.object) and all(self._asked(f"plugin {at}", partial(self._limits, part)))
            ):
                yield Reason("plugin", False, msg("A plugin withholds it."))

    def _limits(self, part: Access) -> list[ColumnElement[bool]]:
        """The conditions under which a plugin leaves a row."""
        rights: tuple[Right, ...] = ("read", self.right)
        return [rows for each in rights if (rows := part.visible(each, self.object, self.table)) is not None]
