"""A formula as the form of the editor has it: one that stands somewhere, or that of a rule to be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dougong.base.errors import Place, Problem, Rejected
from dougong.base.language import LANGUAGES, msg
from dougong.engine.formula_scope import scope_of
from dougong.metadata.component import Component
from dougong.metadata.index import Index
from dougong.metadata.model import Object
from dougong.web.formula_change import SEVERITIES, TIMES, Edit, FieldForm, RuleForm, with_tests
from dougong.web.formula_places import RULE, FormulaPlace, place
from dougong.web.formula_tests_form import expectation, made_tests, typed
from dougong.web.pages.formulas import MOST_DECIMALS, object_named, record_chosen
from dougong.web.visit import Visit, whole_number

TESTED = ("/formula", "/compute/formula", "/when")
"""Where formulas stand that tests beside them are of."""


_NAME = re.compile(r"(?=.{1,40}$)[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Opened:
    """A formula as the form has it: its place, the text, what goes with it, what its tests expect.

    `made` are the tests that the form adds. `new` is the name typed for a rule that there is not yet, else None.
    """

    object: Object
    place: FormulaPlace
    text: str
    record: str
    rule: RuleForm | None
    field: FieldForm | None
    expected: Mapping[str, Any]
    dropped: frozenset[str]
    made: tuple[Mapping[str, Any], ...] = ()
    new: str | None = None

    @property
    def tested(self) -> bool:
        """Whether tests may stand beside it."""
        return self.place.component.kind in ("field", "validation_rule") and self.place.pointer in TESTED

    @property
    def tests(self) -> list[dict[str, Any]]:
        """The tests that stand beside it and those that the form adds, as they are expected now."""
        known = [*self.place.component.body.get("tests", ()), *self.made]
        return [{**each, "expect": self.expected.get(each.get("key"), each.get("expect"))} for each in known]

    def edit(self, text: str) -> Edit:
        """The change that the form makes, the formula written as `text`."""
        body = self.place.component.body
        values: dict[str, Any] = {self.place.path: text}
        for beside in (self.rule, self.field):
            values |= beside.values(body) if beside else {}
        values |= with_tests(body, self.tests, self.dropped) if self.tested else {}
        return Edit(self.place, values, new=self.new is not None)

    def refuse_incomplete(self, index: Index) -> None:
        """Raise where a new rule lacks something, or its name is taken.

        Raises:
            Rejected: every such thing, at its field of the form.
        """
        if self.new is None or self.rule is None:
            return
        problems = []
        if not _NAME.fullmatch(self.new):
            reason, fix = msg("The rule needs a name."), msg("Write lower-case letters, digits and _, a letter first.")
            problems.append(Problem(code="rule-nameless", thing="name", reason=reason, fix=fix,
                                    place=Place(field="name")))  # fmt: skip
        elif self.place.component.address in index.components:
            reason, fix = msg("There is a rule {name} already.", name=self.new), msg("Choose another name.")
            problems.append(Problem(code="rule-taken", thing="name", reason=reason, fix=fix, place=Place(field="name")))
        if not any(self.rule.messages.values()):
            reason, fix = msg("The rule needs a message."), msg("Write what is wrong and how to mend it.")
            problems.append(Problem(code="rule-silent", thing="message", reason=reason, fix=fix,
                                    place=Place(field="message")))  # fmt: skip
        if problems:
            raise Rejected(problems)


def index_of(visit: Visit) -> Index:
    """The metadata in force."""
    return scope_of(visit.unit, "").index


def standing(visit: Visit, address: str, pointer: str) -> Opened:
    """A formula as it stands.

    Raises:
        NotFound: there is none there, or the reader may not see it.
    """
    found = place(visit, index_of(visit), address, pointer)
    obj = _object_of(visit, found.component)
    tests = {str(each.get("key")): each.get("expect") for each in found.component.body.get("tests", ())}
    record = record_chosen(visit, obj, visit.asked("record"), visit.asked("record_text"))
    rule = RuleForm.of(found.component.body) if found.component.kind == "validation_rule" else None
    field = FieldForm.of(found.component.body) if _is_field(found) else None
    return Opened(obj, found, found.text, record, rule, field, tests, frozenset())


def rule_to_be(visit: Visit) -> Opened:
    """An empty rule of the object that the address names."""
    obj = object_named(visit, visit.asked("rule_of"))
    found = _new_place(visit, obj, "")
    return Opened(obj, found, "", "", RuleForm.of(found.component.body), None, {}, frozenset(), new="")


def sent(visit: Visit) -> Opened:
    """The formula as the form was sent.

    Raises:
        NotFound: there is none where the form says, or the reader may not see it.
    """
    new = visit.sent("name").strip() if visit.sent("rule_of") else None
    if new is None:
        found = place(visit, index_of(visit), visit.sent("of"), visit.sent("place"))
        obj = _object_of(visit, found.component)
    else:
        obj = visit.object(visit.sent("rule_of"))
        found = _new_place(visit, obj, new)
    made = made_tests(visit)
    tests = {str(each.get("key")): each.get("expect") for each in (*found.component.body.get("tests", ()), *made)}
    return Opened(
        object=obj,
        place=found,
        text=visit.sent("formula").replace("\r\n", "\n"),
        record=record_chosen(visit, obj, visit.sent("record"), visit.sent("record_text")),
        rule=_rule(visit) if found.component.kind == "validation_rule" else None,
        field=_field(visit) if _is_field(found) else None,
        expected={key: expectation(visit.sent(f"test.{key}", typed(was)), was) for key, was in tests.items()},
        dropped=frozenset(visit.sent_all("drop")),
        made=made,
        new=new,
    )


def _object_of(visit: Visit, component: Component) -> Object:
    return visit.object(component.name if component.kind == "object" else component.object or "")


def _is_field(found: FormulaPlace) -> bool:
    return found.component.kind == "field" and found.pointer == "/formula"


def _new_place(visit: Visit, obj: Object, name: str) -> FormulaPlace:
    full = f"{obj.name}.{name}"
    body = {"kind": "validation_rule", "name": full, "object": obj.name, "when": ""}
    component = Component("validation_rule", full, body)
    title = visit.say(msg("New validation rule"))
    return FormulaPlace(component, "/when", "when", RULE, title, "", component.layer)


def _rule(visit: Visit) -> RuleForm:
    severity, active = visit.sent("severity"), visit.sent("active")
    return RuleForm(
        labels={tag: visit.sent(f"label.{tag}").strip()[:100] for tag in LANGUAGES},
        messages={tag: visit.sent(f"message.{tag}").strip()[:2000] for tag in LANGUAGES},
        at=tuple(dict.fromkeys(visit.sent_all("at"))),
        severity=severity if severity in SEVERITIES else SEVERITIES[0],
        on=tuple(each for each in TIMES if each in visit.sent_all("on")),
        record_types=tuple(dict.fromkeys(visit.sent_all("record_types"))),
        active=active if active in ("on", "off", "by") else "on",
        switch=visit.sent("switch").strip(),
    )


def _field(visit: Visit) -> FieldForm:
    scale = whole_number(visit.sent("scale"))
    return FieldForm(
        labels={tag: visit.sent(f"label.{tag}").strip()[:100] for tag in LANGUAGES},
        scale="" if scale is None or scale > MOST_DECIMALS else str(scale),
        blanks="zero" if visit.sent("blanks") == "zero" else "blank",
    )
