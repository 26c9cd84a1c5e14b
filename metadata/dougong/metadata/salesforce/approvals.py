"""Approval processes of Salesforce as approvals of ours, with a list of what a person must decide.

Whatever has no place is in the list; nothing is left out in silence. docs/from-salesforce.md has the place of each
element.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from dougong.base.language import Message, msg
from dougong.metadata.salesforce.actions import Actions, actions_of
from dougong.metadata.salesforce.conditions import condition
from dougong.metadata.salesforce.people import approvers, submitters
from dougong.metadata.salesforce.sources import Fields, field_path, fields_of, read, said, snake

Document = dict[str, Any]

END = "end"


@dataclass(slots=True)
class Converted:
    """One approval: the document, and what a person must decide."""

    document: Document
    decisions: list[Message] = field(default_factory=list)


def files(folder: Path) -> list[Path]:
    """The approval processes below a folder, in either of the forms that projects have."""
    return sorted([*folder.rglob("*.approvalProcess"), *folder.rglob("*.approvalProcess-meta.xml")])


def approvals(folder: Path) -> Mapping[Path, Converted]:
    """Each approval process below a folder, converted; types of fields and actions are those below the folder.

    Raises:
        MetadataError: a file cannot be read.
    """
    fields = fields_of(folder)
    return {path: convert(path, folder, fields) for path in files(folder)}


def convert(path: Path, folder: Path, fields: Fields) -> Converted:
    """One approval process.

    Raises:
        MetadataError: a file cannot be read.
    """
    object_name, _, rest = path.name.partition(".")
    own = snake(rest.removesuffix("-meta.xml").removesuffix(".approvalProcess"))
    return _Conversion(read(path), object_name, own, actions_of(folder, object_name, fields), fields).whole()


class _Conversion:
    """The conversion of one process."""

    def __init__(self, root: Element, object_name: str, own: str, actions: Actions, fields: Fields) -> None:
        self.root, self.object_name, self.own = root, object_name, own
        self.actions, self.fields = actions, fields
        self.decisions: list[Message] = []
        self.steps = root.findall("approvalStep")
        self.keys = _keys([said(each, "name") for each in self.steps])
        self.nodes: dict[str, Document] = {}
        self.outcomes: dict[str, list[Document]] = {}

    def note(self, message: Message) -> None:
        """Take down what a person must decide."""
        if message not in self.decisions:
            self.decisions.append(message)

    def whole(self) -> Converted:
        """The document with all that is to be decided."""
        first = self._submission()
        refuse = [each for each in (self._step(n) for n in range(len(self.steps))) if each is not None]
        self._outcomes()
        self.nodes[END] = {"type": "end"}
        self._not_here()
        document: Document = {
            "kind": "approval", "name": f"{snake(self.object_name)}.{self.own}",
            "label": {"en": said(self.root, "label") or self.own}, "object": snake(self.object_name),
            "active": said(self.root, "active") == "true",
            "start": self._start(refuse),
            "binds": self._binds(),
            "people": self._people(),
            "recall": "until_end" if said(self.root, "allowRecall") == "true" else "never",
            "first": first, "nodes": self.nodes,
        }  # fmt: skip
        if text := said(self.root, "description"):
            document["description"] = {"en": text}
        if self.outcomes:
            document["outcomes"] = self.outcomes
        return Converted(document, self.decisions)

    # -- the whole
    def _start(self, refuse: Sequence[Document]) -> Document:
        start: Document = {}
        when = condition(self.root.find("entryCriteria"), self.object_name, self.fields, self.note)
        if when is not None:
            start["when"] = when
        start["by"] = submitters(self.root.findall("allowedSubmitters"), self.note)
        if refuse:
            start["refuse"] = list(refuse)
        return start

    def _binds(self) -> Document:
        if said(self.root, "finalApprovalRecordLock") == "true":
            return {"on_later_edit": "refuse"}
        self.note(msg("After approval the record may be changed; here the approval lapses then: state what is bound."))
        return {"on_later_edit": "invalidate"}

    def _people(self) -> Document:
        delegated = any(said(each, "allowDelegate") == "true" for each in self.steps)
        return {"same_person": "repeat", "absent": "delegate" if delegated else "wait", "nobody": ["refuse"]}

    def _submission(self) -> str:
        """The first node: what is done on submission, where there is something."""
        start = self._entry(0)
        steps = self.actions.steps(self.root.find("initialSubmissionActions"), self.note)
        if not steps:
            return start
        self.nodes["submitted"] = {"type": "action", "steps": steps, "next": start}
        return "submitted"

    def _entry(self, n: int) -> str:
        """The node at which a step begins; the end after the last."""
        if n >= len(self.steps):
            return END
        return f"if_{self.keys[n]}"[:40] if self._asks(n) else self.keys[n]

    def _asks(self, n: int) -> bool:
        criteria = self.steps[n].find("entryCriteria")
        return criteria is not None and self._criteria(n) is not None and not self._rejects_otherwise(n)

    def _criteria(self, n: int) -> str | None:
        return condition(self.steps[n].find("entryCriteria"), self.object_name, self.fields, self.note)

    def _rejects_otherwise(self, n: int) -> bool:
        return said(self.steps[n], "ifCriteriaNotMet") == "RejectRecord"

    # -- one step
    def _step(self, n: int) -> Document | None:
        """Add the nodes of a step; a refusal of the start, where a record that it is not for is rejected."""
        step, key = self.steps[n], self.keys[n]
        if self._asks(n):
            skipped = END if said(step, "ifCriteriaNotMet") == "ApproveRecord" else self._entry(n + 1)
            branch = {"key": "met", "when": self._criteria(n), "next": key}
            self.nodes[self._entry(n)] = {"type": "condition", "branches": [branch], "otherwise": skipped}
        follow = self._entry(n + 1)
        if steps := self.actions.steps(step.find("approvalActions"), self.note):
            after = f"after_{key}"[:40]
            self.nodes[after] = {"type": "action", "steps": steps, "next": follow}
            follow = after
        self.nodes[key] = self._asking(n, follow)
        if self._rejects_otherwise(n) and (when := self._criteria(n)) is not None:
            return self._refusal(n, when)
        return None

    def _asking(self, n: int, follow: str) -> Document:
        step = self.steps[n]
        assigned = step.find("assignedApprover")
        first_response = said(assigned, "whenMultipleApprovers") == "FirstResponse"
        node: Document = {
            "type": "approve", "label": {"en": said(step, "label") or said(step, "name")},
            "approvers": approvers(self.root, n, self.object_name, self.note),
            "mode": "any" if first_response else "all", "reject": "first_ends", "opinion": "free",
            "may": ["hand_over"], "next": follow,
        }  # fmt: skip
        if said(step, "rejectBehavior", "type") == "BackToPrevious":
            node["on_reject"] = "previous"
        if said(self.root, "recordEditability") == "AdminOrCurrentApprover":
            names = [field_path(self.object_name, said(each)) for each in self.root.findall("approvalPageFields/field")]
            node["fields"] = {name: "edit" for name in names if name not in _NEVER_EDITED}
            self.note(msg("Approvers may edit the fields that the approval page showed: see whether it is these."))
        return node

    def _refusal(self, n: int, when: str) -> Document:
        if n:
            self.note(msg("Step {step} rejects records that it is not for: here their start is refused.",
                          step=self.keys[n]))  # fmt: skip
        message = {"en": f"{said(self.steps[n], 'label')}: the record does not meet the criteria of this step"}
        return {"key": self.keys[n], "when": f"NOT({when})", "message": message}

    # -- the outcomes
    def _outcomes(self) -> None:
        for outcome, block in (
            ("approved", "finalApprovalActions"), ("rejected", "finalRejectionActions"), ("recalled", "recallActions"),
        ):  # fmt: skip
            if steps := self.actions.steps(self.root.find(block), self.note):
                self.outcomes[outcome] = steps
        self._rejections()

    def _rejections(self) -> None:
        """What single steps do on rejection: done with the outcome where there is one step only."""
        for key, step in zip(self.keys, self.steps, strict=True):
            steps = self.actions.steps(step.find("rejectionActions"), self.note)
            if not steps:
                continue
            if len(self.steps) == 1 and said(step, "rejectBehavior", "type") != "BackToPrevious":
                self.outcomes["rejected"] = steps + self.outcomes.get("rejected", [])
            else:
                self.note(
                    msg(
                        "What step {step} does on rejection needs an approval of its own, run as a sub-process.",
                        step=key,
                    )
                )

    def _not_here(self) -> None:
        """Note what has no place in an approval."""
        if said(self.root, "finalRejectionRecordLock") == "true":
            self.note(msg("A rejected record stays locked there; here a validation rule has to say so."))
        if self.root.find("emailTemplate") is not None:
            self.note(msg("Approvers are told by notices of the platform; the template {template} is not used.",
                          template=said(self.root, "emailTemplate")))  # fmt: skip
        if self.root.find("postTemplate") is not None:
            self.note(msg("There are no posts in which one approves: {template} is not used.",
                          template=said(self.root, "postTemplate")))  # fmt: skip
        order = said(self.root, "processOrder")
        if order and order != "1":
            self.note(msg("It was the {order}. of its object and was tried after the others: let its condition exclude "
                          "theirs.", order=order))  # fmt: skip


_NEVER_EDITED = frozenset({"created_at", "updated_at", "created_by", "updated_by", "id", "owner", "record_type"})


def _keys(names: Sequence[str]) -> list[str]:
    """The keys of steps' nodes, with room for what is put before them, unlike each other and those that are taken."""
    found: list[str] = []
    for name in names:
        key = snake(name)[:30].strip("_")
        key = f"step_{key}" if key in (END, "submitted") else key
        numbered = (f"{key[:25]}_{number}" for number in count(2))
        found.append(next(each for each in chain((key,), numbered) if each not in found))
    return found
