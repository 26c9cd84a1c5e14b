"""A picklist's value that is put into words: asked for with the value, blank without it."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.base.errors import Rejected
from dougong.engine.publish import Publication, publish
from dougong.engine.saving.layouts import conditions_of
from dougong.metadata.documents import from_bodies
from tests.engine.saving.conftest import Studio
from tests.engine.test_publish import head_tree


def label(name: str) -> dict[str, str]:
    return {"en": name, "zh-CN": name}


VALUES = [{"value": each, "label": label(each)} for each in ("fair", "friend", "other")]
METADATA: list[dict[str, Any]] = [
    {
        "kind": "object", "name": "call", "label": label("Call"), "title": {"field": "name"},
        "fields": {
            "name": {"type": "text", "label": label("Name")},
            "source": {"type": "picklist", "label": label("Source"), "values": VALUES,
                       "other": {"value": "other", "text": "source_words"}},
            "source_words": {"type": "text", "label": label("Which source")},
            "topics": {"type": "multi_picklist", "label": label("Topics"), "values": VALUES,
                       "other": {"value": "other", "text": "topic_words"}},
            "topic_words": {"type": "text", "label": label("Which topic")},
        },
    },
    {
        "kind": "layout", "name": "call.default", "object": "call",
        "tabs": [{"key": "main", "label": label("Main"), "sections": [
            {"key": "main", "items": [{"field": "source"}, {"field": "source_words"}, {"field": "topic_words"}]},
        ]}],
    },
]  # fmt: skip


@pytest.fixture
def calls(studio: Studio) -> Studio:
    publish(studio.company, Publication(tree=head_tree(studio.company).put(*from_bodies(METADATA))))
    return studio


@pytest.mark.parametrize(
    ("picklist", "text", "other", "plain"),
    (("source", "source_words", "other", "fair"), ("topics", "topic_words", ["fair", "other"], ["fair", "friend"])),
)
def test_the_value_and_its_words_go_together(calls: Studio, picklist: str, text: str, other: Any, plain: Any) -> None:
    """Missing words are refused; so are words without the value; another value takes them away, and history says so."""
    with pytest.raises(Rejected, match="other-text-missing"):
        calls.create("call", **{picklist: other})
    with pytest.raises(Rejected, match="other-text-alone"):
        calls.create("call", **{text: "a hint"})
    made = calls.create("call", **{picklist: other, text: "a hint"})
    with pytest.raises(Rejected, match="other-text-missing"):
        calls.update("call", made, **{text: None})
    calls.update("call", made, name="unconcerned")
    calls.update("call", made, **{picklist: plain})
    assert calls.get("call", made)[text] is None
    calls.update("call", made, **{picklist: other, text: "another"})
    assert calls.get("call", made)[text] == "another"


def test_a_layout_shows_the_words_with_the_value(calls: Studio) -> None:
    """Without the layout saying so."""

    def shown(unit: Any) -> list[str]:
        found = conditions_of(unit.runtime.model.objects["call"].layouts["default"])
        return [f"{each.field}: {each.visible[0].text}" for each in found.places]

    assert calls.read(shown) == [
        'source_words: ISPICKVAL(source, "other")',
        'topic_words: INCLUDES(topics, "other")',
    ]
