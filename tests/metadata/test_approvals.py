"""Approvals as documents: a sound one passes the check, and the model has what it says."""

from __future__ import annotations

from typing import Any

import dougong.engine.fields  # noqa: F401  the field types
from dougong.metadata.approval import Approval
from dougong.metadata.check import check, load
from dougong.metadata.documents import read_texts
from tests.metadata.bad_approvals import approval, head
from tests.metadata.workshop import changed


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
