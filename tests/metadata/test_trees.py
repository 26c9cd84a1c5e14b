"""Trees: hashes, differences and three-way merges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.metadata.component import Component
from dougong.metadata.trees import Tree, diff, merge

KEYS = st.sampled_from(["a", "b", "c", "d", "e"])
ATOMS = st.one_of(st.integers(0, 3), st.sampled_from(["x", "y"]), st.booleans())


def keyed(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.dictionaries(KEYS, st.fixed_dictionaries({"n": values}), max_size=4).map(
        lambda found: [{"key": key, **each} for key, each in found.items()]
    )


BODIES = st.fixed_dictionaries(
    {},
    optional={
        "atom": ATOMS,
        "map": st.dictionaries(KEYS, ATOMS, max_size=3),
        "list": keyed(ATOMS),
        "set": st.lists(st.sampled_from(["p", "q", "r", "s"]), unique=True, max_size=4),
        "deep": keyed(st.dictionaries(KEYS, ATOMS, max_size=2)),
    },
)
NAMES = st.sampled_from(["one", "two", "three"])


def tree(bodies: dict[str, dict[str, Any]]) -> Tree:
    return Tree.of(Component("layout", name, {"kind": "layout", "name": name, **body}) for name, body in bodies.items())


TREES = st.dictionaries(NAMES, BODIES, max_size=3).map(tree)


@given(TREES, TREES)
def test_a_tree_differs_from_another_exactly_when_there_are_changes(first: Tree, second: Tree) -> None:
    same = first.content_hash == second.content_hash
    assert same == (diff(first, second) == ())


@given(TREES)
def test_the_hash_does_not_depend_on_order(one: Tree) -> None:
    assert one.content_hash == Tree.of(list(one.components.values())[::-1]).content_hash


@given(TREES, TREES)
def test_what_one_side_did_alone_stands(base: Tree, ours: Tree) -> None:
    for merged in (merge(base, ours, base), merge(base, base, ours), merge(base, ours, ours)):
        assert merged.conflicts == ()
        assert merged.tree.content_hash == ours.content_hash


@given(TREES, TREES, TREES)
def test_sides_may_change_places(base: Tree, ours: Tree, theirs: Tree) -> None:
    one, other = merge(base, ours, theirs), merge(base, theirs, ours)
    assert len(one.conflicts) == len(other.conflicts)
    if not one.conflicts:
        assert one.tree.content_hash == other.tree.content_hash


@given(TREES, TREES, TREES)
def test_disjoint_changes_never_conflict(base: Tree, ours: Tree, theirs: Tree) -> None:
    """Ours about component `one` alone, theirs about the others alone."""
    mine = Tree.of([*base.without("layout:one").components.values(), *ours.of_kind("layout")[:0]]).put(
        *(each for each in ours.components.values() if each.name == "one")
    )
    other = Tree.of(each for each in theirs.components.values() if each.name != "one").put(
        *(each for each in base.components.values() if each.name == "one")
    )
    merged = merge(base, mine, other)
    assert merged.conflicts == ()
    expected = Tree.of(
        [each for each in other.components.values() if each.name != "one"]
        + [each for each in mine.components.values() if each.name == "one"]
    )
    assert merged.tree.content_hash == expected.content_hash


def keys(*names: str) -> list[dict[str, str]]:
    return [{"key": name} for name in names]


MERGES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any] | str]] = {
    "other keys": ({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 2}),
    "same key, same value": ({"a": 1}, {"a": 2}, {"a": 2}, {"a": 2}),
    "same key, other value": ({"a": 1}, {"a": 2}, {"a": 3}, "changed /a"),
    "one takes out, one leaves": ({"a": 1, "b": 1}, {"b": 1}, {"a": 1, "b": 2}, {"b": 2}),
    "one takes out, one changes": ({"a": 1}, {}, {"a": 2}, "deleted /a"),
    "elements added at other places": (
        {"l": keys("x", "y")}, {"l": keys("x", "m", "y")}, {"l": keys("x", "y", "n")},
        {"l": keys("x", "m", "y", "n")},
    ),
    "elements added at one place": (
        {"l": keys("x")}, {"l": keys("x", "n")}, {"l": keys("x", "m")}, {"l": keys("x", "m", "n")},
    ),
    "one moves, one changes": (
        {"l": [{"key": "x", "v": 1}, {"key": "y"}]}, {"l": [{"key": "y"}, {"key": "x", "v": 1}]},
        {"l": [{"key": "x", "v": 2}, {"key": "y"}]}, {"l": [{"key": "y"}, {"key": "x", "v": 2}]},
    ),
    "both move alike": (
        {"l": keys("x", "y", "z")}, {"l": keys("z", "x", "y")}, {"l": keys("z", "x", "y")}, {"l": keys("z", "x", "y")},
    ),
    "both move": ({"l": keys("x", "y", "z")}, {"l": keys("z", "x", "y")}, {"l": keys("y", "x", "z")}, "moved /l"),
    "element taken out and changed": (
        {"l": [{"key": "x", "v": 1}]}, {"l": []}, {"l": [{"key": "x", "v": 2}]}, "deleted /l#x",
    ),
    "sets": ({"s": ["p", "q"]}, {"s": ["q", "r"]}, {"s": ["p", "q", "t"]}, {"s": ["q", "r", "t"]}),
    "one list, two formulas": (
        {"l": [{"key": "x", "f": "a"}]}, {"l": [{"key": "x", "f": "b"}]}, {"l": [{"key": "x", "f": "c"}]},
        "changed /l#x/f",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MERGES)
def test_merging_documents(case: str) -> None:
    base, ours, theirs, expected = MERGES[case]
    merged = merge(tree({"one": base}), tree({"one": ours}), tree({"one": theirs}))
    if isinstance(expected, str):
        (conflict,) = merged.conflicts
        assert expected == f"{conflict.why} {conflict.place}"
    else:
        assert merged.conflicts == ()
        assert tree({"one": expected}).components["layout:one"].body == merged.tree.components["layout:one"].body


def field(name: str, identity: str, **keys_: Any) -> Component:
    body = {"kind": "field", "name": f"account.{name}", "id": identity, "type": "text", **keys_}
    return Component("field", f"account.{name}", body)


def test_a_rename_and_a_change_come_together() -> None:
    base = Tree.of([field("amt", "a" * 12)])
    ours = Tree.of([field("amount", "a" * 12, formerly=["amt"])])
    theirs = Tree.of([field("amt", "a" * 12, required=True)])
    merged = merge(base, ours, theirs)
    assert merged.conflicts == ()
    assert merged.tree.components["field:account.amount"].body["required"] is True
    assert [(each.action, each.before) for each in diff(base, ours) if each.action == "renamed"] == [
        ("renamed", "field:account.amt")
    ]


def test_a_freed_name_may_be_taken_by_another_field() -> None:
    base = Tree.of([field("amt", "a" * 12)])
    after = Tree.of([field("amount", "a" * 12), field("amt", "b" * 12)])
    merged = merge(base, after, base)
    assert merged.tree.content_hash == after.content_hash
    actions = [(each.action, each.address) for each in diff(base, after) if not each.place]
    assert actions == [("renamed", "field:account.amount"), ("added", "field:account.amt")]


def test_two_things_of_one_name_conflict() -> None:
    base = Tree.of([field("amt", "a" * 12)])
    ours = Tree.of([field("amount", "a" * 12)])
    theirs = base.put(field("amount", "b" * 12))
    assert [each.why for each in merge(base, ours, theirs).conflicts] == ["named"]


def test_what_one_deleted_and_the_other_changed_conflicts() -> None:
    base = Tree.of([field("amt", "a" * 12)])
    merged = merge(base, Tree.of([]), Tree.of([field("amt", "a" * 12, required=True)]))
    assert [(each.why, each.address) for each in merged.conflicts] == [("deleted", "field:account.amt")]
