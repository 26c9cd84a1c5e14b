"""The working state of a batch: one `Row` per record that it changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from dougong.base.errors import Place, Problem
from dougong.base.language import Message
from dougong.engine.saving.plan import ObjectPlan, stored_keys

if TYPE_CHECKING:
    from dougong.engine.saving.expressions import Expressions
    from dougong.engine.saving.related import Related
    from dougong.engine.unit import Unit

Doing = Literal["create", "update", "delete", "restore", "derive"]
"""What happens to a row; "derive" is a stored record whose computed values follow a change elsewhere."""


@dataclass(slots=True, eq=False)
class Row:
    """One record on its way through the steps.

    `given` is what the caller said; `before` what was stored when the batch began (empty for a new record);
    `written` what is stored now; `values` what shall be stored; `edited` the fields that the caller set;
    `keys` the normalised unique keys by column; `filled` what fills have set. Money fields have their company amount
    beside them under ``name.company``. `number` counts from 1 in the batch.

    `settled` is what other records know of this one: what was stored when roll-ups and dependants last followed it.
    `searched` tells that what search reads of a parent changed, `touched` that a roll-up's condition on a parent did.
    Of a row that is `read`, what is given is as its fields keep it (see `Create`).
    Of a row that is `part` only some fields are known, the same in `before` and `values` (see `partly`).
    `extra` rows are those that the engine adds: what a deletion takes along, and records derived from others. A row
    that is deleted `alone` takes nothing along, and nothing forbids it. `taking` is an update that takes the record out
    of a queue.
    """

    number: int
    doing: Doing
    plan: ObjectPlan
    id: str
    given: dict[str, Any]
    before: dict[str, Any] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict)
    settled: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)
    keys: dict[str, str | None] = field(default_factory=dict)
    filled: dict[str, Any] = field(default_factory=dict)
    searched: bool = False
    touched: bool = False
    read: bool = False
    extra: bool = False
    part: bool = False
    alone: bool = False
    taking: bool = False
    deleted_with: str | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    version: int | None = None
    base: Mapping[str, Any] | None = None
    why: str = ""

    @property
    def new(self) -> bool:
        """True for a record that is not stored yet."""
        return self.doing == "create"

    def changed(self) -> dict[str, Any]:
        """The fields whose value differs from what is stored, with the new value; company amounts left out."""
        before, values = self.before, self.values
        return {name: values[name] for name in changes(before, values, self.plan.slots)}

    def differs(self, name: str) -> bool:
        """True when the value of `name` is not what is stored."""
        return bool(self.values.get(name) != self.before.get(name))

    def stored_changes(self) -> list[str]:
        """The fields that must be written, those of which the company amount alone changed included."""
        owners = self.plan.part(stored_keys)
        keys = self.known(owners)
        return list(dict.fromkeys(owners[key] for key in changes(self.written, self.values, keys)))

    def known(self, names: Collection[str]) -> Collection[str]:
        """Those of `names` that are known of the stored record: all, or of a part some."""
        return [name for name in self.before if name in names] if self.part else names

    def has_problem(self, name: str) -> bool:
        """Whether something is wrong with the field `name` already."""
        return any(problem.place.field == name for problem in self.problems)

    def refuse(self, code: str, reason: Message, fix: Message | None = None, at: str | None = None) -> None:
        """Note a problem with this record, at the field `at`."""
        self.problems.append(
            Problem(
                code=code,
                reason=reason,
                fix=fix,
                thing=f"field:{self.plan.name}.{at}" if at else f"object:{self.plan.name}",
                place=Place(field=at, row=self.number or None),
            )
        )


@dataclass(slots=True, eq=False)
class Batch:
    """The rows of one call, the records they look at, and the operation that history groups them by.

    Rows whose record does not exist, or may not be seen, are set aside in `missing`. A `reverting` batch takes changes
    back: rules about which step may follow which do not hold for it. `judged` keeps, by constraint and record, what a
    constraint has judged: it is asked again where that changes. `candidates` are the records that fills choose from.
    `begins` and `entries` are what history and search keep of new rows as they were `written`, made ready before it is
    known whether they are written again. `unasked` are the unique values that are left to the database so far, by plan
    and rule.
    """

    unit: Unit
    rows: list[Row]
    related: Related
    operation: str
    expressions: Expressions
    reverting: bool = False
    missing: list[Row] = field(default_factory=list)
    by_id: dict[tuple[str, str], Row] = field(default_factory=dict)
    judged: dict[tuple[str, str], Any] = field(default_factory=dict)
    candidates: dict[str, dict[Any, Any]] = field(default_factory=dict)
    unasked: list[tuple[ObjectPlan, Any, dict[Any, Row]]] = field(default_factory=list)
    begins: dict[Row, tuple[Any, dict[str, list[Any]]]] = field(default_factory=dict)
    entries: dict[Row, tuple[Any, tuple[str, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find rows by record."""
        self.by_id.update(((row.plan.name, row.id), row) for row in self.rows)

    def groups(self, *doing: Doing) -> list[tuple[ObjectPlan, list[Row]]]:
        """The rows by object, in order of first appearance; of the kinds `doing` alone when any are named."""
        return grouped(row for row in self.rows if not doing or row.doing in doing)

    def people(self, *doing: Doing) -> list[Row]:
        """The rows that the caller asked for, without those that the engine added."""
        return [row for row in self.rows if not row.extra and (not doing or row.doing in doing)]

    def problems(self) -> list[Problem]:
        """Every problem noted, in the order of the rows."""
        found = [problem for row in (*self.missing, *self.rows) for problem in row.problems]
        return sorted(found, key=lambda problem: problem.place.row or 0)

    def warnings(self) -> list[Problem]:
        """Every warning that was let through, in the order of the rows."""
        found = [problem for row in self.rows for problem in row.warnings]
        return sorted(found, key=lambda problem: problem.place.row or 0)

    def row_of(self, object_name: str, id: str) -> Row | None:
        """The row of a record that this batch makes, changes or derives."""
        return self.by_id.get((object_name, id))

    def add(self, row: Row) -> None:
        """Take one more row in."""
        self.rows.append(row)
        self.by_id[row.plan.name, row.id] = row


def changes(before: Mapping[str, Any], values: Mapping[str, Any], names: Collection[str]) -> list[str]:
    """Those of `names` whose value differs. What nobody touched is the same object: told so without comparing."""
    if not before:
        return [name for name in names if values.get(name) is not None]
    pairs = zip(names, map(before.get, names), map(values.get, names), strict=True)
    return [name for name, old, new in pairs if old is not new and old != new]


def grouped(rows: Iterable[Row]) -> list[tuple[ObjectPlan, list[Row]]]:
    """`rows` by object, in order of first appearance."""
    found: dict[ObjectPlan, list[Row]] = {}
    for row in rows:
        try:
            found[row.plan].append(row)
        except KeyError:
            found[row.plan] = [row]
    return list(found.items())
