"""The state of an instance as JSON."""

from __future__ import annotations

import json

from dougong.workflows.approvals.state import State, Visit
from dougong.workflows.approvals.state_json import from_json, to_json
from tests.workflows.approvals.office import Case, Office, asks, chart, rule


def test_there_and_back() -> None:
    office = Office(rules={"ann": ("ann",), "bob": ("bob",)}, addresses={"role:team": ("cat",)})
    picked = rule("initiator", key="picked", way="chosen_by", source="role:team")
    case = Case(chart("one", one=asks("ann", next="two"), two=asks("bob", picked)), office, two__picked=("cat",))
    case.hands_over("ann", "bob", comes_back=True).approves("bob", "ann")
    told = json.loads(json.dumps(to_json(case.state)))
    assert from_json(told) == case.state


def test_what_an_older_or_newer_version_wrote_is_read() -> None:
    """A key that is missing has its default; one that is not known is passed over."""
    told = {"status": "open", "initiator": "ivy", "mood": "good", "visits": [
        {"number": 1, "node": "one", "status": "open", "round": 1, "before": None, "colour": "red"},
    ]}  # fmt: skip
    visit = Visit(number=1, node="one", status="open", round=1, before=None)
    assert from_json(told) == State(status="open", initiator="ivy", visits=(visit,))
