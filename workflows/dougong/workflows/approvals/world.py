"""What the machine asks of the company, answered from the database in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong.base.field_types import Reference
from dougong.engine.actor import SYSTEM
from dougong.engine.entering import USER
from dougong.engine.rights.holder import formula_value
from dougong.engine.saving.expressions import accessor, formula_needs
from dougong.engine.saving.plan import COMPANY, plan_of
from dougong.engine.saving.related import Related, needs_of
from dougong.engine.variables import variables
from dougong.formulas import Context, Formula
from dougong.formulas.evaluation import EvaluationError
from dougong.metadata.approval import Approval, Approvers
from dougong.metadata.model import Object
from dougong.workflows.approvals import binding
from dougong.workflows.approvals.absence import Absence
from dougong.workflows.approvals.people import People
from dougong.workflows.working_time import due_at, working_time

if TYPE_CHECKING:
    from dougong.engine.unit import Unit
    from dougong.workflows.approvals.state import State

Path = tuple[str, ...]


class CompanyWorld:
    """The company as one approval sees it: a record as it is (or would be), its initiator, its people."""

    def __init__(
        self, unit: Unit, obj: Object, values: Mapping[str, Any], initiator: str, approval: Approval | None = None
    ) -> None:
        """Ask of the record of `obj` with `values`, for `approval`; ``$User`` is the initiator, whoever acts."""
        self.approval = approval
        self.unit = unit.acting(SYSTEM)
        self.object, self.values, self.initiator = obj, values, initiator
        self.members = People(self.unit)
        self.plan = plan_of(unit.runtime, obj.name)
        self._related = Related(self.unit)
        self._absence: Absence | None = None

    @property
    def now(self) -> datetime:
        """The instant of the transaction."""
        return self.unit.now

    # -- people -----------------------------------------------------------------------------------------------
    def people(self, approvers: Approvers, state: State, of: str | None = None) -> Sequence[str]:
        """The active users whom a rule finds; none where its condition does not hold."""
        if approvers.when is not None and not self.holds(approvers.when):
            return ()
        return self.members.living(self._found(approvers, of or state.initiator))

    def _found(self, approvers: Approvers, of: str) -> Sequence[str]:
        value = approvers.value
        match approvers.way:
            case "user" | "role" | "position" | "queue":
                return self.named(f"{approvers.way}:{value}")
            case "department_head":
                return self._head(str(value), of)
            case "manager":
                return self._manager(of, int(value), approvers.up_to)
            case "field":
                return self._named_by(self.read(tuple(str(value).split("."))))
            case "formula":
                return self._named_by(self._value(approvers.formula)) if approvers.formula is not None else ()
        return ()

    def named(self, address: str) -> Sequence[str]:
        """The active users of ``role:…``, ``position:…``, ``queue:…``, ``user:…``."""
        kind, _, name = address.partition(":")
        match kind:
            case "user":
                return self.members.with_login(name)
            case "position":
                return self.members.in_position(name)
            case "role" | "queue" | "group" | "department":
                return self.members.in_group(address)
        return ()

    def _head(self, said: str, of: str) -> Sequence[str]:
        if said == "$Initiator":
            head = self.department_head(of)
        else:
            named = self.read(tuple(said.split(".")))
            head = self.members.head_of(_id(named))
        return (head,) if head else ()

    def _manager(self, person: str, number: int, up_to: str | None) -> Sequence[str]:
        """The manager that is `number` steps up; the line ends with the first who holds the position `up_to`."""
        line = self.members.superiors(person)
        for at, each in enumerate(line, 1):
            if at == number or (up_to is not None and self.members.holds_position(each, up_to)):
                return (each,)
        return ()

    def _named_by(self, value: Any) -> Sequence[str]:
        """A user by what a field or a formula gave: an id, a login, or several."""
        found: list[str] = []
        for each in value if isinstance(value, (tuple, list, frozenset)) else (value,):
            id = _id(each)
            if id:
                found += [id] if self.members.values(id) else self.members.with_login(id)
        return found

    def later(self, duration: str) -> datetime:
        """When a duration that begins now is over, by the company's calendar."""
        return due_at(self.now, duration, working_time(self.unit.runtime.model, self.unit.company.zone))

    def active(self, person: str) -> bool:
        """Whether somebody can act at all."""
        return self.members.active(person)

    def delegate(self, person: str) -> str | None:
        """Who acts for somebody who is absent now; None where they are not, or nobody does."""
        if self._absence is None:
            process = self.approval.name if self.approval is not None else None
            self._absence = Absence(self.members, self.object.id, process, self.amount)
        return self._absence.delegate(person)

    def manager(self, person: str) -> str | None:
        """Somebody's manager who can act: where the direct one cannot, the one above."""
        return next(iter(self.members.superiors(person)), None)

    def department_head(self, person: str) -> str | None:
        """The head of somebody's department; where that is the person, of the department above."""
        department = self.members.department_of(person)
        head = self.members.head_of(department)
        if head != person or department is None:
            return head
        parent = self._read_department(department)
        return self.members.head_of(parent) if parent else None

    def _read_department(self, id: str) -> str | None:
        values = next(iter(self.members.read("department", [id])), {})
        return _id(values.get("parent"))

    # -- the record -------------------------------------------------------------------------------------------
    @property
    def amount(self) -> Decimal | None:
        """What the record is about, in the company's currency: its first highlighted money field, else its first."""
        fields = [self.object.fields.get(name) for name in (*self.object.highlights, *self.object.fields)]
        for field in fields:
            if field is not None and field.type.money and field.name in self.plan.slots:
                value = self.values.get(field.name + COMPANY, self.values.get(field.name))
                if value is not None:
                    return Decimal(value)
        return None

    def holds(self, condition: Formula) -> bool:
        """Whether a formula holds for the record; not where it has no value."""
        return bool(self._value(condition))

    def changed_since(self, at: datetime) -> bool:
        """Whether something that the approval is bound to was changed after `at`."""
        return self.approval is not None and binding.changed_since(
            self.unit, self.approval, self.object, self.values, at
        )

    def _value(self, formula: Formula) -> Any:
        self._related.follow((self.values,), formula_needs(self.plan, (formula,)))
        context = Context(
            now=self.unit.now,
            timezone=self.unit.company.zone,
            variables=self._variables(),
            calendar=self.unit.runtime.model.working_calendar,
        )
        try:
            return formula.evaluate(lambda path: accessor(self.plan, path)(self.values, self._related), context)
        except EvaluationError:
            return None

    def read(self, path: Path) -> Any:
        """What stands at a path of the record: a lookup as its id."""
        self._related.follow((self.values,), needs_of(self.plan, (path,)))
        return accessor(self.plan, path)(self.values, self._related)

    def _variables(self) -> Callable[[Path], Any]:
        known = variables(SYSTEM, self.unit.runtime.model)

        def answer(path: Path) -> Any:
            if path[0] != "$User":
                return known(path)
            user = self.members.values(self.initiator)
            if path[1:] == ("id",):
                return self.initiator
            if len(path) == 2:
                return formula_value(user.get(path[1]))
            plan = plan_of(self.unit.runtime, USER)
            self._related.follow((user,), needs_of(plan, (path[1:],)))
            return accessor(plan, path[1:])(user, self._related)

        return answer


def _id(value: Any) -> str:
    """The id in a value that names a record; the text itself where it is one."""
    if isinstance(value, Reference):
        return value.id
    return value if isinstance(value, str) else ""
