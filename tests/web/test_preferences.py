"""What a person sets for themselves is kept as it was chosen, or refused with all that is wrong in it."""

from __future__ import annotations

import html

import pytest

from tests.web.conftest import Person


def _kept(person: Person) -> tuple[object, object]:
    return person.value("user", person.user_id, "language"), person.value("user", person.user_id, "time_zone")


def test_what_is_chosen_is_kept(person: Person) -> None:
    sent = {"language": "zh-CN", "zone": "Asia/Shanghai", "theme": "dark", "density": "compact"}
    assert person.post("/preferences", sent).status_code == 303
    assert _kept(person) == ("zh-CN", "Asia/Shanghai")
    page = person.get("/preferences").text
    for value in ("zh-CN", "dark", "compact"):
        assert f'<option value="{value}" selected' in page.replace(' lang="zh-CN"', "")
    assert "<option selected>Asia/Shanghai" in page


def test_what_is_not_sent_stays(person: Person) -> None:
    before = _kept(person)
    assert person.post("/preferences", {"theme": "light"}).status_code == 303
    assert _kept(person) == before


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_choice_that_there_is_not_is_named(person: Person, language: str) -> None:
    """And nothing is kept of what was right beside it."""
    assert person.post("/preferences", {"language": language}).status_code == 303
    before = _kept(person)
    answer = person.post("/preferences", {"language": "fr", "zone": "Moon/Tycho", "theme": "dark", "density": "huge"})
    assert answer.status_code == 400
    said = html.unescape(answer.text)
    for wrong in ("fr", "Moon/Tycho", "huge"):
        assert f"“{wrong}”" in said
    assert "“dark”" not in said
    assert ("不在可选范围内" in said) == (language == "zh-CN")
    assert _kept(person) == before
    assert '<option value="dark" selected' not in person.get("/preferences").text


def test_a_page_that_is_not_there_is_shown_as_all_the_others(person: Person) -> None:
    """In the language and look that somebody has chosen, whatever the browser says; a stranger's browser decides."""
    assert person.post("/preferences", {"language": "zh-CN", "theme": "dark"}).status_code == 303
    nowhere = person.get("/nowhere", accept_language="en")
    assert nowhere.status_code == 404
    assert "页面不存在" in nowhere.text
    assert 'data-theme="dark"' in nowhere.text
    person.client.cookies.clear()
    stranger = person.get("/nowhere", accept_language="en")
    assert stranger.status_code == 404 and "Nothing is here" in stranger.text
