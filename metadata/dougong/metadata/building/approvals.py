"""Approval documents to their part of the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.metadata.approval import (
    WAYS,
    Act,
    Approval,
    Approvers,
    Binding,
    Branch,
    Node,
    PeopleRules,
    Refusal,
    Rejection,
    Start,
    TimeLimit,
)
from dougong.metadata.building.fields import labels
from dougong.metadata.building.steps import build_steps
from dougong.metadata.index import Index, texts
from dougong.metadata.scope import FieldScope

Document = Mapping[str, Any]

ADD: tuple[Act, ...] = ("add_before", "add_after", "add_parallel")
"""What ``add`` stands for among the acts of a node."""

REJECTED: Mapping[str, Rejection] = MappingProxyType({"any": "when_lost", "vote": "when_lost"})
"""When a node is rejected whose document does not say, by its mode; by the first rejection in the others."""

NOBODY: Document = MappingProxyType({})


def build_approvals(index: Index) -> Mapping[str, Approval]:
    """Every approval by its whole name."""
    found = {name: build_approval(index, name, each.body) for name, each in index.named("approval").items()}
    return MappingProxyType(found)


def build_approval(index: Index, name: str, body: Document) -> Approval:
    """One document, against the names of `index`."""
    own, scope = body["object"], FieldScope(index, body["object"])
    return Approval(
        name=name,
        own=name.rpartition(".")[2],
        object=own,
        label=labels(body.get("label")),
        body=body,
        first=body["first"],
        nodes=MappingProxyType({key: _node(index, scope, key, each) for key, each in body["nodes"].items()}),
        active=_active(scope, body.get("active", True)),
        start=_start(scope, body.get("start", NOBODY), _stages(index, name, own)),
        binds=_binding(body.get("binds", NOBODY)),
        lock_except=frozenset(texts(body.get("lock", NOBODY).get("except"))),
        people=_people(body.get("people", NOBODY)),
        recall=body.get("recall", "until_next_decision"),
        resubmit=body.get("resubmit", "choose"),
        outcomes=MappingProxyType(
            {outcome: build_steps(index, each, own) for outcome, each in body.get("outcomes", {}).items()}
        ),
    )


def _active(scope: FieldScope, said: Any) -> Formula | bool:
    return compile_formula(said, scope, "boolean") if isinstance(said, str) else bool(said)


def _condition(scope: FieldScope, text: Any) -> Formula | None:
    return compile_formula(text, scope, "boolean") if isinstance(text, str) else None


def _stages(index: Index, name: str, object_name: str) -> tuple[str, ...]:
    """The gates that paths of the object give to an approval: the stages that it guards."""
    return tuple(
        f"stage:{stage['value']}"
        for path in index.of_object("path", object_name).values()
        for stage in path.body.get("stages", ())
        if stage.get("approval") == name
    )


def _start(scope: FieldScope, body: Document, stages: tuple[str, ...]) -> Start:
    return Start(
        when=_condition(scope, body.get("when")),
        by=texts(body.get("by")) or ("owner",),
        gates=tuple(dict.fromkeys((*texts(body.get("gates")), *stages))),
        refuse=tuple(
            Refusal(
                key=each["key"],
                when=compile_formula(each["when"], scope, "boolean"),
                message=labels(each.get("message")),
            )
            for each in body.get("refuse", ())
        ),
    )


def _binding(body: Document) -> Binding:
    return Binding(
        fields=frozenset(texts(body.get("fields"))),
        free=frozenset(texts(body.get("free"))),
        on_later_edit=body.get("on_later_edit", "invalidate"),
        restore=body.get("restore", False),
    )


def _people(body: Document) -> PeopleRules:
    return PeopleRules(
        initiator_is_approver=body.get("initiator_is_approver", "next_manager"),
        same_person=body.get("same_person", "skip"),
        absent=body.get("absent", "delegate"),
        nobody=texts(body.get("nobody")) or ("refuse",),
    )


def _node(index: Index, scope: FieldScope, key: str, body: Document) -> Node:
    return Node(
        key=key,
        type=body["type"],
        label=labels(body.get("label")),
        next=body.get("next"),
        formerly=texts(body.get("formerly")),
        approvers=_all(scope, body.get("approvers", ())),
        mode=body.get("mode", "all"),
        need=body.get("need"),
        need_percent=body.get("need_percent"),
        reject=body.get("reject", REJECTED.get(body.get("mode", "all"), "first_ends")),
        on_reject=body.get("on_reject", "end"),
        opinion=body.get("opinion", "required_on_reject"),
        may=_may(texts(body.get("may"))),
        timeout=_timeout(scope, body["timeout"]) if "timeout" in body else None,
        fields=MappingProxyType(dict(body.get("fields", {}))),
        phrases=tuple(labels(each["label"]) for each in body.get("phrases", ())),
        branches=tuple(_branch(scope, each) for each in body.get("branches", ())),
        otherwise=body.get("otherwise"),
        wait_for=body.get("wait_for", "all"),
        to=_all(scope, body.get("to", ())),
        steps=build_steps(index, body.get("steps", ()), scope.object),
        approval=body.get("approval"),
    )


def _may(said: Iterable[str]) -> frozenset[Act]:
    found: set[Any] = set(said)
    return frozenset(found - {"add"} | set(ADD)) if "add" in found else frozenset(found)


def _branch(scope: FieldScope, body: Document) -> Branch:
    return Branch(
        key=body["key"],
        next=body["next"],
        when=_condition(scope, body.get("when")),
        label=labels(body.get("label")),
    )


def _timeout(scope: FieldScope, body: Document) -> TimeLimit:
    return TimeLimit(
        after=body["after"],
        remind_every=body.get("remind_every"),
        then=body.get("then", "remind"),
        to=_all(scope, body.get("to", ())),
    )


def _all(scope: FieldScope, bodies: Iterable[Document]) -> tuple[Approvers, ...]:
    return tuple(_approvers(scope, each) for each in bodies)


def _approvers(scope: FieldScope, body: Document) -> Approvers:
    way = next(each for each in WAYS if each in body)
    return Approvers(
        key=body["key"],
        way=way,
        value=body[way],
        formula=compile_formula(body["formula"], scope, "text") if way == "formula" else None,
        up_to=body.get("up_to"),
        source=body.get("from"),
        most=body.get("max", 1),
        when=_condition(scope, body.get("when")),
    )
