"""Who submits, and who is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element

from dougong.base.language import msg
from dougong.metadata.salesforce.conditions import Noting
from dougong.metadata.salesforce.sources import field_path, said, snake


def submitters(allowed: Sequence[Element], note: Noting) -> list[str]:
    """`start.by`."""
    found: list[str] = []
    for each in allowed:
        kind, who = said(each, "type"), said(each, "submitter")
        if kind in ("owner", "creator"):
            found.append(kind)
        elif kind in ("role", "roleSubordinates", "roleSubordinatesInternal"):
            found.append(f"role:{snake(who)}")
            note(msg("{who} may submit: a role there is a place in a tree, here a bundle of rights; see whether it is "
                     "this one.", who=who))  # fmt: skip
        elif kind == "allInternalUsers":
            found.append("anyone")
        else:
            note(msg("{who} ({kind}) may submit: give them a role, and name the role.", who=who or kind, kind=kind))
    return list(dict.fromkeys(found)) or ["owner"]


def approvers(root: Element, n: int, object_name: str, note: Noting) -> list[dict[str, Any]]:
    """Who is asked at the n-th step, counted from 0."""
    steps = root.findall("approvalStep")
    found: list[dict[str, Any]] = []
    for at, each in enumerate(steps[n].findall("assignedApprover/approver")):
        kind, name = said(each, "type"), said(each, "name")
        key = f"approver_{at + 1}"
        match kind:
            case "adhoc":
                found.append({"key": key, "chosen_by": "previous" if n else "initiator"})
            case "userHierarchyField":
                found.append({"key": key, **_manager(root, n, name, note)})
            case "relatedUserField":
                found.append({"key": key, "field": field_path(object_name, name)})
            case "queue":
                found.append({"key": key, "queue": snake(name)})
            case _:
                found.append({"key": key, "user": name})
                note(msg("{name} is asked by name: a person here is named by login, better by role or position.",
                         name=name))  # fmt: skip
    if not found:
        note(msg("Step {step} names nobody: the initiator chooses.", step=said(steps[n], "name")))
        return [{"key": "approver_1", "chosen_by": "initiator"}]
    return found


def _manager(root: Element, n: int, name: str, note: Noting) -> dict[str, Any]:
    """The next one up: of who submitted at the first step that asks for it, then of who was asked last."""
    before = [step for step in root.findall("approvalStep")[:n] if _asks_manager(step)]
    place = len(before) + 1
    hierarchy = said(root, "nextAutomatedApprover", "userHierarchyField") or name or "Manager"
    by_owner = said(root, "nextAutomatedApprover", "useApproverFieldOfRecordOwner") == "true"
    if hierarchy != "Manager":
        return {"field": ".".join(("owner", *(field_path("", hierarchy),) * place))}
    if by_owner:
        return {"field": ".".join(("owner", *("manager",) * place))}
    if n and not before:
        note(msg("Step {step} asks the manager of the approver before: here it is the manager of who submits.",
                 step=said(root.findall("approvalStep")[n], "name")))  # fmt: skip
    return {"manager": place}


def _asks_manager(step: Element) -> bool:
    return any(said(each, "type") == "userHierarchyField" for each in step.findall("assignedApprover/approver"))
