"""Layouts that depend on the record, as forms and record pages show them. None of it needs a script."""

from __future__ import annotations

import re

from tests.web.conftest import Person, fields

LOST = '<section class="sec" id="s-lost"'
SCRIPTED = {"HX_Request": "true", "HX_Request_Type": "partial"}


def edit(person: Person) -> str:
    return f"/o/opportunity/{person.ids['deal1']}/edit"


def state(page: str, name: str) -> str:
    """What the form says of a field that depends on the record."""
    found = re.search(rf'id="w-{name}" data-when="(\w*)"', page)
    assert found
    return found[1]


def test_a_section_is_shown_where_its_condition_holds(person: Person) -> None:
    """What was typed elsewhere is still there when the form is drawn again."""
    page = person.get(edit(person)).text
    assert f"{LOST} hidden" in page
    assert state(page, "lost_reason") == "hidden"
    form = fields(page) | {"stage": "lost", "name": "Typed meanwhile"}
    again = person.post(f"{edit(person)}?refresh=form", form, **SCRIPTED).text
    assert LOST in again
    assert f"{LOST} hidden" not in again
    assert state(again, "lost_reason") in ("", "required")
    assert 'value="Typed meanwhile"' in again
    assert person.value("opportunity", person.ids["deal1"], "name") == "Deal 1"


def test_the_form_asks_again_when_what_decides_changes(person: Person) -> None:
    page = person.get(edit(person)).text
    found = re.search(r'data-refresh="([^"]*)"', page)
    assert found
    assert "stage" in found[1].split()


def test_what_is_typed_into_a_place_that_then_goes_is_not_meant(person: Person) -> None:
    """The note of a lost deal, typed before the stage was set back, is not kept."""
    form = person.form(edit(person), {"lost_note": "Too dear", "next_step": "Call again"})
    assert person.post(edit(person), form).status_code == 303
    assert person.value("opportunity", person.ids["deal1"], "lost_note") is None
    assert person.value("opportunity", person.ids["deal1"], "next_step") == "Call again"


def test_a_place_that_comes_with_the_change_is_saved(person: Person) -> None:
    """Without scripts the form is sent with the stage alone: it comes back with what the stage asks for."""
    answer = person.post(edit(person), person.form(edit(person), {"stage": "lost"}))
    assert answer.status_code == 422
    assert f"{LOST} hidden" not in answer.text
    form = fields(answer.text) | {"lost_reason": "price", "lost_note": "Too dear"}
    assert person.post(edit(person), form).status_code == 303
    assert person.value("opportunity", person.ids["deal1"], "lost_note") == "Too dear"


def test_the_record_page_shows_what_concerns_the_record(person: Person) -> None:
    url = f"/o/opportunity/{person.ids['deal1']}?tab=more"
    page = person.get(url).text
    assert LOST not in page
    form = person.form(edit(person), {"stage": "lost", "lost_reason": "price"})
    assert person.post(edit(person), form).status_code == 303
    assert LOST in person.get(url).text
