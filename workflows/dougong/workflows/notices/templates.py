"""Templates as each reader gets them: with what they may read, written as their language and zone write it.

A place that the reader may not fill in stands as one without a value does, so that nothing is told of either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from dougong.base.errors import Forbidden, NotFound, Problem
from dougong.base.field_types import Reference
from dougong.base.language import LANGUAGES, Labels, msg
from dougong.engine.fields.text import plain_text, sanitised
from dougong.engine.query import Condition, Query
from dougong.engine.reading.paths import ResolvedPath, usable
from dougong.engine.reading.written import sees
from dougong.metadata.message_template import Merge, MessageTemplate, Text, Texts, Wording
from dougong.metadata.steps import Step
from dougong.web.formats import Formats, formats
from dougong.workflows.automations.people import acting_person
from dougong.workflows.notices import telling
from dougong.workflows.notices.preferences import MAIL
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dougong.engine.unit import Unit
    from dougong.workflows.notices.telling import Notice

NOTHING = "–"
"""What stands for a value that is blank, or not for the reader."""

_TOKEN = 0xE000
"""Characters of no script that stand for places while markup is cleaned."""


@dataclass(frozen=True, slots=True)
class Said:
    """A template for one reader: `title` and `body` by language; `ways` as a notice takes them."""

    title: Labels
    body: Labels
    ways: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))


def named(unit: Unit, name: str) -> MessageTemplate:
    """A template of the company.

    Raises:
        NotFound: there is none of this name.
    """
    found = unit.runtime.model.workflows.templates.get(name)
    if found is None:
        reason = msg("There is no message template {name}.", name=name)
        raise NotFound(Problem(code="template-unknown", thing=f"message_template:{name}", reason=reason))
    return found


def said(unit: Unit, template: MessageTemplate, record: str, reader: str) -> Said | None:
    """What a user is told of a record; None for who may not sign in."""
    try:
        actor = acting_person(unit, reader, f"message_template:{template.name}")
    except Forbidden:
        return None
    return _Reader(unit.acting(actor), template, record).said()


def tell(unit: Unit, people: Sequence[str], name: str, notice: Notice) -> None:
    """Tell each of `people` of the record of `notice` by the template `name`, whose texts take the place of its own."""
    template = named(unit, name)
    for person in dict.fromkeys(people):
        found = said(unit, template, str(notice.record), person)
        if found is not None:
            telling.tell(unit, [person], replace(notice, title=found.title, body=found.body, ways=found.ways))


class _Reader:
    """One reader of one record: what the places of a template are for them."""

    def __init__(self, unit: Unit, template: MessageTemplate, record: str) -> None:
        """`unit` acts as the reader."""
        self.unit, self.template, self.record = unit, template, record
        self.formats: Formats = formats(unit.actor.language)
        self.object = unit.runtime.model.objects[template.object]
        self.values = self._read()

    def said(self) -> Said:
        """Every text."""
        own, ways = self.template.said, {}
        for way, wording in self.template.ways.items():
            subject = self._text(wording.subject or own.subject)
            ways[way] = {"subject": subject, **self._body(way, wording, own)}
        language = self.unit.actor.language
        return Said({language: self._text(own.subject)}, {language: self._text(own.body)}, MappingProxyType(ways))

    def _body(self, way: str, wording: Wording, own: Wording) -> dict[str, str]:
        if not wording.body:
            return {"text": self._text(own.body)}
        if way != MAIL:
            return {"text": self._text(wording.body)}
        markup = self._markup(self._in_language(wording.body))
        return {"text": plain_text(markup), "html": markup}

    # -- texts ----------------------------------------------------------------------------------------------------
    def _in_language(self, texts: Texts) -> Text:
        for language in (self.unit.actor.language, self.unit.company.language, *LANGUAGES):
            if language in texts:
                return texts[language]
        return next(iter(texts.values()), ())

    def _text(self, texts: Texts) -> str:
        return "".join(each if isinstance(each, str) else self._place(each) for each in self._in_language(texts))

    def _markup(self, parts: Text) -> Markup:
        """Markup is cleaned with tokens in the places of values, which are put in afterwards, escaped."""
        merges = [each for each in parts if isinstance(each, Merge)]
        tokens = iter(chr(_TOKEN + at) for at in range(len(merges)))
        cleaned = sanitised("".join(each if isinstance(each, str) else next(tokens) for each in parts))
        for at, merge in enumerate(merges):
            shown = escape(self._place(merge)).replace("\n", Markup("<br>"))
            cleaned = cleaned.replace(chr(_TOKEN + at), shown)
        return Markup(cleaned)

    def _place(self, merge: Merge) -> str:
        return self.values.get(merge.source or merge.path, "") or NOTHING

    # -- values ---------------------------------------------------------------------------------------------------
    def _read(self) -> Mapping[str, str]:
        """What stands in each place, by its path or formula; nothing of a record that the reader does not see."""
        if not self.unit.access.may("read", self.object):
            return {}
        merges = tuple(self.template.merges())
        paths = dict.fromkeys(each.path for each in merges if each.path)
        found = {path: way for path in paths if (way := self._usable(path)) is not None}
        codes = {path: f"{path}.currency" for path, way in found.items() if way.field.type.money and not way.aspect}
        columns = ("id", *found, *codes.values())
        page = self.unit.records.query(
            Query(object=self.object.name, columns=columns, where=Condition("id", "is", self.record), limit=1)
        )
        if not page.rows:
            return {}
        values = dict(zip(page.columns, page.rows[0].values, strict=True))
        shown = {
            path: self._shown(way, values.get(path), values.get(codes.get(path, ""))) for path, way in found.items()
        }
        formulas = {each.source: each for each in merges if each.formula is not None}
        return {**shown, **dict(self._computed(formulas))}

    def _usable(self, path: str) -> ResolvedPath | None:
        return usable(self.unit.runtime.model, self.unit.access, self.object, path)

    def _computed(self, merges: Mapping[str, Merge]) -> Iterator[tuple[str, str]]:
        """Formulas all of whose fields the reader has, unmasked."""
        step = Step(key="tell", do="notify", given=MappingProxyType({}))
        doing = Doing(
            unit=self.unit, step=step, object=self.object.name, ids=(self.record,), key="tell", values={}, people={},
            name=f"message_template:{self.template.name}",
        )  # fmt: skip
        evaluating = Evaluating(doing)
        open_to = {
            source: each.formula
            for source, each in merges.items()
            if each.formula is not None and self._sees(each.formula.references, each.formula.variables)
        }
        evaluating.load(open_to.values())
        for source, formula in open_to.items():
            yield source, self._plain(evaluating.text(formula, self.record))

    def _sees(self, fields: Sequence[Any], variables: Sequence[Any]) -> bool:
        paths = (*fields, *(each for each in variables if each[0].lower() == "$user"))
        return all(sees(self.unit, self.object, each) for each in paths)

    def _shown(self, way: ResolvedPath, value: Any, code: Any) -> str:
        """A value of a field as people read it."""
        company = str(self.unit.runtime.model.settings.get("currency") or "CNY")
        if way.aspect == "currency":
            return str(value or company)
        if value is None:
            return ""
        if way.field.type.money and isinstance(value, Decimal):
            code = company if way.aspect == "company" else code
            return self.formats.money(value, str(code or company), way.field.type.scale(way.field) or 0)
        if way.attribute is not None or way.aspect is not None or isinstance(value, Reference | date | datetime):
            return self._plain(value)
        return way.field.type.display(way.field, value, self.unit.reading)

    def _plain(self, value: Any) -> str:
        """What a formula gives, or a value that needs no field to be read."""
        if isinstance(value, bool):
            return self.formats.say(msg("Yes") if value else msg("No"))
        match value:
            case None:
                return ""
            case Reference():
                return value.title
            case datetime():
                return self.formats.datetime(value.astimezone(self.unit.reading.zone))
            case date():
                return self.formats.date(value)
            case Decimal():
                return self.formats.quantity(value, max(0, -int(value.as_tuple().exponent)))
            case frozenset() | tuple():
                return ", ".join(sorted(map(self._plain, value)))
        return str(value)
