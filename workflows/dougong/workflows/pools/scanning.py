"""Who would lose what: the records that people have of an object with pools, and what is to become of each.

Nothing is written here: the night, its preview, and the panel of a record ask the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.unit import Unit
from dougong.formulas import Formula
from dougong.metadata.pool import Pool, Reclaim
from dougong.workflows.away import NEVER, Away, absences
from dougong.workflows.pools import days, facts
from dougong.workflows.pools.days import Verdict
from dougong.workflows.pools.facts import Asked
from dougong.workflows.pools.tables import holds

AT_ONCE = 500
"""Records that are looked at together."""

What = Verdict | Literal["kept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record that somebody has: the pool that it belongs to, and what is to become of it.

    `due` is the day on which the days of `rule` have passed; it `goes` then, or later where its owner is warned first.
    `kept_by` is the exception that keeps it. `protected` is the first day on which something may take it.
    """

    id: str
    version: int
    title: str
    owner: str
    pool: Pool
    what: What
    since: date
    rule: Reclaim | None = None
    due: date | None = None
    goes: date | None = None
    protected: date | None = None
    kept_by: str = ""


@dataclass(frozen=True, slots=True)
class _Held:
    """A record with its dates, as it was read."""

    id: str
    row: Mapping[str, Any]
    since: datetime
    zone: Any

    @property
    def day(self) -> date:
        return self.since.astimezone(self.zone).date()

    def start(self, rule: Reclaim) -> date:
        """The last of the dates from which a rule counts."""
        return max([self.day, *(day for name in rule.since if (day := self._day(self.row[f"at_{name}"])) is not None)])

    def _day(self, value: Any) -> date | None:
        return value.astimezone(self.zone).date() if isinstance(value, datetime) else value


def lines(unit: Unit, object_name: str, day: date, after: str = "") -> tuple[list[Line], str | None]:
    """What is to become on a day of the next records, in the order of ids; and the last one looked at, None at the end.

    `unit` acts for the system. Records that are not due, nor soon, are left out where the database can tell.
    """
    pools = facts.pools_of(unit, object_name)
    plan = plan_of(unit.runtime, object_name)
    asked = _held(unit, plan, pools).where(plan.table.c.id > after) if after else _held(unit, plan, pools)
    soon = _soon(unit, plan, pools, day)
    if soon is not None:
        asked = asked.where(soon)
    rows = unit.connection.execute(asked.order_by(plan.table.c.id).limit(AT_ONCE)).mappings().all()
    found = list(_judged(unit, object_name, pools, rows, day))
    return found, str(rows[-1]["id"]) if len(rows) == AT_ONCE else None


def of_records(unit: Unit, object_name: str, ids: Sequence[str], day: date) -> list[Line]:
    """The same of certain records, due or not; those that nobody has, or that belong to no pool, are left out."""
    pools, plan = facts.pools_of(unit, object_name), plan_of(unit.runtime, object_name)
    asked = _held(unit, plan, pools).where(plan.table.c.id.in_(list(ids)))
    return list(_judged(unit, object_name, pools, unit.connection.execute(asked).mappings().all(), day))


def _held(unit: Unit, plan: ObjectPlan, pools: Sequence[Pool]) -> Select[Any]:
    """Live records that people have, with what their clocks begin from."""
    table, mine = plan.table, and_(holds.c.object == plan.object.id, holds.c.record_id == plan.table.c.id)
    names = dict.fromkeys(name for pool in pools for rule in pool.reclaim for name in rule.since)
    dates = [table.c[plan.slots[name].keys[0]].label(f"at_{name}") for name in names]
    title = table.c[plan.slots[plan.object.title].keys[0]].label("title")
    # A hold of somebody else is one that was kept before the owner changed unseen: it says nothing of this one.
    own = and_(mine, holds.c.owner_id == table.c.owner_id)
    known = [holds.c[name] for name in ("since", "gained", "warned_rule", "warned_due", "warned_on")]
    asked = select(table.c.id, table.c.version, table.c.owner_id, table.c.created_at, title, *dates, *known)
    accounts = [each.record for each in unit.runtime.model.rights.queues.values()]
    return (
        asked.select_from(table.outerjoin(holds, own))
        .where(table.c.deleted_at.is_(None), table.c.owner_id.is_not(None), table.c.owner_id.not_in(accounts))
    )  # fmt: skip


def _soon(unit: Unit, plan: ObjectPlan, pools: Sequence[Pool], day: date) -> ColumnElement[bool] | None:
    """Whether a record can be due, or warned of, by a day; None where days depend on the record."""
    parts: list[ColumnElement[bool]] = []
    for pool in pools:
        for rule in pool.reclaim if facts.is_on(unit, pool) else ():
            if isinstance(rule.days, Formula) and rule.days.references:
                return None
            length = facts.amount(unit, rule.days)
            if length is not None:
                last = datetime.combine(day - timedelta(days=length - rule.warn - 1), time(), unit.company.zone)
                parts.append(_begun(plan, rule, last))
    return or_(*parts) if parts else None


def _begun(plan: ObjectPlan, rule: Reclaim, before: datetime) -> ColumnElement[bool]:
    """Whether each of the dates from which a rule counts lies before a moment."""
    table, last = plan.table, before.astimezone(UTC)
    parts: list[ColumnElement[bool]] = [func.coalesce(holds.c.since, table.c.created_at) < last]
    for name in rule.since:
        column = table.c[plan.slots[name].keys[0]]
        is_day = plan.object.fields[name].type.formula_type == "date"
        parts.append(or_(column.is_(None), column < (before.date() if is_day else last)))
    return and_(*parts)


def _judged(
    unit: Unit, object_name: str, pools: Sequence[Pool], rows: Sequence[Mapping[Any, Any]], day: date
) -> Iterator[Line]:
    if not rows:
        return
    asked = Asked(unit, object_name, [str(row["id"]) for row in rows], pools)
    away = absences(unit, {str(row["owner_id"]) for row in rows})
    on = {each.name for each in pools if facts.is_on(unit, each)}
    for row in rows:
        id = str(row["id"])
        pool = asked.home(pools, id)
        if pool is not None:
            held = _Held(id, row, row["since"] or row["created_at"], unit.company.zone)
            absent = away.get(str(row["owner_id"]), NEVER)
            yield _line(unit, asked, pool, held, absent, day, pool.name in on)


def _line(unit: Unit, asked: Asked, pool: Pool, held: _Held, away: Away, day: date, on: bool) -> Line:
    row = held.row
    protected = None
    if row["gained"] in ("claimed", "assigned"):
        length = asked.amount(pool.protect, held.id)
        protected = held.day + timedelta(days=length) if length else None
    known: dict[str, Any] = {
        "id": held.id,
        "version": int(row["version"]),
        "title": str(row["title"] or ""),
        "pool": pool,
    }
    known |= {"owner": str(row["owner_id"]), "since": held.day, "protected": protected}
    kept = next((each for each in pool.exceptions if asked.holds(each.when, held.id)), None)
    if kept is not None:
        return Line(**known, what="kept", kept_by=kept.key)
    found = _first(unit, asked, pool, held, away, protected) if on else None
    if found is None:
        return Line(**known, what="later")
    due, rule = found
    judged, ready = _verdict(unit, row, rule, due, away, day)
    goes = max(due, ready or day + timedelta(days=rule.warn))
    return Line(**known, what=judged, rule=rule, due=due, goes=due if judged == "later" else goes)


def _verdict(
    unit: Unit, row: Mapping[str, Any], rule: Reclaim, due: date, away: Away, day: date
) -> tuple[Verdict, date | None]:
    """What to do on a day, and from when on what was warned of may be taken.

    Whoever is away is neither warned nor loses anything meanwhile, and the days of a warning stand still.
    """
    if away.on(day):
        return "later", None
    warned, ready = row["warned_due"] if row["warned_rule"] == rule.key else None, None
    if warned is not None:
        calendar = unit.runtime.model.working_calendar
        ready = days.due_on(row["warned_on"], rule.warn, "all", calendar, away) if rule.warn else None
    judged = days.verdict(day, due, rule.warn, warned, ready)
    return judged, ready if judged in ("take", "warned") else None


def _first(
    unit: Unit, asked: Asked, pool: Pool, held: _Held, away: Away, protected: date | None
) -> tuple[date, Reclaim] | None:
    """The rule that is due first, and when."""
    calendar = unit.runtime.model.working_calendar
    found: list[tuple[date, int, Reclaim]] = []
    for at, rule in enumerate(pool.reclaim):
        length = asked.amount(rule.days, held.id) if asked.holds(rule.when, held.id) else None
        if length:
            due = days.due_on(held.start(rule), length, rule.count, calendar, away, protected)
            if due is not None:
                found.append((due, at, rule))
    first = min(found, key=lambda each: each[:2], default=None)
    return (first[0], first[2]) if first is not None else None
