"""Languages: which text a reader gets."""

from __future__ import annotations

import pytest

from dougong.base.language import Message, catalog, label, msg, translate


@pytest.mark.parametrize(
    ("labels", "language", "expected"),
    [
        ({"en": "Stage", "zh-CN": "销售阶段"}, "zh-CN", "销售阶段"),
        ({"en": "Stage", "zh-CN": "销售阶段"}, "en", "Stage"),
        ({"en": "Stage", "zh-CN": "销售阶段"}, "fr", "Stage"),
        ({"en": "Colour", "zh-CN": "颜色"}, "en-GB", "Colour"),
        ({"zh-CN": "销售阶段"}, "en", "销售阶段"),
        ({"en": "Stage"}, "zh-CN", "Stage"),
        ({}, "en", "api_name"),
        (None, "en", "api_name"),
    ],
)
def test_a_label_is_never_empty(labels: dict[str, str] | None, language: str, expected: str) -> None:
    """Own language, its base, English, any, the name: in that order."""
    assert label(labels, language, "api_name") == expected


@pytest.mark.parametrize(
    ("message", "language", "expected"),
    [
        (msg("Commands"), "en", "Commands"),
        (msg("Commands"), "zh-CN", "命令"),
        (msg("Commands"), "fr", "Commands"),
        (msg("no such sentence {n}", n=1), "zh-CN", "no such sentence 1"),
        (msg("Did you mean '{name}'?", name="serve"), "zh-CN", "是否要输入“serve”？"),
        (msg("Did you mean '{name}'?", name={"en": "a", "zh-CN": "甲"}), "zh-CN", "是否要输入“甲”？"),
        (msg("Did you mean '{name}'?", name=msg("Commands")), "zh-CN", "是否要输入“命令”？"),
        (msg("{n} problem", "{n} problems", n=1), "en", "1 problem"),
        (msg("{n} problem", "{n} problems", n=0), "en", "0 problems"),
        (msg("{n} problem", "{n} problems", n=2), "zh-CN", "2 个问题"),
        (msg("{n} problem", "{n} problems", n=1), "zh-CN", "1 个问题"),
    ],
)
def test_a_message_is_said_in_the_readers_language(message: Message, language: str, expected: str) -> None:
    assert message.to(language) == expected


def test_a_message_speaks_english_when_nobody_asks() -> None:
    assert str(msg("Commands")) == "Commands"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_language_without_a_catalog_has_no_messages(language: str) -> None:
    assert not catalog(language)


def test_braces_of_a_text_without_values_stay() -> None:
    """A sentence about JSON is no template."""
    assert translate("en", "Write {} for an empty object.") == "Write {} for an empty object."
