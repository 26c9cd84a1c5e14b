"""The form by which work is handed over: what it asks, and what was sent, as the engine's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import func, select

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.language import label, msg
from dougong.engine.formula_scope import scope_of
from dougong.engine.handover.dealing import counted
from dougong.engine.handover.holdings import KEPT, PERSON, Holding, Kept, holdings, readable
from dougong.engine.handover.rules import Handover, Reads, read
from dougong.engine.query import Condition, Either, Query
from dougong.engine.unit import Unit
from dougong.formulas import Formula, compile
from dougong.metadata.model import Object
from dougong.web.navigation import several
from dougong.web.visit import Visit

MOST_NAMES = 50


@dataclass(frozen=True, slots=True)
class Chosen:
    """A person in a picker."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One holding as the form asks about it; `choice` is "", "others" or "leave"."""

    key: str
    label: str
    icon: str
    count: int
    closed: int
    choice: str
    to: tuple[Chosen, ...] = ()
    when: str = ""
    when_to: tuple[Chosen, ...] = ()
    formulas: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What the form shows."""

    to: tuple[Chosen, ...]
    closed: bool
    afterwards: str
    holdings: tuple[Asked, ...] = field(default_factory=tuple)


def formulas_of(unit: Unit) -> Reads:
    """Reads formulas over what the actor may read, and over nothing else."""

    def reads(object_name: str, text: str) -> Formula:
        if object_name not in unit.runtime.model.objects:
            raise BadRequest(Problem(code="handover-holding", reason=msg("There is no such page."), thing=object_name))
        return compile(text, scope_of(unit, object_name), "boolean")

    return reads


def named(holding: Holding, language: str) -> str:
    """What a holding is called: "Customers", "Users: Manager"."""
    said = several(holding.object, language)
    if holding.owned:
        return said
    return msg("{object}: {field}", object=said, field=label(holding.field.label, language)).to(language)


def title_of_key(objects: Mapping[str, Object], key: str, language: str) -> str:
    """What the holding `key` is called."""
    if key in KEPT:
        return KEPT[key].label.to(language)
    name, _, field_name = key.partition(".")
    obj = objects[name]
    return named(Holding(key, obj, obj.fields[field_name], False), language)


def form(visit: Visit, asked: Handover) -> Form:
    """The form filled as `asked` says, with everything that the person has and the reader may see."""
    unit = visit.unit
    known = people(unit, asked.receivers)
    found = []
    for holding in holdings(unit.runtime.model):
        if readable(unit.access, holding):
            count, closed = counted(unit, holding, asked.user)
            if count:
                said = named(holding, visit.language)
                found.append(_asked(asked, holding.key, said, holding.object.icon, count, closed, holding.usual, known))
    for kept in KEPT.values():
        if count := _rows(unit, kept, asked.user):
            found.append(_asked(asked, kept.key, visit.say(kept.label), "list", count, 0, True, known))
    return Form(_chosen(asked.to, known), asked.closed, asked.afterwards, tuple(found))


def _rows(unit: Unit, kept: Kept, user: str) -> int:
    return int(unit.connection.scalar(select(func.count()).where(kept.table.c.owner_id == user)) or 0)


def _asked(
    asked: Handover, key: str, said: str, icon: str, count: int, closed: int, usual: bool, known: Mapping[str, str]
) -> Asked:
    part = asked.part(key)
    choice = "leave" if (part.leave if part else not usual) else "others" if part and part.to else ""
    case = part.cases[0] if part and part.cases else None
    return Asked(
        key=key,
        label=said,
        icon=icon,
        count=count,
        closed=closed,
        choice=choice,
        to=_chosen(part.to, known) if part else (),
        when=case.text if case else "",
        when_to=_chosen(case.to, known) if case else (),
        formulas=key not in KEPT,
    )


def _chosen(ids: Sequence[str], known: Mapping[str, str]) -> tuple[Chosen, ...]:
    return tuple(Chosen(each, known.get(each, "")) for each in ids)


def people(unit: Unit, ids: Sequence[str]) -> dict[str, str]:
    """The names of people by id."""
    if not ids:
        return {}
    page = unit.records.query(
        Query(object=PERSON, columns=("name", "login"), where=Condition("id", "in", tuple(ids)), limit=len(ids))
    )
    return {row.id: str(row.values[0] or row.values[1] or "") for row in page.rows}


# -- what was sent ---------------------------------------------------------------------------------------------
def sent(visit: Visit, user: str) -> Handover:
    """The handover that was sent: the form, or the document that a preview carries.

    Raises:
        BadRequest, FormulaError: it says nothing that can be done; the place names the input.
    """
    reads = formulas_of(visit.unit)
    if visit.sent("document"):
        try:
            return read(orjson.loads(visit.sent("document")), user, reads)
        except orjson.JSONDecodeError:
            return read(None, user, reads)
    parts = {key: body for key in _keys(visit) if (body := _part(visit, key)) is not None}
    document = {"to": people_sent(visit, "to"), "closed": bool(visit.sent("closed")), "parts": parts}
    return read({**document, "afterwards": visit.sent("afterwards", "stay")}, user, reads)


def _keys(visit: Visit) -> list[str]:
    """The holdings that the form says anything of."""
    named = (name.partition(".") for name in visit.form)
    return list(dict.fromkeys(key for kind, _, key in named if kind in ("part", "when")))


def _part(visit: Visit, key: str) -> dict[str, Any] | None:
    """What the form says of one holding; None where it goes as is usual."""
    choice, when = visit.sent(f"part.{key}"), visit.sent(f"when.{key}").strip()
    body: dict[str, Any] = {}
    if choice == "leave":
        return {"leave": True}
    if choice == "others":
        body["to"] = people_sent(visit, f"to.{key}")
    if when:
        body["cases"] = [{"when": when, "to": people_sent(visit, f"case.{key}")}]
    return body or ({} if _is_unusual(visit, key) else None)


def _is_unusual(visit: Visit, key: str) -> bool:
    """Whether a holding moves only where that is said."""
    return any(each.key == key and not each.usual for each in holdings(visit.unit.runtime.model))


def person_sent(visit: Visit, name: str) -> str:
    """The one person that was chosen, or whose name was typed; "" for nobody.

    Raises:
        BadRequest: a name that nobody has, or several have.
    """
    chosen = visit.sent(name)
    return chosen or next(iter(people_sent(visit, name)), "")


def people_sent(visit: Visit, name: str) -> list[str]:
    """The ids that were chosen, and those whose names were typed.

    Raises:
        BadRequest: a name that nobody has, or several have.
    """
    found = [each for each in visit.sent_all(name) if each]
    typed = visit.sent(f"{name}.text").replace("；", ";").split(";")
    for each in [text for part in typed if (text := part.strip())][:MOST_NAMES]:
        where = Either((Condition("name", "is", each), Condition("login", "is", each)))
        page = visit.unit.records.query(Query(object=PERSON, where=where, limit=2))
        if len(page.rows) != 1:
            reason = msg("There is no one person called {name}.", name=each)
            raise BadRequest(Problem(code="person-unknown", reason=reason, place=Place(field=name)))
        found.append(page.rows[0].id)
    return list(dict.fromkeys(found))
