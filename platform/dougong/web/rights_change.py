"""Rights changed in pages, by roles, permission sets, sharing rules and queues: a form is planned, then published.

What a package brought is changed by an overlay of the company, so its upgrades still come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dougong.base.errors import Conflict, NotFound, Place, Problem, Rejected
from dougong.base.language import LANGUAGES, label, msg
from dougong.engine.formula_scope import scope_of
from dougong.engine.plan import plan
from dougong.engine.publish import Publication
from dougong.engine.rehearsal import publish_tested
from dougong.engine.rights.effects import Effect, assigned, effects, opening, takers
from dougong.engine.unit import Unit
from dougong.metadata.component import COMPANY, Component, content_hash, same
from dougong.metadata.documents import from_bodies
from dougong.metadata.model import Model
from dougong.metadata.tree import Tree
from dougong.web.formula_change import GONE, Edit
from dougong.web.visit import Visit, whole_number

Change = Callable[[Tree], Tree]


@dataclass(frozen=True, slots=True)
class Opened:
    """The component that a form is about. `component` is as overlays leave it; None while it is being made."""

    kind: str
    component: Component | None
    package: str = ""
    changed: bool = False

    @property
    def body(self) -> Mapping[str, Any]:
        """Its document."""
        return self.component.body if self.component else {}


@dataclass(frozen=True, slots=True)
class _Whole:
    """A component as the place of an edit."""

    component: Component


def opened(visit: Visit, kind: str, name: str) -> Opened:
    """A component of the metadata in force; a new one where `name` is "".

    Raises:
        NotFound: there is none of this name.
    """
    if not name:
        return Opened(kind, None)
    index = scope_of(visit.unit, "").index
    found = index.components.get(f"{kind}:{name}")
    if found is None:
        reason = msg("There is no such page.")
        raise NotFound(Problem(code="rights-unknown", thing=f"{kind}:{name}", reason=reason))
    changed = any(
        each.layer == COMPANY and each.body.get("target") == found.address for each in index.effective.overlays
    )
    return Opened(kind, found, package_name(visit, found.layer), changed)


def package_name(visit: Visit, layer: str) -> str:
    """What a package is called; "" for the company's own."""
    if layer == COMPANY:
        return ""
    body = visit.model.packages.get(layer, {})
    return f"{label(body.get('label'), visit.language) or layer} {body.get('version', '')}".strip()


# -- what was sent ------------------------------------------------------------------------------------------------
def labels_sent(visit: Visit, was: Mapping[str, Any]) -> dict[str, str]:
    """The labels that a form says, in other languages as before."""
    others = {tag: text for tag, text in was.get("label", {}).items() if tag not in LANGUAGES}
    typed = {tag: visit.sent(f"label.{tag}").strip()[:100] for tag in LANGUAGES}
    return {**others, **{tag: text for tag, text in typed.items() if text}}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form asks for: values at places of a component, as overlays write them, of `name` where it is new."""

    opened: Opened
    name: str
    values: Mapping[str, Any]

    @property
    def address(self) -> str:
        """The address of the component."""
        found = self.opened.component
        return found.address if found else f"{self.opened.kind}:{self.name}"

    @property
    def digest(self) -> str:
        """What tells this wish from any other: what is published is what the plan was shown of."""
        said = {path: ["gone"] if value is GONE else value for path, value in self.values.items()}
        return content_hash([self.address, said])

    @property
    def change(self) -> Change:
        """The change of the tree."""
        if self.opened.component is not None:
            return Edit(_Whole(self.opened.component), self.values).of
        body: dict[str, Any] = {"kind": self.opened.kind, "name": self.name}
        body |= {path: value for path, value in self.values.items() if value is not GONE}
        return lambda tree: tree.put(*from_bodies([body]))

    def refuse_incomplete(self, taken: Mapping[str, Any]) -> None:
        """Check what a form can lack; `taken` are the names in use.

        Raises:
            Rejected: the name or the label is missing, or the name is taken; or nothing was changed.
        """
        problems = []
        if self.opened.component is None and not self.name.rpartition(".")[2]:
            reason, fix = msg("It needs a name."), msg("Write lower-case letters, digits and _, a letter first.")
            problems.append(Problem(code="rights-nameless", reason=reason, fix=fix, place=Place(field="name")))
        if self.opened.component is None and self.name in taken:
            reason, fix = msg("The name {name} is taken.", name=self.name), msg("Choose another name.")
            problems.append(Problem(code="rights-taken", reason=reason, fix=fix, place=Place(field="name")))
        if not self.values.get("label", {"": ""}):
            reason, fix = msg("It needs a label."), msg("Write what people are to read.")
            problems.append(Problem(code="rights-unlabelled", reason=reason, fix=fix, place=Place(field="label")))
        found = self.opened.component
        if found is not None:
            after = Edit(_Whole(found), self.values).component
            if same(dict(after.body), dict(found.body)):
                problems.append(
                    Problem(code="rights-unchanged", thing=found.address, reason=msg("Nothing was changed."))
                )
        if problems:
            raise Rejected(problems)


class RightsChange(Protocol):
    """A change of rights that is planned, then published."""

    @property
    def opened(self) -> Opened:
        """What it is about."""

    @property
    def address(self) -> str:
        """The address of that."""

    @property
    def digest(self) -> str:
        """What tells the change from any other."""

    @property
    def change(self) -> Change:
        """The change of the tree."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A role, permission set or sharing rule of the company is taken out."""

    opened: Opened

    @property
    def address(self) -> str:
        """The address of the component."""
        found = self.opened.component
        return found.address if found else ""

    @property
    def digest(self) -> str:
        """What tells this removal from any other change."""
        return content_hash([self.address, "removed"])

    @property
    def change(self) -> Change:
        """The change of the tree."""
        return lambda tree: tree.without(self.address)

    def refuse_held(self, unit: Unit) -> None:
        """Check that nobody holds it, and that it is the company's own.

        Raises:
            Rejected: a package brought it, or it is given to people.
        """
        found = self.opened.component
        if found is not None and found.layer != COMPANY:
            reason = msg("It comes with the package {package} and is not deleted.", package=self.opened.package)
            fix = msg("Take away what it gives, or switch it off: your change lies over the package.")
            raise Rejected(Problem(code="rights-packaged", thing=found.address, reason=reason, fix=fix))
        if found is not None and found.kind != "sharing_rule":
            count = assigned(unit, found.kind, found.name)
            if count:
                reason = msg("{n} person has it.", "{n} people have it.", n=count)
                fix = msg("Take it from them first; the list of people shows whom it is given to.")
                raise Rejected(Problem(code="rights-held", thing=found.address, reason=reason, fix=fix))


# -- planned, published -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Planned:
    """What publishing would do, as the page says it; `revision` is what it was compared with."""

    revision: int
    digest: str
    possible: bool
    problems: tuple[str, ...]
    gains: tuple[tuple[str, int], ...]
    losses: tuple[tuple[str, int], ...]
    opens: str


def planned(visit: Visit, wish: RightsChange) -> Planned:
    """What publishing would do: what the check says, and how many people gain and lose what.

    Raises:
        DougongError: others published what it cannot be merged with.
    """
    wanted = _publication(visit, wish, None)
    found = plan(visit.company, wanted)
    told: tuple[Effect, ...] = ()
    opens = ""
    model = found.model
    if found.possible and model is not None:
        with visit.company.read(visit.actor) as unit:
            told = effects(unit, model)
            opens = _opens(visit, wish, unit.runtime.model if isinstance(wish, Removal) else model)
    name = wish.address.partition(":")[2]
    errors = tuple(
        each.text(visit.language) for each in found.problems if each.severity == "error" or name in each.thing
    )
    lines = [(each.gained, visit.say(each.what), each.count) for each in told]
    return Planned(
        revision=found.parent,
        digest=wish.digest,
        possible=found.possible,
        problems=errors,
        gains=tuple((what, count) for gained, what, count in lines if gained),
        losses=tuple((what, count) for gained, what, count in lines if not gained),
        opens=opens,
    )


def _opens(visit: Visit, wish: RightsChange, model: Model) -> str:
    """How much a sharing rule to be opens, to how many; how many take from a queue to be; "" for all else."""
    if wish.opened.kind == "queue":
        queue = model.rights.queues[wish.address.partition(":")[2]]
        with visit.company.read(visit.actor) as unit:
            count = takers(unit, queue)
        return visit.say(msg("{n} person takes from it.", "{n} people take from it.", n=count))
    if wish.opened.kind != "sharing_rule":
        return ""
    name = wish.address.partition(":")[2]
    rule = next((each for each in model.rights.sharing_rules.get(name.partition(".")[0], ())
                 if each.address == wish.address), None)  # fmt: skip
    if rule is None:
        return visit.say(msg("The rule is switched off: it opens nothing."))
    with visit.company.read(visit.actor) as unit:
        found = opening(unit, rule)
    if found.records is None:
        return visit.say(
            msg("Which records it opens depends on who looks. It is for {people} people.", people=found.people)
        )
    known = {"records": found.records, "total": found.total, "people": found.people}
    return visit.say(msg("It opens {records} of {total} records to {people} people.", **known))


def publish_wish(visit: Visit, wish: RightsChange) -> int:
    """Publish what the plan was shown of; the revision.

    Raises:
        Conflict: the form has been changed since, or others published what it cannot be merged with.
        DougongError: the metadata does not pass.
    """
    if visit.sent("planned") != wish.digest:
        reason = msg("The form was changed after its plan was shown.")
        raise Conflict(Problem(code="plan-old", thing=wish.address, reason=reason, fix=msg("Look at the plan again.")))
    return publish_tested(visit.company, _publication(visit, wish, whole_number(visit.sent("base"))))


def _publication(visit: Visit, wish: RightsChange, base: int | None) -> Publication:
    with visit.company.read(visit.actor) as unit:
        head = unit.runtime.revision
        start = base if base is not None and base <= head else head
        tree = unit.company.tree_of(unit.connection, start)
    return Publication(tree=wish.change(tree), author=visit.actor, message=f"rights {wish.address}", base=start)
