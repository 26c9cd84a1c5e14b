"""Channels: documents to what the model has of them."""

from __future__ import annotations

from dougong.metadata.check import check
from dougong.metadata.compile import compile_tree
from dougong.metadata.documents import Documents, read_texts
from dougong.metadata.trees import Tree
from tests.metadata.bad_channels import channel
from tests.metadata.workshop import changed


def test_a_channel_has_what_its_kind_asks_for() -> None:
    """Under its name, with the names of secrets and no secret."""
    read = read_texts(changed(channel()))
    assert check(Documents(read.components, ())).problems == ()
    found = compile_tree(Tree.of(read.components)).workflows.channels["group"]
    assert (found.type, dict(found.options)) == (
        "dingtalk",
        {"address_secret": "group_bot", "signing_secret": "group_key"},
    )
