"""From a sent form to a batch of changes: the record first, then its lines, in page order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData

from dougong.base.errors import Place, Problem
from dougong.base.field_types import Reference, ValueRefused
from dougong.base.ids import is_record_id
from dougong.engine.query import All, Condition, Query
from dougong.engine.saving.batch import Change, Create, Delete, Made, Update
from dougong.engine.saving.drafts import drafts, following
from dougong.engine.saving.layouts import conditions_of, state_of
from dougong.engine.saving.plan import plan_of
from dougong.metadata.model import Field, Object
from dougong.web import inputs, uploads
from dougong.web.composer.columns import editable
from dougong.web.composer.forms import LOCKED, FormView, Lines
from dougong.web.forms import Entered, EnteredLine
from dougong.web.inputs import Typed
from dougong.web.prefill import lines_by_clone
from dougong.web.visit import Visit, refused, whole_number

DECIDED = "decide."
"""Names of the choices after a conflict: ``decide.amount`` is mine or theirs."""

OWN = "record"
"""The key of the record itself in its batch, which its new lines refer to."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a form sent, and the changes that it asks for. `entered` knows the number of each line's change.

    `form` has references in place of the files that were sent and kept; `problems` tell of those that were not.
    """

    entered: Entered
    changes: tuple[Change, ...]
    base: Mapping[str, Any]
    form: FormData
    problems: tuple[Problem, ...] = ()

    def checked(self) -> list[Change]:
        """The changes, to be saved.

        Raises:
            Rejected, TooLarge: files were sent that their fields do not take.
        """
        uploads.refuse(self.problems)
        return list(self.changes)


def redraws(visit: Visit) -> bool:
    """Whether a form was sent to be drawn again, with a line more or the choices that fit now, and not to be saved."""
    return bool(visit.sent("add_line") or visit.sent("redraw")) or "refresh" in visit.request.query_params


def read(
    visit: Visit,
    obj: Object,
    view: FormView,
    record_id: str,
    extra: Mapping[str, Any],
    given: Collection[str] = (),
) -> Submission:
    """Read the form and keep its files; `extra` are values that no field of the form holds (record type, what the
    address gives), `given` the names of all that the address gives.
    """
    taken = _take_in(visit, obj, view, record_id)
    visit = replace(visit, form=taken.form)
    form, reading = visit.form, visit.reading
    locked = set(form.getlist(LOCKED))
    fields = [each for each in view.fields if each.name not in locked]
    own = resolve_titles(visit, fields, inputs.typed(form, fields, reading))
    base = inputs.from_json(view.fields, visit.sent("base"), reading)
    if redraws(visit):
        own = inputs.settled(fields, own, base)
    hidden = _hidden(visit, obj, view, record_id, {**extra, **base, **own.values})
    auto = inputs.from_json(view.fields, visit.sent("auto"), reading)
    changed = {
        name: value
        for name, value in inputs.changed(fields, own, {**base, **auto}, reading).items()
        if visit.sent(f"{DECIDED}{name}") != "theirs" and name not in hidden
    }
    first: Change
    if record_id:
        first = Update(
            obj.name,
            record_id,
            changed,
            version=whole_number(visit.sent("version")),
            base=base,
            why=visit.sent("why"),
        )
    else:
        follows = plan_of(visit.unit.runtime, obj.name).part(following).difference(given)
        begun = {name: value for name, value in base.items() if name not in changed and name not in follows}
        first = Create(obj.name, {**extra, **begun, **changed}, key=OWN)
    changes: list[Change] = [first]
    lines: dict[str, tuple[EnteredLine, ...]] = {}
    for section in view.sections:
        if section.lines:
            lines[section.lines.object.name] = tuple(_lines(visit, section.lines, record_id, changes))
    changes = _meant(visit, view, changes)
    changes += _beside_new(visit, obj, lines, _adopted(visit, obj, view, own, taken.kept)) if not record_id else ()
    problems = tuple(_placed(each, lines) for each in taken.refused)
    return Submission(Entered(own, lines), tuple(changes), base, taken.form, problems)


def _hidden(visit: Visit, obj: Object, view: FormView, record_id: str, values: Mapping[str, Any]) -> frozenset[str]:
    """The fields that the layout does not show for what was typed: what was typed there before is not meant."""
    if not conditions_of(view.layout).formulas:
        return frozenset()
    stored = visit.unit.records.get(obj.name, record_id).values if record_id else {}
    return state_of(visit.unit, view.layout, {**stored, **values}, new=not record_id).hidden


def _meant(visit: Visit, view: FormView, changes: list[Change]) -> list[Change]:
    """The changes without what was typed into places of lines that are not shown as the line stands now."""
    if not any(each.lines is not None and each.lines.asked for each in view.sections):
        return changes
    found: list[Change] = []
    for each, draft in zip(changes, drafts(visit.unit, changes), strict=True):
        if isinstance(each, Create | Update) and draft.state.hidden & each.values.keys():
            kept = {name: value for name, value in each.values.items() if name not in draft.state.hidden}
            each = replace(each, values=kept)
        found.append(each)
    return found


def _beside_new(visit: Visit, obj: Object, shown: Collection[str], files: Iterable[Change]) -> Iterator[Change]:
    """What is saved with a new record: its `files`, and of a clone copies of the lines that its form does not show."""
    yield from files
    clone = visit.asked("clone")
    for child, parent in (each.split(".") for each in obj.lines):
        if clone and child not in shown:
            for values in lines_by_clone(visit, visit.model.objects[child], parent, clone).values():
                yield Create(child, {**values, parent: Made(OWN)})


# -- files ------------------------------------------------------------------------------------------------------
def _take_in(visit: Visit, obj: Object, view: FormView, record_id: str) -> uploads.TakenIn:
    """Keep the files of the form; a form that is only drawn again keeps them itself."""
    if not view.multipart or "refresh" in visit.request.query_params:
        return uploads.TakenIn(visit.form)
    if not visit.unit.access.may("edit" if record_id else "create", obj):
        raise refused(obj)
    inputs: dict[str, Field] = {each.name: each for each in view.fields}
    for section in view.sections:
        if section.lines:
            for prefix in _prefixes(visit, section.lines.object.name):
                inputs |= {f"{prefix}.{each.name}": each for each in _writable(section.lines)}
    about = {"object": obj.name, "id": record_id} if record_id and _may_be_about(visit, obj) else None
    return uploads.take_in(visit, inputs, about)


def _may_be_about(visit: Visit, obj: Object) -> bool:
    lookup = visit.model.objects["file"].fields.get("related_to")
    return lookup is not None and obj.name in lookup.targets


def _adopted(visit: Visit, obj: Object, view: FormView, own: Typed, kept: Sequence[str]) -> list[Change]:
    """Let the files of a new record be about it: those kept just now, and those kept when the form was sent before."""
    values = [own.values.get(each.name) for each in view.fields if uploads.holds_files(each)]
    ids = tuple(each.id for value in values for each in value or ())
    if not ids or not _may_be_about(visit, obj):
        return []
    free = All((Condition("id", "in", ids), Condition("related_to", "blank")))
    rows = visit.unit.records.query(Query(object="file", columns=("name",), where=free, limit=len(ids))).rows
    fresh = {row.id for row in rows} | set(kept)
    return [Update("file", id, {"related_to": Made(OWN)}) for id in ids if id in fresh]


def _placed(refused: uploads.Refused, lines: Mapping[str, Sequence[EnteredLine]]) -> Problem:
    """Where a form says that it did not take a file: at the record's field, at that of a line that is saved, on top."""
    prefix, dot, name = refused.input.rpartition(".")
    if not dot:
        return refused.problem
    row = next((each.row for several in lines.values() for each in several if each.prefix == prefix), 0)
    return replace(refused.problem, place=Place(row=row, field=name) if row else Place())


def _lines(visit: Visit, lines: Lines, record_id: str, changes: list[Change]) -> Iterator[EnteredLine]:
    clone = visit.asked("clone") if not record_id else ""
    originals = lines_by_clone(visit, lines.object, lines.parent, clone) if clone else {}
    for prefix in _prefixes(visit, lines.object.name):
        sent = _line(visit, lines, prefix)
        change = _change(visit, lines, sent, record_id, originals.get(sent.source))
        if change is None:
            if not (sent.removed and not sent.id):
                yield sent
            continue
        changes.append(change)
        yield replace(sent, row=len(changes))


def _prefixes(visit: Visit, child: str) -> list[str]:
    found = {key.partition(".")[0] for key in visit.form if key.startswith(f"{child}-") and "." in key}
    numbered = {each: number for each in found if (number := whole_number(each.rpartition("-")[2])) is not None}
    return sorted(numbered, key=lambda each: numbered[each])


def _line(visit: Visit, lines: Lines, prefix: str) -> EnteredLine:
    locked = set(visit.form.getlist(f"{prefix}.{LOCKED}"))
    fields = [each for each in _writable(lines) if each.name not in locked]
    typed = inputs.typed(visit.form, fields, visit.reading, f"{prefix}.")
    if redraws(visit):
        base = inputs.from_json(lines.columns, visit.sent(f"{prefix}.base"), visit.reading)
        typed = inputs.settled(fields, typed, base)
    return EnteredLine(
        prefix=prefix,
        typed=resolve_titles(visit, fields, typed),
        id=visit.sent(f"{prefix}.id"),
        version=visit.sent(f"{prefix}.version"),
        base=visit.sent(f"{prefix}.base", "{}"),
        auto=visit.sent(f"{prefix}.auto", "{}"),
        removed=visit.sent(f"{prefix}.remove") == "1",
        source=visit.sent(f"{prefix}.source"),
    )


def _writable(lines: Lines) -> list[Field]:
    return [each for each in lines.columns if editable(each)]


def _change(
    visit: Visit, lines: Lines, line: EnteredLine, record_id: str, original: Mapping[str, Any] | None
) -> Change | None:
    """What a line asks for. A new one that nothing was typed into is none, but for a copy of an `original`."""
    base = inputs.from_json(lines.columns, line.base, visit.reading)
    auto = inputs.from_json(lines.columns, line.auto, visit.reading)
    sent = [each for each in _writable(lines) if each.name in line.typed.raw]
    changed = inputs.changed(sent, line.typed, {**base, **auto}, visit.reading)
    if line.id:
        if line.removed:
            return Delete(lines.object.name, line.id)
        version = whole_number(line.version)
        return Update(lines.object.name, line.id, changed, version=version, base=base) if changed else None
    if line.removed or (not changed and original is None):
        return None
    parent: Any = Reference(lines.object.fields[lines.parent].targets[0], record_id) if record_id else Made(OWN)
    follows = plan_of(visit.unit.runtime, lines.object.name).part(following)
    names = _names(lines) - (follows if original is None else follows - original.keys())
    begun = {name: value for name, value in base.items() if name not in changed and name in names}
    beside = {name: value for name, value in (original or {}).items() if name not in _names(lines)}
    return Create(lines.object.name, {**beside, **begun, **changed, lines.parent: parent})


def _names(lines: Lines) -> frozenset[str]:
    return frozenset(each.name for each in _writable(lines))


# -- lookups that were typed ------------------------------------------------------------------------------------
def resolve_titles(visit: Visit, fields: Iterable[Field], typed: Typed) -> Typed:
    """Give lookups whose title was typed, not chosen, the one record of that title: what works without a script.

    A title that names no record, or several, stays as typed and is refused when saving. So with a field that holds
    several records, for each title that was typed to be added.
    """
    values, raw = dict(typed.values), dict(typed.raw)
    for field in fields:
        if not field.type.refers or not (field.type.stored or field.type.many):
            continue
        text = raw[field.name]
        if isinstance(text, list):
            named = [each if _names_id(each) else _by_title(visit, field, each) or each for each in text]
            if named != text:
                raw[field.name] = named
                with suppress(ValueRefused):
                    values[field.name] = field.type.coerce(field, named, visit.reading)
        elif isinstance(text, str) and not _names_id(text):
            found = _by_title(visit, field, text)
            if found is not None:
                values[field.name] = raw[field.name] = found
    return Typed(raw, values)


def _names_id(text: str) -> bool:
    return is_record_id(text.rpartition(":")[2])


def _by_title(visit: Visit, field: Field, text: str) -> Reference | None:
    found: list[Reference] = []
    for target in field.targets:
        obj = visit.model.objects[target]
        query = Query(object=target, columns=(obj.title,), where=Condition(obj.title, "is", text), limit=3)
        found += [Reference(target, row.id, str(row.values[0])) for row in visit.unit.records.query(query).rows]
    return found[0] if len(found) == 1 else None
