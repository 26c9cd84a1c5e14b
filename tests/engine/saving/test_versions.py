"""Versions of files: what takes the place of a file keeps it at hand, whichever way it comes."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.engine.publish import Publication, publish
from dougong.metadata.documents import from_bodies
from tests.engine.saving.conftest import Studio
from tests.engine.test_publish import head_tree

A, B, C, D = (f"01934f2e-0000-7000-8000-00000000000{digit}" for digit in "abcd")


def field(name: str, **keys: Any) -> dict[str, Any]:
    return {"kind": "field", "name": f"client.{name}", "label": {"en": name, "zh-CN": name}, "type": "file", **keys}


@pytest.fixture
def papers(studio: Studio) -> Studio:
    fields = [field("contract", versions=True), field("papers", versions=True, count=3), field("plain", count=2)]
    publish(studio.company, Publication(tree=head_tree(studio.company).put(*from_bodies(fields))))
    return studio


def told(studio: Studio, id: str, name: str) -> list[tuple[Any, ...]]:
    found = studio.get("client", id)[name] or ()
    return [(each.id, each.title, *(old.id for old in getattr(each, "earlier", ()))) for each in found]


def test_the_one_file_of_a_field_has_versions(papers: Studio) -> None:
    """Under any name; what comes without the versions keeps them; taken out, they go with it."""
    client = papers.create("client", name="Ada", contract=[f"{A} draft.pdf"])
    papers.update("client", client, contract=[f"{B} signed.pdf"])
    papers.update("client", client, contract=[{"id": C, "name": "annex.pdf"}])
    assert told(papers, client, "contract") == [(C, "annex.pdf", B, A)]
    before = papers.get("client", client)["version"]
    papers.update("client", client, contract=[f"{C} annex.pdf"])
    assert (told(papers, client, "contract"), papers.get("client", client)["version"]) == (
        [(C, "annex.pdf", B, A)],
        before,
    )
    papers.update("client", client, contract=None)
    assert told(papers, client, "contract") == []


def test_of_several_files_the_name_decides(papers: Studio) -> None:
    """Whether the old one was taken out of the form or left in it."""
    client = papers.create("client", name="Ada", papers=[f"{A} a.pdf", f"{B} b.pdf"])
    papers.update("client", client, papers=[f"{A} a.pdf", f"{B} b.pdf", f"{C} a.pdf"])
    assert told(papers, client, "papers") == [(B, "b.pdf"), (C, "a.pdf", A)]
    papers.update("client", client, papers=[f"{C} a.pdf", f"{D} b.pdf"])
    assert told(papers, client, "papers") == [(C, "a.pdf", A), (D, "b.pdf", B)]
    papers.update("client", client, papers=[f"{D} b.pdf"])
    assert told(papers, client, "papers") == [(D, "b.pdf", B)]


def test_fields_that_keep_none_keep_none(papers: Studio) -> None:
    client = papers.create("client", name="Ada", plain=[f"{A} a.pdf"])
    papers.update("client", client, plain=[f"{B} a.pdf"])
    assert told(papers, client, "plain") == [(B, "a.pdf")]
