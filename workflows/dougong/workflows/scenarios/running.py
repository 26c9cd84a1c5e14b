"""A test of a configuration, carried out: all of it in one transaction that is undone at the end.

Everything happens at the test's moment and under its settings. Automations that are set off follow each deed, and time
passes where a deed says so. Nothing leaves: mails and calls are rows of the transaction, which go with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from dougong.base.errors import DougongError, NotFound, Place, Problem
from dougong.base.field_types import Reference, ValueRefused
from dougong.base.language import Message, msg
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Query, Sort
from dougong.engine.reading.listing import LARGEST_PAGE
from dougong.engine.runtime import Runtime
from dougong.engine.saving.batch import Create, Delete, Saved, Update
from dougong.engine.unit import Unit
from dougong.metadata.model import Field
from dougong.metadata.scenario import THE_DEED, Deed, Expected, Given, Scenario
from dougong.workflows.approvals import service
from dougong.workflows.approvals.state import Approve, Reject
from dougong.workflows.notices.tables import notices
from dougong.workflows.scenarios.following import Following
from dougong.workflows.working_time import due_at, working_time

A_DAY = timedelta(days=1)
"""Time passes a day at a time: what comes on one day is done before the next, and a daily schedule comes each day."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test: nothing is wrong where `problems` is empty."""

    scenario: Scenario
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        """Whether everything followed that was expected."""
        return not self.problems


class _Undo(Exception):
    """No error: the way out of a transaction that is not to stay."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems


def run(company: Company, scenario: Scenario) -> Outcome:
    """Carry out one test in `company`; nothing of it stays."""

    def tried(unit: Unit) -> None:
        raise _Undo(tuple(_Trial(unit, scenario).problems()))

    try:
        company.write(SYSTEM, tried)
    except _Undo as undone:
        return Outcome(scenario, undone.problems)
    raise AssertionError("a test is always undone")


@dataclass
class _Trial:
    """One test under way: people and records by key, and how its deed went."""

    outer: Unit
    scenario: Scenario
    people: dict[str, Actor] = field(default_factory=dict)
    records: dict[str, tuple[str, str]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    refused: tuple[Problem, ...] = ()
    warned: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        self.now = self.until = (self.scenario.at or datetime.now(UTC)).astimezone(UTC)
        self.following = Following(self._acting, self.people)

    def problems(self) -> Iterator[Problem]:
        """What is not as expected."""
        for number, given in enumerate(self.scenario.given):
            try:
                self._give(given)
            except DougongError as error:
                reason = msg("What is given cannot be made: {why}", why=_said(error.problems))
                yield self._problem("test-given-refused", reason, f"/given/{number}")
                return
            yield from self._settled(f"/given/{number}")
        try:
            with self.outer.connection.begin_nested():
                self._do(self.scenario.when, THE_DEED)
        except DougongError as error:
            self.refused = error.problems
        yield from self._settled("/when")
        expected = [each for each in self.scenario.then if each.refused_by is not None]
        if self.refused and not expected:
            reason = msg("It was refused, which was not expected: {why}", why=_said(self.refused))
            yield self._problem("test-refused", reason, "/when")
        for number, each in enumerate(self.scenario.then):
            yield from self._followed(each, f"/then/{number}")

    def _settled(self, pointer: str) -> Iterator[Problem]:
        """Let follow what follows, and time pass where it does; what automations fail by."""
        failed = [*self.following.catch_up()]
        while self.now < self.until:
            since, self.now = self.now, min(self.now + A_DAY, self.until)
            failed += self.following.pass_time(since)
        for each in failed:
            yield self._problem("test-follows", msg("An automation failed: {why}", why=each.reason), pointer)

    def _problem(self, code: str, reason: Message, pointer: str) -> Problem:
        return Problem(code=code, reason=reason, thing=f"test:{self.scenario.name}", place=Place(pointer=pointer))

    # -- what happens ---------------------------------------------------------------------------------------------
    def _unit(self, by: str | None, why: str = "") -> Unit:
        """A unit of the transaction in which somebody acts at the test's moment."""
        return self._acting(self.people[by] if by is not None else SYSTEM, why)

    def _acting(self, actor: Actor, why: str = "") -> Unit:
        return Unit(self.outer.company, self.outer.connection, self._runtime, actor, self.now, why)

    @property
    def _runtime(self) -> Runtime:
        """The revision in force, under the settings that are given so far."""
        runtime = self.outer.runtime
        if not self.settings:
            return runtime
        settings = MappingProxyType({**runtime.model.settings, **self.settings})
        return dataclasses.replace(runtime, model=dataclasses.replace(runtime.model, settings=settings), prepared={})

    def _give(self, given: Given) -> None:
        if given.setting is not None:
            self.settings[given.setting] = given.value
        elif given.roles is not None:
            values = {"name": given.key, "login": given.key, "roles": list(given.roles)}
            values |= self._values("user", given.values)
            made = self._save(self._unit(None), Create("user", values)).changes[0].id
            self.records[given.key] = ("user", made)
            self.people[given.key] = Actor(user_id=made, name=str(values["name"]), login=str(values["login"]))
        elif given.deed is not None:
            self._do(given.deed, given.key)

    def _do(self, deed: Deed, key: str) -> None:
        if deed.does == "wait":
            worked = working_time(self.outer.runtime.model, self.outer.company.zone)
            self.until = due_at(self.now, deed.on, worked)
            return
        unit = self._unit(deed.by, deed.why)
        if deed.does == "create":
            saved = self._save(unit, Create(deed.on, self._values(deed.on, deed.values)))
            self.records[key] = (deed.on, saved.changes[0].id)
            return
        object_name, id = self.records[deed.on]
        if deed.does == "update":
            self._save(unit, Update(object_name, id, self._values(object_name, deed.values)))
        elif deed.does == "delete":
            self._save(unit, Delete(object_name, id))
        elif deed.does == "submit":
            service.submit(unit, str(deed.to), id, comment=deed.why)
        else:
            self._decide(unit, deed, object_name, id)

    def _save(self, unit: Unit, change: Create | Update | Delete) -> Saved:
        saved = unit.records.save([change])
        self.warned = saved.warnings
        return saved

    def _decide(self, unit: Unit, deed: Deed, object_name: str, id: str) -> None:
        """Approve or reject, where it is the person's turn."""
        by = str(unit.actor.user_id)
        for each in service.of_record(unit, object_name, id):
            found = service.instance(unit, each.id)
            if found.status == "open" and found.entry is not None:
                act = Approve if deed.does == "approve" else Reject
                service.act(unit, found.id, act(entry=found.entry, by=by, opinion=deed.why))
                return
        reason = msg("It is not the turn of {person}.", person=unit.actor.name)
        raise NotFound(Problem(code="test-not-their-turn", reason=reason))

    def _values(self, object_name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        fields = self.outer.runtime.model.objects[object_name].fields
        return {name: self._value(value, fields.get(name)) for name, value in values.items()}

    def _value(self, value: Any, field: Field | None = None) -> Any:
        """``@key`` as the id of a record that is there, with its object where the field may lead to several."""
        if not (isinstance(value, str) and value.startswith("@") and value[1:] in self.records):
            return value
        object_name, id = self.records[value[1:]]
        return f"{object_name}:{id}" if field is not None and len(field.targets) > 1 else id

    # -- what follows ---------------------------------------------------------------------------------------------
    def _followed(self, expected: Expected, place: str) -> Iterator[Problem]:
        if expected.refused_by is not None and not _names(self.refused, expected.refused_by):
            told = _said(self.refused) if self.refused else msg("it was not refused")
            reason = msg("It should have been refused by {rule}: {told}", rule=expected.refused_by, told=told)
            yield self._problem("test-not-refused", reason, place)
        if expected.warned_by is not None and not _names(self.warned, expected.warned_by):
            reason = msg("It should have been warned by {rule}.", rule=expected.warned_by)
            yield self._problem("test-not-warned", reason, place)
        if expected.record is not None:
            yield from self._as_expected(expected, place)
        if expected.object is not None:
            yield from self._counted(expected, place)
        if expected.told is not None:
            yield from self._told(expected, place)

    def _counted(self, expected: Expected, place: str) -> Iterator[Problem]:
        """Records that the test has led to."""
        unit, name = self._unit(None), str(expected.object)
        columns, fields = tuple(expected.has), unit.runtime.model.objects[name].fields
        rows = unit.records.query(
            Query(object=name, columns=columns, sort=(Sort("id", descending=True),), limit=LARGEST_PAGE)
        ).rows
        wanted = [_json(fields[each], self._wanted(unit, fields[each], expected.has[each])) for each in columns]
        found = [
            row.id
            for row in rows
            if row.id > self.following.begun
            and [_json(fields[each], value) for each, value in zip(columns, row.values, strict=True)] == wanted
        ]
        wanted_count = 1 if expected.count is None else expected.count
        if len(found) != wanted_count:
            reason = msg("There are {found} such records, not {wanted}.", found=len(found), wanted=wanted_count)
            yield self._problem("test-count", reason, f"{place}/object")

    def _told(self, expected: Expected, place: str) -> Iterator[Problem]:
        """What a user was told in the test."""
        mine = (notices.c.user_id == self.people[str(expected.told)].user_id, notices.c.id > self.following.begun)
        titles = self.outer.connection.scalars(select(notices.c.title).where(*mine).order_by(notices.c.id)).all()
        found = sum(any(expected.says in text for text in title.values()) for title in titles)
        if not found if expected.count is None else found != expected.count:
            told = ", ".join(dict.fromkeys(text for title in titles for text in title.values())) or "–"
            text = msg(
                "{person} was told so {n} times. All notices: {told}", person=f"@{expected.told}", n=found, told=told
            )
            yield self._problem("test-not-told", text, f"{place}/told")

    def _as_expected(self, expected: Expected, place: str) -> Iterator[Problem]:
        key = str(expected.record)
        if key not in self.records:
            reason = msg("There is no record {record}: it was not made.", record=f"@{key}")
            yield self._problem("test-no-record", reason, place)
            return
        object_name, id = self.records[key]
        unit = self._unit(None)
        try:
            record = unit.records.get(object_name, id)
        except NotFound:
            if expected.gone is not True:
                reason = msg("The record {record} is gone.", record=f"@{key}")
                yield self._problem("test-no-record", reason, place)
            return
        if expected.gone is True:
            yield self._problem("test-no-record", msg("The record {record} is there.", record=f"@{key}"), place)
        fields = unit.runtime.model.objects[object_name].fields
        for name, wanted in expected.has.items():
            found = _json(fields[name], record.values.get(name))
            if found != _json(fields[name], self._wanted(unit, fields[name], wanted)):
                reason = msg("{field} is {found}, not {wanted}.", field=name, found=str(found), wanted=str(wanted))
                yield self._problem("test-value", reason, f"{place}/has/{name}")
        if expected.approval is not None:
            found = next((each.status for each in service.of_record(unit, object_name, id)), "none")
            if found != expected.approval:
                reason = msg("The approval is {found}, not {wanted}.", found=found, wanted=expected.approval)
                yield self._problem("test-approval", reason, f"{place}/approval")

    def _wanted(self, unit: Unit, field: Field, wanted: Any) -> Any:
        """What a document expects, as the field keeps it; as it stands where the field does not take it."""
        value = self._value(wanted)
        if value is None or field.type.refers:
            return value
        try:
            return field.type.coerce(field, value, unit.reading)
        except ValueRefused:
            return value


def _json(field: Field, value: Any) -> Any:
    if isinstance(value, Reference):
        return value.id
    if value is None or field.type.refers:
        return value
    return field.type.to_json(field, value)


def _names(problems: tuple[Problem, ...], rule: str) -> bool:
    """Whether one of the problems comes from a rule: its address, with or without the element, or its code."""
    return any(rule in (each.thing, each.thing.partition("#")[0], each.code) for each in problems)


def _said(problems: tuple[Problem, ...]) -> Message:
    """The first of several problems as a sentence."""
    return problems[0].reason
