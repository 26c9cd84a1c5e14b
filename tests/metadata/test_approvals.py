"""Approvals as documents: a sound one passes the check, and the model has what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest

import dougong.engine.fields  # noqa: F401  the field types
from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.metadata.approval import Approval
from dougong.metadata.canonical import canonical_text
from dougong.metadata.check import check, load
from dougong.metadata.checking.totality import always
from dougong.metadata.component import Component
from dougong.metadata.documents import from_bodies, read_texts
from dougong.metadata.index import Index
from dougong.metadata.merging import merge
from dougong.metadata.renaming import rename
from dougong.metadata.scope import FieldScope
from dougong.metadata.tree import Tree
from dougong.metadata.usage import broken_without
from tests.metadata.bad_approvals import APPROVAL, approval, head
from tests.metadata.workshop import changed, label


def built(files: dict[str, Any]) -> Approval:
    """The approval of the workshop as the model has it."""
    return load(read_texts(changed(files))).workflows.approvals["deal.dear"]


def test_the_sound_approval_is_sound() -> None:
    """The bad examples each change one thing of it."""
    assert check(read_texts(changed(approval()))).problems == ()


def test_an_approval_is_built() -> None:
    found = built(approval())
    assert (found.name, found.own, found.object, found.first) == ("deal.dear", "dear", "deal", "head")
    assert found.start.by == ("owner",)
    assert found.start.gates == ("stage:won", "update:amount")
    assert found.start.when is not None
    assert found.start.when.references == (("amount",),)
    assert [(each.key, each.way, each.value) for each in found.nodes["head"].approvers] == [
        ("owner", "field", "owner"),
        ("up", "manager", 1),
    ]
    assert [(each.key, each.next, each.when is None) for each in found.nodes["both"].branches] == [
        ("one", "money", True),
        ("two", "law", True),
    ]
    assert found.binds.fields == {"amount", "line.deal"}
    [step] = found.outcomes["approved"]
    assert (step.key, step.do, list(step.formulas)) == ("mark", "sketch", ["/values/reason"])
    assert found.body["nodes"]["head"]["type"] == "approve"


def test_the_rejection_follows_from_the_mode() -> None:
    """One no ends a node where all must agree; a vote goes on until it is lost."""
    said = {mode: built(head(mode=mode)).nodes["head"].reject for mode in ("all", "sequence", "any", "vote")}
    assert said == {"all": "first_ends", "sequence": "first_ends", "any": "when_lost", "vote": "when_lost"}


def test_add_is_all_three_ways_of_adding() -> None:
    assert built(head(may=["add", "hand_over"])).nodes["head"].may == {
        "add_before", "add_after", "add_parallel", "hand_over",
    }  # fmt: skip


def test_a_switch_is_a_formula_over_settings() -> None:
    active = built(approval(active="$Setup.free_discount > 0")).active
    assert not isinstance(active, bool)
    assert active.variables == (("$Setup", "free_discount"),)
    assert built(approval(active=False)).active is False


# -- conditions that always hold ----------------------------------------------------------------------------------
TOTAL = [
    ("TRUE",),
    ("ISBLANK(customer)", "NOT(ISBLANK(customer))"),
    ("amount >= 500", "amount < 500", "ISBLANK(amount)"),
    ("amount > 500", "amount < 500", "amount = 500", "ISBLANK(amount)"),
    ('ISPICKVAL(stage, "open")', '!ISPICKVAL(stage, "open")'),
    ('ISPICKVAL(stage, "open")', 'ISPICKVAL(stage, "won") || ISPICKVAL(stage, "lost")', "ISBLANK(stage)"),
    ("ISBLANK(amount) || amount < 10", "amount >= 10 && ISBLANK(name)", "amount >= 10 && NOT(ISBLANK(name))"),
]
PARTIAL = [
    ("FALSE",),
    ("amount >= 500", "amount < 500"),
    ("amount > 500", "amount < 500", "ISBLANK(amount)"),
    ('ISPICKVAL(stage, "open")', 'ISPICKVAL(stage, "won")', "ISBLANK(stage)"),
    ('name = "a"', 'name = "b"', "ISBLANK(name)"),
    ("amount + 1 > 0", "NOT(amount + 1 > 0)", "ISBLANK(amount)"),
    ("amount > $Setup.free_discount", "amount <= $Setup.free_discount", "ISBLANK(amount)"),
]


def conditions(texts: tuple[str, ...]) -> list[Formula]:
    scope = FieldScope(Index(check(read_texts(changed({}))).effective), "deal")
    return [compile_formula(each, scope, "boolean") for each in texts]


@pytest.mark.parametrize("texts", TOTAL)
def test_conditions_that_always_hold(texts: tuple[str, ...]) -> None:
    assert always(conditions(texts))


@pytest.mark.parametrize("texts", PARTIAL)
def test_conditions_that_need_not_hold_or_cannot_be_proved(texts: tuple[str, ...]) -> None:
    """What is not proved asks for a way out, even where it might be true."""
    assert not always(conditions(texts))


def test_a_condition_that_always_holds_needs_no_other_way() -> None:
    branches = [
        {"key": "large", "when": "amount > 1000", "next": "both"},
        {"key": "small", "when": "amount <= 1000 || ISBLANK(amount)", "next": "end"},
    ]
    assert (
        check(read_texts(changed(approval(nodes__size__otherwise=None, nodes__size__branches=branches)))).errors == ()
    )


# -- as components like any other ---------------------------------------------------------------------------------
def tree(**changes: Any) -> Tree:
    return check(read_texts(changed(approval(**changes)))).tree


def body(found: Tree) -> Any:
    return found.components["approval:deal.dear"].body


def test_a_renamed_field_is_followed_everywhere() -> None:
    """In conditions, gates, bindings, people, and what steps set and read."""
    before = tree(
        nodes__head__fields={"amount": "read"},
        lock={"except": ["amount"]},
        outcomes__approved=[{"key": "a", "do": "sketch", "with": {"values": {"amount": "amount * 2"}}}],
    )
    after = body(rename(before, "field:deal.amount", "worth"))
    assert "amount" not in str({key: each for key, each in after.items() if key != "label"})
    assert after["outcomes"]["approved"][0]["with"]["values"] == {"worth": "worth * 2"}
    assert after["start"]["gates"] == ["stage:won", "update:worth"]
    assert after["binds"]["fields"] == ["worth", "line.deal"]
    assert check(rename(before, "field:deal.amount", "worth")).errors == ()


def test_a_renamed_object_takes_its_approvals_along() -> None:
    after = rename(tree(), "object:deal", "bargain")
    assert after.components["approval:bargain.dear"].body["object"] == "bargain"
    assert after.components["approval:bargain.dear"].body["binds"]["fields"] == ["amount", "line.deal"]
    assert check(after).errors == ()


def test_a_field_that_an_approval_reads_is_not_taken_out() -> None:
    codes = {(each.code, each.thing) for each in broken_without(tree(), "field:deal.reason")}
    assert ("field-unknown", "approval:deal.dear") in codes


def test_an_overlay_adds_an_approver_and_moves_a_limit() -> None:
    """As any other component: by place, with the layer of each place known."""
    package = {"kind": "package", "name": "base", "label": label("Base", "基础"), "version": "1.0.0"}
    found = read_texts(changed({"package.json": package, **approval()}))
    change = {
        "kind": "overlay", "name": "dear", "target": "approval:deal.dear",
        "set": {"nodes/size/branches#large/when": "amount > 5000"},
        "add": {"nodes/head/approvers": [{"key": "second", "manager": 2, "after": "owner"}]},
    }  # fmt: skip
    model = load((*found.components, *from_bodies([change])))
    nodes = model.workflows.approvals["deal.dear"].nodes
    assert [each.key for each in nodes["head"].approvers] == ["owner", "second", "up"]
    assert nodes["size"].branches[0].when is not None
    assert nodes["size"].branches[0].when.source == "amount > 5000"


def test_two_changes_of_one_approval_merge_by_key() -> None:
    """One adds an approver, the other a limit of time: both hold."""
    up = [*approval()[APPROVAL]["nodes"]["head"]["approvers"], {"key": "second", "manager": 2}]
    ours, theirs = tree(nodes__head__approvers=up), tree(nodes__head__timeout={"after": "1d"})
    merged = merge(tree(), ours, theirs)
    assert merged.conflicts == ()
    assert body(merged.tree)["nodes"]["head"]["timeout"] == {"after": "1d"}
    assert [each["key"] for each in body(merged.tree)["nodes"]["head"]["approvers"]] == ["owner", "up", "second"]


def test_the_canonical_form_has_the_order_of_the_schema() -> None:
    component = tree().components["approval:deal.dear"]
    shuffled = Component("approval", component.name, dict(reversed(component.body.items())))
    assert canonical_text(shuffled) == canonical_text(component)
    assert list(json.loads(canonical_text(component))) == [
        "kind", "name", "label", "object", "start", "binds", "first", "nodes", "outcomes",
    ]  # fmt: skip
