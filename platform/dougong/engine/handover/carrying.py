"""Carrying a handover out, or rehearsing it: the same code, whose transaction is given up in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from dougong.base.errors import BadRequest, Forbidden, Problem
from dougong.base.ids import record_id
from dougong.base.language import Message, msg
from dougong.engine.access import Right
from dougong.engine.actor import Actor
from dougong.engine.audit import Event, record
from dougong.engine.entering import ACTIVE, FROZEN, may_enter
from dougong.engine.handover.dealing import AT_ONCE, Dealer, Held, held, unseen
from dougong.engine.handover.holdings import KEPT, PERSON, Holding, Kept, holdings, readable
from dougong.engine.handover.rules import Handover, written
from dougong.engine.reading.covering import covered
from dougong.engine.reading.readers import titles
from dougong.engine.saving.batch import Update
from dougong.engine.sign_in_tables import tokens
from dougong.engine.tables import operations

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.unit import Unit

KIND = "handover"
"""The kind of operation in ``dg_operation``."""

UNDO_DAYS = 30
SAMPLE = 5
"""How many records of a line are named."""

MOST_REFUSALS = 100
"""How many records that do not move are named with the reason; beyond, they are counted."""

RIGHT = "manage_users"


@dataclass(frozen=True, slots=True)
class Moved:
    """A record that moves: `to` is a user id, "" for a manager whom nobody follows."""

    object: str
    id: str
    title: str
    to: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that does not move, and the rule or right that stands against it."""

    object: str
    id: str
    title: str
    reason: Message


@dataclass(slots=True)
class Line:
    """What becomes of one holding: how many go to whom, how many stay because they are closed, withheld, or left."""

    key: str
    moved: Counter[str] = field(default_factory=Counter)
    closed: int = 0
    withheld: int = 0
    refused: int = 0
    left: int = 0
    sample: tuple[Moved, ...] = ()

    @property
    def total(self) -> int:
        """How many records move."""
        return sum(self.moved.values())


@dataclass(slots=True)
class Outcome:
    """What a handover did, or would do. `hidden`: the person has more than whoever hands over may see."""

    user: str
    operation: str
    lines: list[Line] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    hidden: bool = False
    groups: int = 0
    queues: int = 0
    tokens: int = 0
    kept: dict[str, Any] = field(default_factory=dict)
    """What moved of the platform's own tables, by key: to whom, and the ids."""

    @property
    def total(self) -> int:
        """How many records and other things move."""
        return sum(line.total for line in self.lines)


class _Rehearsed(Exception):
    """Gives up the transaction of a rehearsal, with what it found."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def preview(company: Company, actor: Actor, asked: Handover, why: str = "") -> Outcome:
    """What `hand_over` would do, found by doing it and giving the transaction up.

    Raises:
        Forbidden, BadRequest: as `hand_over`.
    """

    def work(unit: Unit) -> None:
        raise _Rehearsed(hand_over(unit, asked))

    try:
        company.write(actor, work, why=why)
    except _Rehearsed as rehearsed:
        return rehearsed.outcome
    raise AssertionError("a rehearsal ends by giving up")


def hand_over(unit: Unit, asked: Handover) -> Outcome:
    """Hand over what `asked` says, in the unit's transaction, with the rights of its actor. What a rule or right
    stands against stays, and is told.

    Raises:
        Forbidden: the actor does not manage users.
        NotFound: there is no such person.
        BadRequest: a receiver cannot take over, a holding is unknown, or nobody is named.
    """
    if not unit.access.has(RIGHT):
        raise Forbidden(Problem(code="not-allowed", thing=RIGHT, reason=msg("You may not manage users.")))
    leaver = unit.records.get(PERSON, asked.user)
    _check(unit, asked)
    name = str(leaver.values.get("name") or leaver.values.get("login") or "")
    said = msg("Handed over from {name}", name=name).to(unit.actor.language)
    outcome = _Carrying(unit, asked, f"{said}: {unit.why}" if unit.why else said).run()
    _remember(unit, asked, outcome, name)
    if asked.afterwards != "stay":
        change: Mapping[str, Any] = {FROZEN: True} if asked.afterwards == "freeze" else {ACTIVE: False}
        unit.records.save([Update(PERSON, asked.user, change)])
    return outcome


def _check(unit: Unit, asked: Handover) -> None:
    known = {each.key for each in holdings(unit.runtime.model) if readable(unit.access, each)} | set(KEPT)
    if asked.afterwards != "stay" and asked.user == unit.actor.user_id:
        raise BadRequest(Problem(code="freeze-oneself", thing=asked.user, reason=msg("Nobody can freeze themselves.")))
    problems = [
        Problem(code="handover-holding", thing=key, reason=msg("Nothing called {key} can be handed over.", key=key))
        for key in asked.parts
        if key not in known
    ]
    for user in asked.receivers:
        page = unit.records.get(PERSON, user)
        if user == asked.user or not may_enter(page.values):
            name = page.values.get("name") or page.values.get("login") or user
            reason = msg("{name} cannot take over: they are leaving, switched off or frozen.", name=name)
            problems.append(Problem(code="handover-receiver", thing=user, reason=reason))
    if problems:
        raise BadRequest(problems)


class _Carrying:
    """One handover on its way, holding by holding, parents before what follows them."""

    def __init__(self, unit: Unit, asked: Handover, why: str) -> None:
        acting = unit.acting(unit.actor)
        acting.why, acting.memory = why, unit.memory
        self.unit, self.asked = acting, asked
        self.outcome = Outcome(asked.user, record_id())
        self.dealer = Dealer(self.unit, asked)

    def run(self) -> Outcome:
        for holding in holdings(self.unit.runtime.model):
            if not readable(self.unit.access, holding):
                self.outcome.hidden |= holding.usual and unseen(self.unit, holding, self.asked.user)
            elif line := self._holding(holding):
                self.outcome.lines.append(line)
        for kept in KEPT.values():
            if line := self._kept(kept):
                self.outcome.lines.append(line)
        self._what_ends()
        return self.outcome

    def _holding(self, holding: Holding) -> Line | None:
        line, part = Line(holding.key), self.asked.part(holding.key)
        records = held(self.unit, holding, self.asked.user)
        self.outcome.hidden |= holding.usual and unseen(self.unit, holding, self.asked.user)
        if not records:
            return None
        if (part is None and not holding.usual) or (part is not None and part.leave):
            line.left = len(records)
            return line
        if not self.asked.closed:
            line.closed = sum(each.closed for each in records)
            records = [each for each in records if not each.closed]
        right: Right = "transfer" if holding.owned else "edit"
        allowed = covered(self.unit, right, holding.object, [each.id for each in records])
        line.withheld = len(records) - len(allowed)
        self._move(holding, [each for each in records if each.id in allowed], line)
        return line

    def _move(self, holding: Holding, records: Sequence[Held], line: Line) -> None:
        dealt = list(self.dealer.deal(holding, list(records)))
        sample: list[tuple[str, str]] = []
        for some in _chunks(dealt):
            changes = [
                Update(holding.object.name, each.id, {holding.field.name: to}, version=each.version)
                for each, to in some
            ]
            saved = self.unit.records.save(changes, partial=True, operation=self.outcome.operation)
            for change in saved.changes:
                to = some[change.row - 1][1] or ""
                line.moved[to] += 1
                sample += [(change.id, to)] if len(sample) < SAMPLE else []
            self._refused(holding, [(some[(each.place.row or 1) - 1][0].id, each.reason) for each in saved.problems])
            line.refused += len({each.place.row for each in saved.problems})
        line.sample = tuple(self._named(holding, sample))

    def _named(self, holding: Holding, sample: Sequence[tuple[str, str]]) -> Iterator[Moved]:
        name = holding.object.name
        known = titles(self.unit, {name: {id for id, _ in sample}}) if sample else {}
        for id, to in sample:
            yield Moved(name, id, known.get((name, id), ""), to)

    def _refused(self, holding: Holding, problems: Sequence[tuple[str, Message]]) -> None:
        wanted = problems[: MOST_REFUSALS - len(self.outcome.refused)]
        name = holding.object.name
        known = titles(self.unit, {name: {id for id, _ in wanted}}) if wanted else {}
        for id, reason in wanted:
            self.outcome.refused.append(Refusal(name, id, known.get((name, id), ""), reason))

    def _kept(self, kept: Kept) -> Line | None:
        """Rows of a table of the platform go to the first who takes over: nobody works with several people's lists."""
        table, part = kept.table, self.asked.part(kept.key)
        ids = [str(each) for each in self.unit.connection.scalars(_of(table, self.asked.user))]
        if not ids:
            return None
        to = next(iter((part.to if part else ()) or self.asked.to), None)
        if (part is not None and part.leave) or to is None:
            return Line(kept.key, left=len(ids))
        give(self.unit, kept, self.asked.user, to, ids)
        self.outcome.kept[kept.key] = {"to": to, "ids": ids}
        return Line(kept.key, Counter({to: len(ids)}))

    def _what_ends(self) -> None:
        """What is the person's own and is nobody else's afterwards: places in groups and queues, API tokens."""
        link = self.unit.runtime.storage.links.get("field:group.members")
        if link is not None:
            mine = select(func.count()).where(link.target == self.asked.user)
            self.outcome.groups = self.unit.connection.scalar(mine) or 0
        members = self.unit.runtime.storage.links.get("field:user.queue_members")
        if members is not None:
            mine = select(func.count()).where(members.target == self.asked.user)
            self.outcome.queues = self.unit.connection.scalar(mine) or 0
        mine = select(func.count()).where(tokens.c.user_id == self.asked.user)
        self.outcome.tokens = self.unit.connection.scalar(mine) or 0


def _of(table: Any, user: str) -> Any:
    return select(table.c.id).where(table.c.owner_id == user).order_by(table.c.id)


def give(unit: Unit, kept: Kept, giver: str, to: str, ids: Sequence[str]) -> int:
    """Let rows of `kept` that are still the giver's be `to`'s; how many they are."""
    values: dict[str, Any] = {"owner_id": to}
    if "owner" in kept.table.c:
        values["owner"] = str(unit.records.get(PERSON, to).values.get("name") or "")
    mine = update(kept.table).where(kept.table.c.id.in_(ids), kept.table.c.owner_id == giver)
    return unit.connection.execute(mine.values(**values)).rowcount


def _chunks(dealt: Sequence[tuple[Held, str | None]]) -> Iterator[Sequence[tuple[Held, str | None]]]:
    return (dealt[start : start + AT_ONCE] for start in range(0, len(dealt), AT_ONCE))


def _remember(unit: Unit, asked: Handover, outcome: Outcome, name: str) -> None:
    """Keep what moved, for the page that tells of it and for taking it back; the log has the counts."""
    counts = {line.key: dict(line.moved) for line in outcome.lines if line.total}
    unit.connection.execute(
        insert(operations).values(
            id=outcome.operation,
            kind=KIND,
            title=name,
            object=unit.runtime.model.objects[PERSON].id,
            record_id=asked.user,
            actor_id=unit.actor.user_id,
            actor=unit.actor.name,
            at=unit.now,
            state="done",
            undo_until=unit.now + timedelta(days=UNDO_DAYS),
            details={"asked": written(asked), "counts": counts, "kept": outcome.kept, **told(outcome)},
        )
    )
    data = {"operation": outcome.operation, "counts": counts, "closed": asked.closed, "afterwards": asked.afterwards}
    record(unit, Event("handed_over", target=f"user:{asked.user}", data=data))


def told(outcome: Outcome) -> dict[str, Any]:
    """What stays, as the operation keeps it."""
    return {
        "stays": {
            line.key: {
                name: count for name in ("closed", "withheld", "refused", "left") if (count := getattr(line, name))
            }
            for line in outcome.lines
            if line.closed or line.withheld or line.refused or line.left
        },
        "hidden": outcome.hidden,
    }
