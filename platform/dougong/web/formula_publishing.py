"""A formula becomes a field: what publishing it would do, said beforehand, then the publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dougong.base.errors import Conflict, DougongError, Place, Problem, Rejected
from dougong.base.language import LANGUAGES, msg
from dougong.engine import revisions
from dougong.engine.plan import Plan, plan
from dougong.engine.publish import Publication, publish
from dougong.metadata.component import content_hash
from dougong.metadata.documents import from_bodies
from dougong.metadata.model import Object
from dougong.web.visit import Visit


@dataclass(frozen=True, slots=True)
class NewField:
    """The formula field to be: its document, less what is left to the defaults."""

    object: Object
    name: str
    labels: Mapping[str, str]
    returns: str
    scale: int | None
    blanks: str
    formula: str

    @property
    def body(self) -> dict[str, Any]:
        """The document of the component."""
        made: dict[str, Any] = {
            "kind": "field",
            "name": f"{self.object.name}.{self.name}",
            "label": {tag: self.labels[tag] for tag in LANGUAGES if self.labels.get(tag)},
            "type": "formula",
            "returns": self.returns,
            "formula": self.formula,
        }
        made |= {"scale": self.scale} if self.scale is not None else {}
        return made | ({"blanks": self.blanks} if self.blanks != "blank" else {})

    @property
    def digest(self) -> str:
        """What tells this document from any other: what is published is what the plan was shown of."""
        return content_hash(self.body)


@dataclass(frozen=True, slots=True)
class Planned:
    """What publishing would do, as the page says it; `revision` is what it was compared with."""

    revision: int
    digest: str
    possible: bool
    problems: tuple[str, ...]
    effects: tuple[tuple[str, str], ...]
    """Severity and text of each."""


def refuse_unnamed(wanted: NewField) -> None:
    """Raise where the form lacks something, or the name is taken.

    Raises:
        Rejected: every such thing, at its field of the form.
    """
    problems = []
    if not wanted.name:
        reason = msg("The field needs a name.")
        fix = msg("Write lower-case letters, digits and _, a letter first.")
        problems.append(Problem(code="field-nameless", thing="name", reason=reason, fix=fix, place=Place(field="name")))
    elif wanted.name in wanted.object.fields:
        reason = msg("There is a field {name} already.", name=wanted.name)
        fix = msg("Choose another name.")
        problems.append(Problem(code="field-taken", thing="name", reason=reason, fix=fix, place=Place(field="name")))
    if not any(wanted.labels.values()):
        reason = msg("The field needs a label.")
        fix = msg("Write what people are to read.")
        problems.append(
            Problem(code="field-unlabelled", thing="label", reason=reason, fix=fix, place=Place(field="label"))
        )
    if problems:
        raise Rejected(problems)


def _publication(visit: Visit, wanted: NewField, base: int | None) -> Publication:
    """The metadata with the field added; to what was in force at revision `base`, else to the head."""
    with visit.company.read(visit.actor) as unit:
        head = unit.runtime.revision
        start = base if base is not None and 0 <= base <= head else head
        tree = revisions.tree_of(unit.connection, start)
    address = f"field:{wanted.object.name}.{wanted.name}"
    message = f"formula {address}"
    return Publication(tree=tree.put(*from_bodies([wanted.body])), author=visit.actor, message=message, base=start)


def planned(visit: Visit, wanted: NewField) -> Planned:
    """What publishing `wanted` would do, counted on live records.

    Raises:
        DougongError: it lacks a name, or others published what it cannot be merged with.
    """
    refuse_unnamed(wanted)
    found: Plan = plan(visit.company, _publication(visit, wanted, None))
    return Planned(
        revision=found.parent,
        digest=wanted.digest,
        possible=found.possible,
        problems=tuple(each.text(visit.language) for each in found.problems if _concerns(each, wanted)),
        effects=tuple((each.severity, each.text.to(visit.language)) for each in found.effects),
    )


def _concerns(problem: Problem, wanted: NewField) -> bool:
    """Errors of the whole, and remarks on the field itself; remarks on what was there before are no news."""
    return problem.severity == "error" or wanted.name in problem.thing


def published(visit: Visit, wanted: NewField, base: int, digest: str) -> int:
    """Publish what the plan was shown of; the revision.

    Raises:
        Conflict: the form has been changed since, or others published what it cannot be merged with.
        DougongError: the metadata does not pass.
    """
    if digest != wanted.digest:
        reason = msg("The formula was changed after its plan was shown.")
        raise Conflict(Problem(code="plan-old", thing=wanted.name, reason=reason, fix=msg("Look at the plan again.")))
    refuse_unnamed(wanted)
    return publish(visit.company, _publication(visit, wanted, base))


def said(error: DougongError, language: str) -> tuple[str, ...]:
    """What an error says."""
    return tuple(dict.fromkeys(each.text(language) for each in error.problems))
