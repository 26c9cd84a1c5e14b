"""The fields of the record that a node opens to its approver: in the form of the decision, and what it sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup
from starlette.datastructures import FormData

from dougong.base.errors import DougongError, NotFound
from dougong.base.language import msg
from dougong.engine.query import Record
from dougong.engine.saving.batch import Update
from dougong.metadata.approval import Node
from dougong.metadata.model import Object
from dougong.web import errors_in_forms, forms, submission
from dougong.web.composer.forms import LOCKED, FormView, some_fields
from dougong.web.forms import Entered, Form
from dougong.web.submission import Submission
from dougong.web.visit import Visit
from dougong.workflows.approvals import service
from dougong.workflows.approvals.told import Instance

PREFIX = "record."
"""Before the names of the record's fields, so that a field may be called as a part of the decision is."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The record as the approver sees it, with the form of what they may change of it."""

    object: Object
    record: Record
    view: FormView
    node: Node


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into the fields: `read` is the form's submission, whose one change is of the record."""

    read: Submission

    def change(self) -> Update:
        """What the approver changes of the record.

        Raises:
            Rejected, TooLarge: files were sent that their fields do not take.
        """
        (change,) = self.read.checked()
        assert isinstance(change, Update)
        return change


def node_of(found: Instance) -> Node | None:
    """The node at which it is the asker's turn."""
    if found.approval is None or found.entry is None:
        return None
    mine = next((v for v in found.state.visits if any(e.id == found.entry for e in v.entries)), None)
    return found.approval.nodes.get(mine.node) if mine else None


def hidden(found: Instance) -> frozenset[str]:
    """The fields that the node keeps from its approver on the page of the decision."""
    node = node_of(found)
    return frozenset(name for name, mode in node.fields.items() if mode == "hide") if node else frozenset()


def opened(visit: Visit, found: Instance) -> Opened | None:
    """What the node opens to the asker, as far as their own rights reach; None where that is nothing."""
    node, obj = node_of(found), visit.model.objects.get(found.object)
    if node is None or obj is None or "approve" not in found.can or not visit.unit.access.may("edit", obj):
        return None
    names = tuple(name for name, mode in node.fields.items() if mode in ("edit", "require"))
    view = some_fields(visit, obj, f"approval {found.name} {node.key}", names)
    if not view.fields:
        return None
    try:
        return Opened(obj, visit.unit.records.get(obj.name, found.record), view, node)
    except NotFound:
        return None


def shown_beside(visit: Visit, found: Instance) -> Mapping[str, Any]:
    """Values of the fields that the node shows to its approver, as JSON by name, as far as these may read them."""
    node, obj = node_of(found), visit.model.objects.get(found.object)
    names = [name for name, mode in node.fields.items() if mode == "read"] if node else []
    if obj is None or not names:
        return {}
    try:
        values = visit.unit.records.get(obj.name, found.record).values
    except NotFound:
        return {}
    fields = [obj.fields[name] for name in names if name in obj.fields]
    return {
        each.name: each.type.to_json(each, values[each.name])
        for each in fields
        if values.get(each.name) is not None and visit.unit.access.may_field("read", obj, each)
    }


def sent(visit: Visit, id: str) -> Typed | None:
    """What the form sent of the record; None where it asked for no fields."""
    mine = opened(visit, service.instance(visit.unit, id)) if f"{PREFIX}base" in visit.form else None
    if mine is None:
        return None
    bare = [
        (name.removeprefix(PREFIX), value)
        for name, value in visit.form.multi_items()
        if name.startswith(PREFIX) or name in (LOCKED, "why")
    ]
    return Typed(submission.read(replace(visit, form=FormData(bare)), mine.object, mine.view, mine.record.id, {}))


def form(visit: Visit, mine: Opened, typed: Typed | None, error: DougongError | None) -> Form:
    """The fields to fill in, with what was `typed` and what is wrong with it."""
    shown = {each.name: each for each in mine.view.fields}
    errors = (
        errors_in_forms.sort_out(error, mine.object, shown, visit.language)
        if error is not None
        else errors_in_forms.NONE
    )
    made = forms.build(
        visit, mine.object, mine.view, mine.record.values, record_id=mine.record.id, version=str(mine.record.version),
        entered=typed.read.entered if typed is not None else Entered(), errors=errors,
    )  # fmt: skip
    inputs = {
        name: replace(
            each, name=f"{PREFIX}{name}", id=f"record-{name}",
            required=each.required or mine.node.fields.get(name) == "require",
        )
        for name, each in made.inputs.items()
    }  # fmt: skip
    return replace(made, inputs=inputs)


def parts(visit: Visit, found: Instance, typed: Typed | None, error: DougongError | None) -> Mapping[str, Any]:
    """What the template needs of the fields: the form, its HTML, and what is wrong with no field of it."""
    mine = opened(visit, found)
    if mine is None:
        said = [each.text(visit.language) for each in error.problems] if error else []
        return {"fields": None, "inputs": Markup(""), "errors": said}
    made = form(visit, mine, typed, error)
    inputs = Markup("").join(forms.render(visit, made).values())
    colon = visit.say(msg(": "))
    said = [*made.rest, *(f"{each.label}{colon}{each.text}" for each in made.summary)]
    return {"fields": made, "inputs": inputs, "errors": said}
