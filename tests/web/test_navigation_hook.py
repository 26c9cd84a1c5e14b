"""What plugins add to the navigation stands there for whom they add it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from dougong.base.hooks import hook, plugin_manager
from tests.web.conftest import Person

GAUGE = {"label": {"en": "Gauges <b>", "zh-CN": "仪表"}, "url": "/gauges", "icon": "gauge"}


class Plugin:
    """Adds `entries` for the person of one name."""

    def __init__(self, entries: list[Mapping[str, Any]], name: str) -> None:
        """Remember what to add, and for whom."""
        self.entries, self.name = entries, name

    @hook
    def navigation(self, actor: Any) -> Iterable[Mapping[str, Any]]:
        """The entries, for one person alone."""
        return self.entries if actor.name == self.name else []


@pytest.mark.parametrize(("name", "there"), [("Li Lei", True), ("Han Mei", False)])
def test_a_plugin_adds_entries_for_whom_it_likes(person: Person, name: str, there: bool) -> None:
    person.company.hooks = plugin_manager([Plugin([GAUGE], name)]).hook
    page = person.get("/o/account").text
    assert ('href="/gauges"' in page) == there
    assert ("Gauges &lt;b&gt;" in page) == there
    assert "Gauges <b>" not in page


@pytest.mark.parametrize("wrong", [{"url": "/x"}, {"label": "X", "url": "javascript:alert(1)"}, {"label": "X"}])
def test_an_entry_that_leads_nowhere_is_a_mistake(person: Person, wrong: Mapping[str, Any]) -> None:
    person.company.hooks = plugin_manager([Plugin([wrong], "Li Lei")]).hook
    assert person.get("/o/account").status_code == 500
