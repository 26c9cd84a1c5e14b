"""What workflow actions of Salesforce do (field updates, alerts, tasks, messages), as steps of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from dougong.base.language import msg
from dougong.metadata.salesforce.conditions import Noting, rewritten
from dougong.metadata.salesforce.sources import Fields, field_path, read, said, snake

KINDS = {
    "FieldUpdate": "fieldUpdates", "Alert": "alerts", "Task": "tasks", "OutboundMessage": "outboundMessages",
    "FlowAction": "flowActions", "KnowledgePublish": "knowledgePublishes", "Send": "send",
}  # fmt: skip
"""Under which element of a workflow file stands what an action of each type does."""

_RECIPIENTS = {"owner": "field:owner", "creator": "field:created_by"}

Step = dict[str, Any]


class Actions:
    """The actions of one object, by type and name."""

    def __init__(self, object_name: str, defined: Mapping[tuple[str, str], Element], fields: Fields) -> None:
        """Those `defined`: by the type and the name by which processes call them."""
        self.object_name, self._defined, self._fields = object_name, defined, fields

    def steps(self, block: Element | None, note: Noting) -> list[Step]:
        """The steps of a block of actions, in its order; what has no step is noted."""
        found: list[Step] = []
        for each in block.findall("action") if block is not None else ():
            kind, name = said(each, "type"), said(each, "name")
            defined = self._defined.get((kind, name))
            if defined is None:
                note(msg("The action {name} ({kind}) is not in the workflow files: write its step.",
                         name=name, kind=kind))  # fmt: skip
                continue
            step = self._step(kind, snake(name), defined, note)
            if step is not None:
                found.append(step)
        return _once(found)

    def _step(self, kind: str, key: str, defined: Element, note: Noting) -> Step | None:
        match kind:
            case "FieldUpdate":
                return self._update(key, defined, note)
            case "Alert":
                return self._alert(key, defined, note)
            case "Task":
                return _task(key, defined, note)
        note(msg("The action {name} ({kind}) has no step that could be written from the file.",
                 name=said(defined, "fullName"), kind=kind))  # fmt: skip
        return None

    def _update(self, key: str, update: Element, note: Noting) -> Step | None:
        name, written = said(update, "fullName"), said(update, "field")
        if target := said(update, "targetObject"):
            note(msg("{name} sets a field of {target}: write an automation of that object.",
                     name=name, target=target))  # fmt: skip
            return None
        match said(update, "operation"):
            case "Formula":
                value = rewritten(said(update, "formula"), self.object_name, note)
            case "Literal":
                value = self._literal(written, said(update, "literalValue"))
            case "Null":
                value = "NULL"
            case operation:
                note(msg("{name} sets {field} by {operation}: write the formula of its value.",
                         name=name, field=written, operation=operation))  # fmt: skip
                return None
        return {"key": key, "do": "set", "with": {field_path(self.object_name, written): value}}

    def _literal(self, written: str, value: str) -> str:
        kind = self._fields.type(self.object_name, written)
        if kind == "Checkbox" or (kind is None and value in ("0", "1")):
            return "TRUE" if value in ("1", "true", "True") else "FALSE"
        return f'"{snake(value) if kind in (None, "Picklist") else value}"'

    def _alert(self, key: str, alert: Element, note: Noting) -> Step | None:
        name = said(alert, "fullName")
        people = [to for each in alert.findall("recipients") if (to := _recipient(each)) is not None]
        if len(people) < len(alert.findall("recipients")) or alert.find("ccEmails") is not None:
            note(msg("{name} is sent to people who cannot be named from the file: add them.", name=name))
        note(msg("{name} is sent with the template {template}: its text must be brought over.",
                 name=name, template=said(alert, "template")))  # fmt: skip
        if not people:
            return None
        title = said(alert, "description") or name
        with_ = {"to": list(dict.fromkeys(people)), "title": {"en": _quoted(title)}}
        return {"key": key, "do": "notify", "with": with_}


def _recipient(recipient: Element) -> str | None:
    kind, name = said(recipient, "type"), said(recipient, "recipient")
    if kind in ("role", "roleSubordinates"):
        return f"role:{snake(name)}"
    if kind == "userLookup":
        return f"field:{field_path('', said(recipient, 'field') or name)}"
    return _RECIPIENTS.get(kind)


def _task(key: str, task: Element, note: Noting) -> Step:
    offset = said(task, "dueDateOffset") or "0"
    base = said(task, "offsetFromField")
    due = f"{field_path('', base) if base and base != 'None' else 'TODAY()'} + ({offset})"
    if said(task, "assignedToType") not in ("owner", ""):
        note(msg("The task {name} is assigned to {who}: say who.", name=said(task, "fullName"),
                 who=said(task, "assignedTo") or said(task, "assignedToType")))  # fmt: skip
    values = {"subject": _quoted(said(task, "subject")), "due": due, "owner": "owner", "related_to": "id"}
    return {"key": key, "do": "create", "with": {"object": "task", "values": values}}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _once(steps: Sequence[Step]) -> list[Step]:
    """The same steps with keys that occur once."""
    taken: set[str] = set()
    for each in steps:
        key, n = each["key"], 2
        while each["key"] in taken:
            each["key"], n = f"{key[:36]}_{n}", n + 1
        taken.add(each["key"])
    return list(steps)


def actions_of(folder: Path, object_name: str, fields: Fields) -> Actions:
    """The actions that the workflow files of an object below a folder define."""
    defined: dict[tuple[str, str], Element] = {}
    for path in sorted([*folder.rglob("*.workflow"), *folder.rglob("*.workflow-meta.xml")]):
        if path.name.partition(".")[0] != object_name:
            continue
        root = read(path)
        for kind, tag in KINDS.items():
            defined |= {(kind, said(each, "fullName")): each for each in root.findall(tag)}
    return Actions(object_name, defined, fields)
