"""Tests beside formulas: what a formula field, a computed field or a validation rule gives for given values.

They run in every check, so that a formula that stops doing what its author wanted cannot be published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from dougong.base.errors import FormulaError, Problem
from dougong.base.field_types import FieldLike
from dougong.base.language import Message, msg
from dougong.formulas import Context, Formula, Path, Type
from dougong.formulas import compile as compile_formula
from dougong.formulas.evaluation import EvaluationError, Failure
from dougong.formulas.types import FieldInfo, Value
from dougong.metadata.building.calendars import company_calendar
from dougong.metadata.building.fields import build_picklist, plain_field, yields
from dougong.metadata.checking.formula_values import Unfit, moment, read_value, shown
from dougong.metadata.checking.report import Spot, enumerated, field_at, repeated, spots
from dougong.metadata.component import Component
from dougong.metadata.index import FieldFacts, Index
from dougong.metadata.scope import FieldScope, formula_of
from dougong.metadata.violations import near

OUTSIDE = ("VLOOKUP", "CURRENCYRATE")
"""Functions that look at what no test can state: other records, the company's rates."""

_RESULTS = {"currency": Type.NUMBER, "percent": Type.NUMBER} | {str(each): each for each in Type}


def formula_tests(index: Index) -> Iterator[Problem]:
    """Tests that fail, or that cannot be what their author meant."""
    for kind in ("field", "validation_rule"):
        for spot, body in spots(index, kind):
            if body.get("tests") and spot.component.object in index.fields:
                yield from repeated(spot, "tests", body)
                yield from _tested(spot, body)


def _tested(spot: Spot, body: Mapping[str, Any]) -> Iterator[Problem]:
    index, scope = spot.index, FieldScope(spot.index, spot.component.object or "")
    try:
        formula = _rule(scope, body) if spot.component.kind == "validation_rule" else _field(index, spot, scope)
    except FormulaError:  # reported where the formula stands
        return
    except LookupError:
        reason = msg("Nothing computes this field, so there is nothing to test.")
        yield (spot / "tests").problem("formula-test-nothing", reason, msg("Take the tests out."))
        return
    if formula is None or any(_is_unknown(scope, path) for path in (*formula.references, *formula.variables)):
        return
    for name in OUTSIDE:
        if name in formula.functions:
            reason = msg("{function} looks at what a test cannot state.", function=name)
            yield (spot / "tests").problem("formula-test-outside", reason, msg("Take the tests out."))
            return
    for below, test in enumerated(spot, "tests", body):
        yield from _Run(below, scope, formula, test).problems()


def _is_unknown(scope: FieldScope, path: Path) -> bool:
    """Whether it is not known what the path holds, which is reported where that is said."""
    info = scope.resolve(path)
    return info is None or info.type is Type.UNKNOWN


def _rule(scope: FieldScope, body: Mapping[str, Any]) -> Formula | None:
    when = body.get("when")
    return compile_formula(when, scope, "boolean") if isinstance(when, str) else None


def _field(index: Index, spot: Spot, scope: FieldScope) -> Formula | None:
    """The formula of a field, rounded as the field keeps it; None where it has none that could be run.

    Raises:
        LookupError: nothing computes the field.
        FormulaError: its formula has mistakes.
    """
    facts = index.fields[scope.object][spot.component.own_name]
    if facts.type is None:
        return None
    if facts.type.name == "formula":
        return formula_of(index, facts)
    text = facts.body.get("compute", {}).get("formula")
    if "compute" not in facts.body:
        raise LookupError(facts.name)
    return _computed(index, scope, facts, text) if isinstance(text, str) else None


def _computed(index: Index, scope: FieldScope, facts: FieldFacts, text: str) -> Formula:
    field = plain_field(index, facts)
    return compile_formula(text, scope, yields(index, facts), scale=field.type.scale(cast(FieldLike, field)))


@dataclass(frozen=True, slots=True)
class _Run:
    """One test, run."""

    spot: Spot
    scope: FieldScope
    formula: Formula
    test: Mapping[str, Any]

    def problems(self) -> Iterator[Problem]:
        """Why the test fails or cannot be run."""
        found: list[Problem] = []
        given = self._values("given", found)
        before = self._values("before", found)
        found.extend(self._unfit())
        expected = self._expected(found)
        yield from found
        if found:
            return
        got = self._outcome(given, before)
        if got != expected:
            reason = msg(
                "The test {key} expects {expected}, and the formula gives {got}.",
                key=str(self.test.get("key")),
                expected=_said(expected),
                got=_said(got),
            )
            yield (self.spot / "expect").problem("formula-test", reason)

    def _unfit(self) -> Iterator[Problem]:
        if self.formula.uses_clock and "at" not in self.test:
            reason = msg("The formula looks at the clock, so the test must say when.")
            yield self.spot.problem("formula-test-moment", reason, msg('Add "at", such as 2026-03-01T09:00:00+08:00.'))
        if "before" in self.test and not self.formula.save_only:
            reason = msg("The formula does not look at what changed.")
            yield (self.spot / "before").problem("formula-test-before", reason, msg("Take the key out."))
        if "at" in self.test and self._moment() is None:
            yield (self.spot / "at").problem("formula-test-value", msg("There is no such moment."))

    def _moment(self) -> datetime | None:
        try:
            return moment(self.test["at"]) if "at" in self.test else datetime(2000, 1, 1, tzinfo=UTC)
        except ValueError:
            return None

    def _values(self, key: str, found: list[Problem]) -> dict[Path, Value]:
        """What the test says the formula reads; what is wrong with it is added to `found`."""
        values: dict[Path, Value] = {}
        for name, given in self.test.get(key, {}).items():
            where, path = self.spot / key / name, tuple(name.split("."))
            info = self.scope.resolve(path)
            known = info.path or path if info is not None else path
            if info is None or not self._is_read(known):
                reason = msg("The formula does not read {name}.", name=name)
                found.append(where.problem("formula-test-unread", reason, near(name, map(".".join, self._read()))))
                continue
            try:
                values[known] = _fitting(info, given)
            except Unfit:
                found.append(_no_value(where, info.type, given))
            except LookupError:
                reason = msg("{field} has no value {value}.", field=name, value=str(given))
                found.append(where.problem("formula-test-value", reason, near(str(given), info.values)))
        return values

    def _read(self) -> tuple[Path, ...]:
        return (*self.formula.references, *self.formula.variables)

    def _is_read(self, path: Path) -> bool:
        """Whether the formula reads `path`, or an attribute of the value there."""
        return any(path in (each, each[:-1]) for each in self._read())

    def _expected(self, found: list[Problem]) -> Value:
        expected, kind = self.test.get("expect"), _RESULTS[self.formula.result_type]
        if isinstance(expected, Mapping):
            return Failure(expected["error"])
        try:
            return read_value(kind, expected)
        except Unfit:
            found.append(_no_value(self.spot / "expect", kind, expected))
        return None

    def _outcome(self, given: Mapping[Path, Value], before: Mapping[Path, Value]) -> Value:
        context = Context(
            now=self._moment(),
            timezone=(self._moment() or datetime.now(UTC)).tzinfo or UTC,
            variables=self._reader(given),
            is_new="before" not in self.test,
            prior=self._reader({**given, **before}) if "before" in self.test else None,
            calendar=company_calendar(self.spot.index),
        )
        try:
            got = self.formula.evaluate(self._reader(given), context)
        except EvaluationError as error:
            return error.kind
        if got is None or got == "":
            return False if self.formula.type is Type.BOOLEAN else None
        return got

    def _reader(self, values: Mapping[Path, Value]) -> Any:
        return lambda path: values[path] if path in values else self._attribute(values, path)

    def _attribute(self, values: Mapping[Path, Value], path: Path) -> Value:
        """What the value chosen in a picklist field has; blank, or no, where the test says nothing."""
        info, chosen = self.scope.resolve(path), values.get(path[:-1])
        facts = field_at(self.scope.index, self.scope.object, ".".join(path[:-1])) if chosen else None
        body = self.scope.index.picklist_body(facts) if facts is not None else None
        if body is not None:
            value = build_picklist("", body).values[str(chosen)].attributes.get(path[-1])
            if value is not None:
                return value
        return False if info is not None and info.type is Type.BOOLEAN else None


def _fitting(info: FieldInfo, given: Any) -> Value:
    """The value that a test gives.

    Raises:
        Unfit: it is none of the type.
        LookupError: the picklist does not have it.
    """
    value = read_value(info.type, given)
    chosen = value if isinstance(value, frozenset) else {value} - {None}
    if info.values and not chosen <= set(info.values):
        raise LookupError(given)
    return value


def _no_value(spot: Spot, kind: Type, given: Any) -> Problem:
    reason = msg("{value} is no value of the type {type}.", value=str(given), type=kind.label)
    return spot.problem("formula-test-value", reason, msg('Write numbers and days as text: "0.2", "2026-03-01".'))


def _said(value: Value) -> Message | str:
    return msg("the error {error}", error=value.value) if isinstance(value, Failure) else shown(value)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test of a formula, run on a text that is not published yet: `problems` say why it fails."""

    key: str
    test: Mapping[str, Any]
    problems: tuple[Problem, ...]


def outcomes(index: Index, component: Component, formula: Formula) -> tuple[Outcome, ...]:
    """The tests that stand in `component`, run on `formula` over its object."""
    scope = FieldScope(index, component.object or "")
    runs = enumerated(Spot(index, component), "tests", component.body)
    return tuple(
        Outcome(str(test.get("key", "")), test, tuple(_Run(below, scope, formula, test).problems()))
        for below, test in runs
    )
