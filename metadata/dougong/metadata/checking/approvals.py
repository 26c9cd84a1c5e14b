"""Rules of approvals: whom and what they name is there, and every key says something where it stands.

How the nodes hang together is judged by `dougong.metadata.checking.approval_charts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import Message, msg
from dougong.metadata.approval import WAYS
from dougong.metadata.checking.formulas import switch, tried
from dougong.metadata.checking.people import need_role
from dougong.metadata.checking.report import (
    Spot,
    enumerated,
    field_at,
    need_field,
    need_object,
    need_path,
    object_label,
    repeated,
    spots,
    unknown,
)
from dougong.metadata.checking.steps import steps
from dougong.metadata.component import COMPANY
from dougong.metadata.index import FieldFacts, Index
from dougong.metadata.scope import FieldScope, is_stored
from dougong.metadata.violations import not_yet

Document = Mapping[str, Any]

NOTHING: Document = {}

GATES_OF_ACTIONS = {"en": "approvals that hold back actions", "zh-CN": "限制动作的审批"}
"""What a gate of an action waits for: nothing asks for it when the action is done."""

OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "approve": (
        "approvers", "mode", "need", "need_percent", "reject", "on_reject", "opinion", "may", "timeout", "fields",
        "phrases", "next",
    ),
    "condition": ("branches", "otherwise"),
    "split": ("branches",),
    "join": ("wait_for", "next"),
    "copy_to": ("to", "next"),
    "action": ("steps", "next"),
    "sub_process": ("approval", "on_reject", "next"),
    "end": (),
}  # fmt: skip
"""The keys that say something in a node of each type, beside its type and label."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "approve": ("approvers", "next"),
    "condition": ("branches",),
    "split": ("branches",),
    "join": ("next",),
    "copy_to": ("to", "next"),
    "action": ("steps", "next"),
    "sub_process": ("approval", "next"),
    "end": (),
}
"""The keys that a node of each type cannot do without."""

OF_WAY: Mapping[str, tuple[str, ...]] = {"up_to": ("manager",), "from": ("chosen_by",), "max": ("chosen_by",)}
"""Keys of approvers that say something with one way of finding them alone."""


def approvals(index: Index) -> Iterator[Problem]:
    """Everything that approvals name, and what their keys say."""
    for spot, body in spots(index, "approval"):
        name = str(body.get("object", ""))
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        yield from switch(spot, body, name, "start.when")
        yield from _start(spot / "start", name, body.get("start", NOTHING))
        yield from _bound(spot, name, body)
        yield from _nobody(spot / "people", body.get("people", NOTHING))
        for key, node in body.get("nodes", NOTHING).items():
            yield from _node(spot / "nodes" / key, name, node)
        for outcome, done in body.get("outcomes", NOTHING).items():
            yield from steps(spot / "outcomes" / outcome, done, name)


# -- starting -----------------------------------------------------------------------------------------------------
def condition(spot: Spot, text: Any, object_name: str) -> Iterator[Problem]:
    """A condition of a record as it stands, at any time: nothing is being saved."""
    for found in tried(spot, text, FieldScope(spot.index, object_name), "boolean"):
        if isinstance(found, Problem):
            yield found
        elif found.save_only:
            reason = msg("This condition is not asked while a record is saved, so it cannot look at what changed.")
            yield spot.problem("formula-save-only", reason)


def _start(spot: Spot, name: str, body: Document) -> Iterator[Problem]:
    yield from condition(spot / "when", body.get("when"), name)
    if "by" not in body:
        yield from _who_starts(spot, name, "owner")
    for below, who in enumerated(spot, "by", body):
        yield from _who_starts(below, name, str(who))
    for below, gate in enumerated(spot, "gates", body):
        yield from _gate(below, name, str(gate))
    yield from repeated(spot, "refuse", body)
    for below, each in enumerated(spot, "refuse", body):
        yield from condition(below / "when", each.get("when"), name)


def _who_starts(spot: Spot, name: str, who: str) -> Iterator[Problem]:
    kind, _, which = who.partition(":")
    if kind == "role":
        yield from need_role(spot, which)
    elif kind == "team" and which not in spot.index.named("team_role"):
        yield unknown(spot, msg("team role"), which, spot.index.named("team_role"))
    elif who == "owner" and spot.index.body("object", name).get("owner", "user") == "none":
        reason = msg("Records of {object} have no owner.", object=object_label(spot.index, name))
        yield spot.problem("approval-start-owner", reason, msg("Say creator, anyone, or a role."))


def _gate(spot: Spot, name: str, gate: str) -> Iterator[Problem]:
    kind, _, which = gate.partition(":")
    index = spot.index
    if kind == "create" and not index.body("object", name).get("lifecycle", NOTHING).get("effective"):
        reason = msg("A record can wait for approval only where its object says which records are effective.")
        yield spot.problem("approval-gate-create", reason, msg('Give the object "lifecycle": {"effective": true}.'))
    elif kind == "update":
        yield from need_field(spot, name, which)
    elif kind == "action":
        known = {each.name.removeprefix(f"{name}."): each for each in index.of_object("action", name).values()}
        if which not in known:
            yield unknown(spot, msg("action"), which, known)
        else:
            yield not_yet(spot.component, spot.pointer, gate, GATES_OF_ACTIONS)
    elif kind == "convert" and not index.of_object("conversion", name):
        reason = msg("{object} is never converted.", object=object_label(index, name))
        yield spot.problem("approval-gate-convert", reason, msg("Take it out."))
    elif kind == "stage":
        yield from _stage(spot, name, which)


def _stage(spot: Spot, name: str, value: str) -> Iterator[Problem]:
    """The value is a stage of a path of the object."""
    listed = spot.index.of_object("path", name).values()
    staged = {each.body.get("field") for each in listed}
    known = {stage.get("value") for each in listed for stage in each.body.get("stages", ())}
    for field in staged:
        facts = spot.index.field(name, str(field))
        known |= set(spot.index.values(facts)) if facts is not None else set()
    if value not in known:
        yield unknown(spot, msg("stage"), value, {str(each) for each in known})


# -- what is bound and locked -------------------------------------------------------------------------------------
def _bound(spot: Spot, name: str, body: Document) -> Iterator[Problem]:
    binds, fields = body.get("binds", NOTHING), set(map(str, body.get("binds", NOTHING).get("fields", ())))
    for below, each in enumerated(spot / "binds", "fields", binds):
        if "." in str(each):
            yield from _lines(below, name, str(each))
        else:
            yield from need_field(below, name, each)
            yield from _kept(below, name, str(each))
    for below, each in enumerated(spot / "binds", "free", binds):
        yield from need_field(below, name, each)
        if each in fields:
            reason = msg("{field} is bound and free at once.", field=each)
            yield below.problem("approval-bound-free", reason, msg("Leave it in one of the two lists."))
    lock = body.get("lock", NOTHING)
    for below, each in enumerated(spot / "lock", "except", lock):
        yield from need_field(below, name, each)


def _kept(spot: Spot, name: str, field: str) -> Iterator[Problem]:
    """What is bound is compared with what is stored later."""
    facts = spot.index.field(name, field)
    if facts is not None and facts.body.get("type") == "formula" and not is_stored(facts):
        reason = msg("{field} is computed when it is read, so an approval cannot be bound to it.", field=field)
        yield spot.problem("approval-binds-computed", reason, msg("Bind the fields that it is computed from."))


def _lines(spot: Spot, name: str, relation: str) -> Iterator[Problem]:
    known = [str(each.get("field")) for each in spot.index.body("object", name).get("lines", ())]
    if relation not in known:
        yield unknown(spot, msg("table of lines"), relation, known)


def _nobody(spot: Spot, people: Document) -> Iterator[Problem]:
    listed = people.get("nobody", ())
    for below, each in enumerated(spot, "nobody", people):
        yield from _address(below, str(each))
    if "refuse" in listed[:-1]:
        reason = msg("After refuse nothing is tried any more.")
        yield (spot / "nobody" / listed.index("refuse")).problem("approval-nobody", reason, msg("Put it last."))


def _address(spot: Spot, address: str) -> Iterator[Problem]:
    """Somebody named by an address: roles and queues must be there; positions and users are records."""
    kind, _, which = address.partition(":")
    if kind == "role":
        yield from need_role(spot, which)
    elif kind == "queue":
        yield from _need_queue(spot, which)
    elif kind == "user":
        yield from _of_company(spot)


def _need_queue(spot: Spot, name: Any) -> Iterator[Problem]:
    if isinstance(name, str) and name not in spot.index.named("queue"):
        yield unknown(spot, msg("queue"), name, spot.index.named("queue"))


def _of_company(spot: Spot) -> Iterator[Problem]:
    """A package cannot know who works in a company."""
    if spot.origin().layer != COMPANY:
        reason = msg("A package cannot know the people of a company.")
        yield spot.problem("approval-names-user", reason, msg("Name a role, a position or a queue."))


# -- nodes --------------------------------------------------------------------------------------------------------
def _node(spot: Spot, name: str, node: Document) -> Iterator[Problem]:
    kind = str(node.get("type"))
    for key in node:
        if key not in ("type", "label", *OF_TYPE.get(kind, node)):
            reason = msg("A node of the type {type} has no {key}.", type=kind, key=key)
            yield (spot / key).problem("approval-node-key", reason, msg("Take the key out."))
    for key in NEEDED.get(kind, ()):
        if key not in node:
            yield spot.problem("key-missing", msg("The key {key} is missing.", key=key))
    yield from people(spot, "approvers", name, node)
    yield from people(spot, "to", name, node)
    yield from _votes(spot, node)
    yield from _timeout(spot / "timeout", name, node)
    yield from _fields(spot, name, node)
    yield from repeated(spot, "phrases", node)
    yield from repeated(spot, "branches", node)
    for below, branch in enumerated(spot, "branches", node):
        yield from condition(below / "when", branch.get("when"), name)
        if kind == "condition" and "when" not in branch:
            yield below.problem("key-missing", msg("The key {key} is missing.", key="when"))
        if kind == "split" and "when" in branch:
            reason = msg("A split goes all ways at once, so a way has no condition.")
            yield (below / "when").problem(
                "approval-split-when", reason, msg("Put a node of the type condition on it.")
            )
    yield from steps(spot / "steps", node.get("steps", ()), name)


def people(spot: Spot, key: str, object_name: str, body: Document) -> Iterator[Problem]:
    """The sets of approvers under `key`: each says one way, and what it names is there."""
    yield from repeated(spot, key, body)
    for below, each in enumerated(spot, key, body):
        ways = [way for way in WAYS if way in each]
        if len(ways) != 1:
            reason = msg("It says no way in which these people are found, or several.")
            fix = msg("State exactly one of: {names}.", names=", ".join(WAYS))
            yield below.problem("approvers-way", reason, fix)
            continue
        for said, needed in OF_WAY.items():
            if said in each and ways[0] not in needed:
                reason = msg("{key} says something with {other} alone.", key=said, other=needed[0])
                yield (below / said).problem("approvers-key", reason, msg("Take the key out."))
        yield from condition(below / "when", each.get("when"), object_name)
        yield from _found(below, object_name, ways[0], each)


def _found(spot: Spot, object_name: str, way: str, body: Document) -> Iterator[Problem]:
    here, said = spot / way, body[way]
    if way == "role":
        yield from need_role(here, said)
    elif way == "queue":
        yield from _need_queue(here, said)
    elif way == "user":
        yield from _of_company(here)
    elif way == "field":
        yield from _ends_at(here, object_name, said, ("user",), msg("a user"))
    elif way == "department_head" and said != "$Initiator":
        yield from _ends_at(here, object_name, said, ("department",), msg("a department"))
    elif way == "formula":
        for found in tried(here, said, FieldScope(spot.index, object_name), "text"):
            if isinstance(found, Problem):
                yield found
            elif found.save_only:
                reason = msg("This condition is not asked while a record is saved, so it cannot look at what changed.")
                yield here.problem("formula-save-only", reason)
    elif way == "chosen_by" and isinstance(body.get("from"), str):
        yield from _address(spot / "from", body["from"])


def _ends_at(spot: Spot, object_name: str, path: Any, targets: tuple[str, ...], what: Message) -> Iterator[Problem]:
    """A path must end at a field that leads to one of `targets`."""
    wrong = list(need_path(spot, object_name, path))
    yield from wrong
    facts = field_at(spot.index, object_name, str(path))
    if wrong or (facts is not None and (spot.index.is_open(facts) or facts.targets == targets)):
        return
    reason = msg("{path} does not lead to {what}.", path=path, what=what)
    yield spot.problem("approvers-path", reason, _near_users(spot.index, object_name, targets))


def _near_users(index: Index, object_name: str, targets: tuple[str, ...]) -> Message | None:
    known = [facts.name for facts in index.fields[object_name].values() if facts.targets == targets]
    return msg("Known here: {names}.", names=", ".join(sorted(known))) if known else None


def _votes(spot: Spot, node: Document) -> Iterator[Problem]:
    mode = node.get("mode", "all")
    for key in ("need", "need_percent"):
        if key in node and mode != "vote":
            reason = msg("{key} says something with {other} alone.", key=key, other="mode: vote")
            yield (spot / key).problem("approval-votes", reason, msg("Take the key out."))
    if "need" in node and "need_percent" in node:
        reason = msg("A vote needs a number or a share, not both.")
        yield (spot / "need_percent").problem("approval-votes", reason, msg("Take one of them out."))
    most = _most(node)
    if mode == "vote" and most is not None and int(node.get("need", 0)) > most:
        reason = msg("{need} votes are needed, but no more than {most} people are asked.", need=node["need"], most=most)
        yield (spot / "need").problem("approval-votes", reason, msg("Ask more people, or need fewer votes."))
    if mode == "vote" and node.get("reject") == "first_ends":
        reason = msg("A vote that the first rejection ends is no vote.")
        yield (spot / "reject").problem("approval-votes", reason, msg('Say "when_lost" or "all", or another mode.'))


def _most(node: Document) -> int | None:
    """How many people a node asks at most, where that can be known."""
    most = 0
    for each in node.get("approvers", ()):
        if any(way in each for way in ("user", "field", "formula", "department_head", "manager")):
            most += 1
        elif "chosen_by" in each:
            most += int(each.get("max", 1))
        else:
            return None
    return None if node.get("may") else most


def _timeout(spot: Spot, name: str, node: Document) -> Iterator[Problem]:
    limit = node.get("timeout")
    if not isinstance(limit, Mapping):
        return
    then = limit.get("then", "remind")
    brings = then in ("escalate", "hand_over")
    if brings and "to" not in limit:
        reason = msg("When the time is over, somebody comes in, but nobody is named.")
        yield spot.problem("approval-timeout-to", reason, msg("Name them under to."))
    if not brings and "to" in limit:
        reason = msg("{key} says something with {other} alone.", key="to", other="escalate, hand_over")
        yield (spot / "to").problem("approval-timeout-to", reason, msg("Take the key out."))
    yield from people(spot, "to", name, limit)
    for below, each in enumerated(spot, "to", limit):
        if "chosen_by" in each:
            reason = msg("When the time is over nobody is there to choose.")
            yield (below / "chosen_by").problem("approval-timeout-to", reason, msg("Say who comes in."))


WRITTEN = ("edit", "require")


def _fields(spot: Spot, name: str, node: Document) -> Iterator[Problem]:
    for field, what in node.get("fields", NOTHING).items():
        here = spot / "fields" / field
        yield from need_field(here, name, field)
        facts = spot.index.field(name, field)
        if facts is not None and what in WRITTEN and not _writable(facts):
            reason = msg("{field} is computed: nobody can change it.", field=facts.body.get("label") or field)
            yield here.problem("approval-field-computed", reason, msg('Say "read" or "hide".'))


def _writable(facts: FieldFacts) -> bool:
    computed = facts.body.get("compute", NOTHING).get("mode", "always") == "always" and "compute" in facts.body
    return facts.type is None or (facts.type.name not in ("formula", "rollup", "auto_number") and not computed)
