"""What publishing a formula would do, said beforehand, then the publish: of a new field, and of any change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dougong.base.errors import Conflict, DougongError, Place, Problem, Rejected
from dougong.base.language import LANGUAGES, msg
from dougong.engine.plan import Effect, Plan, plan
from dougong.engine.publish import Publication
from dougong.engine.reading.readers import titles
from dougong.engine.rehearsal import publish_tested
from dougong.metadata.component import content_hash
from dougong.metadata.documents import from_bodies
from dougong.metadata.model import Object
from dougong.metadata.tree import Tree
from dougong.web.visit import Visit

NAMED = 5
"""Records that an effect names."""


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
class Told:
    """One effect, called `code` by the plan.

    `count` of `total` live records are concerned, of which some are named with their address.
    """

    code: str
    severity: str
    text: str
    count: int = 0
    total: int = 0
    records: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What publishing would do, as the page says it; `revision` is what it was compared with."""

    revision: int
    digest: str
    possible: bool
    problems: tuple[str, ...]
    effects: tuple[Told, ...]


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


def _added(wanted: NewField) -> Callable[[Tree], Tree]:
    return lambda tree: tree.put(*from_bodies([wanted.body]))


def planned(visit: Visit, wanted: NewField) -> Planned:
    """What publishing `wanted` would do, counted on live records.

    Raises:
        DougongError: it lacks a name, or others published what it cannot be merged with.
    """
    refuse_unnamed(wanted)
    return planned_of(visit, f"field:{wanted.object.name}.{wanted.name}", wanted.digest, _added(wanted), wanted.object)


def published(visit: Visit, wanted: NewField, base: int, digest: str) -> int:
    """Publish what the plan was shown of; the revision.

    Raises:
        Conflict: the form has been changed since, or others published what it cannot be merged with.
        DougongError: the metadata does not pass.
    """
    refuse_old(wanted.name, digest, wanted.digest)
    refuse_unnamed(wanted)
    return publish_of(visit, f"field:{wanted.object.name}.{wanted.name}", _added(wanted), base)


# -- any change of a formula -----------------------------------------------------------------------------------
def planned_of(
    visit: Visit, address: str, digest: str, change: Callable[[Tree], Tree], obj: Object | None = None
) -> Planned:
    """What publishing a change of the tree would do; `obj` is the object whose records effects name.

    Raises:
        DougongError: others published what it cannot be merged with.
    """
    found: Plan = plan(visit.company, _publication(visit, address, change, None))
    with visit.company.read(visit.actor) as unit:
        wanted = {obj.name: {id for each in found.effects for id in each.records}} if obj else {}
        known = titles(unit, wanted)
    return Planned(
        revision=found.parent,
        digest=digest,
        possible=found.possible,
        problems=tuple(each.text(visit.language) for each in found.problems if _concerns(each, address)),
        effects=tuple(_effect(visit, each, obj, known) for each in found.effects),
    )


def _effect(visit: Visit, effect: Effect, obj: Object | None, known: Mapping[tuple[str, str], str]) -> Told:
    name = obj.name if obj else ""
    records = tuple((known[name, id], f"/o/{name}/{id}") for id in effect.records if known.get((name, id)))
    return Told(
        effect.code, effect.severity, effect.text.to(visit.language), effect.count, effect.total, records[:NAMED]
    )


def _concerns(problem: Problem, address: str) -> bool:
    """Errors of the whole, and remarks on the component itself; remarks on what was there before are no news."""
    return problem.severity == "error" or address.partition(":")[2] in problem.thing


def refuse_old(thing: str, shown: str, digest: str) -> None:
    """Raise where the form is not what the plan was shown of.

    Raises:
        Conflict: it has been changed since.
    """
    if shown != digest:
        reason = msg("The formula was changed after its plan was shown.")
        raise Conflict(Problem(code="plan-old", thing=thing, reason=reason, fix=msg("Look at the plan again.")))


def publish_of(visit: Visit, address: str, change: Callable[[Tree], Tree], base: int) -> int:
    """Publish a change of the tree of revision `base`; the revision.

    Raises:
        DougongError: the metadata does not pass, or others published what it cannot be merged with.
    """
    return publish_tested(visit.company, _publication(visit, address, change, base))


def _publication(visit: Visit, address: str, change: Callable[[Tree], Tree], base: int | None) -> Publication:
    """The metadata changed; from what was in force at revision `base`, else from the head."""
    with visit.company.read(visit.actor) as unit:
        head = unit.runtime.revision
        start = base if base is not None and 0 <= base <= head else head
        tree = unit.company.tree_of(unit.connection, start)
    return Publication(tree=change(tree), author=visit.actor, message=f"formula {address}", base=start)


def said(error: DougongError, language: str) -> tuple[str, ...]:
    """What an error says."""
    return tuple(dict.fromkeys(each.text(language) for each in error.problems))
