"""The three sections of every field type's template, in both languages."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import dougong.themes
from dougong.base.field_types import FIELD_TYPES, Reading
from dougong.web.assets import Assets
from dougong.web.composer.sections import Sections
from dougong.web.context import Context
from dougong.web.templates import Templates
from tests.engine.fields.case import CHINESE, ENGLISH, Case
from tests.engine.fields.cases import CASES

THEME = Path(dougong.themes.__file__ or "").parent / "default"
TEMPLATES = Templates([THEME], Assets(THEME))
SECTIONS = Sections(TEMPLATES)
HOSTILE = '"><script>alert(1)</script>'
INPUTS = {"input", "select", "textarea"}


class Page(HTMLParser):
    """Every start tag with its attributes; the tags that were left open."""

    def __init__(self, source: str) -> None:
        """Read `source`."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in ("input", "img", "br", "path", "use"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, which closes itself."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close the tag."""
        if tag not in ("br", "p") or tag in self.open:
            assert self.open.pop() == tag


def rendered(case: Case, section: str, value: Any, reading: Reading, **more: Any) -> Page:
    """One section as a page has it."""
    field = case.field
    template = TEMPLATES.environment(reading.language).from_string(SECTIONS.of(field, section))
    listed = field.picklist.values.values() if field.picklist else ()
    names = {
        "f": field,
        "v": value,
        "r": reading,
        "x": Context.of(reading, TEMPLATES.icons, {}),
        "currency": "CNY",
        "id": "i-thing",
        "n": "thing",
        "t": field.type.form(field, value, reading),
        "e": (),
        "required": False,
        "options": [(each.value, each.label[reading.language], each.colour) for each in listed],
    }
    return Page(template.render(names | more))


def every(fits: Any = lambda case: True) -> pytest.MarkDecorator:
    """Parametrise over all cases that fit."""
    return pytest.mark.parametrize("case", [case for case in CASES if fits(case)], ids=lambda case: case.id)


@every()
@pytest.mark.parametrize("reading", [ENGLISH, CHINESE], ids=["en", "zh-CN"])
@pytest.mark.parametrize("section", ["cell", "show", "edit"])
def test_sections_render(case: Case, reading: Reading, section: str) -> None:
    """Every value and the blank, without inline script, style or handler, every tag closed."""
    for value in (None, *case.values):
        page = rendered(case, section, value, reading)
        assert page.open == []
        for tag, attributes in page.tags:
            assert tag not in ("script", "style")
            assert not any(name == "style" or name.startswith("on") for name in attributes)


@every(lambda case: case.field.type.writable)
def test_edit_has_inputs_that_a_form_can_read(case: Case) -> None:
    """Every enabled input has a name of the field; the label's target is there; errors are tied to it."""
    page = rendered(case, "edit", case.values[0], ENGLISH, e=("Wrong.",), required=True)
    inputs = [attributes for tag, attributes in page.tags if tag in INPUTS]
    assert inputs
    assert all((each.get("name") or "").partition(".")[0] == "thing" for each in inputs)
    marked = [attributes for _, attributes in page.tags if attributes.get("id") == "i-thing"]
    assert len(marked) == 1
    assert marked[0].get("aria-describedby") == "e-i-thing"


@every(lambda case: case.name in ("text", "long_text", "person_name", "auto_number", "rich_text", "barcode"))
def test_text_is_escaped(case: Case) -> None:
    """What a person typed never becomes markup."""
    for section in ("cell", "show", "edit"):
        page = rendered(case, section, HOSTILE, ENGLISH, t=HOSTILE)
        assert "script" not in {tag for tag, _ in page.tags}


@every(lambda case: case.name != "boolean")
def test_blank_is_said_on_the_record_and_not_in_lists(case: Case) -> None:
    """A record says that nothing is filled in; a list stays quiet."""
    template = TEMPLATES.environment("zh-CN")
    field = case.field
    names = {"f": field, "v": None, "r": CHINESE, "x": Context.of(CHINESE, TEMPLATES.icons, {}), "currency": "CNY"}
    assert "未填写" in template.from_string(SECTIONS.of(field, "show")).render(names)
    assert template.from_string(SECTIONS.of(field, "cell")).render(names).strip() == ""


def test_every_type_has_its_template() -> None:
    """A type without one would break the first page that shows it."""
    for kind in FIELD_TYPES.values():
        assert (THEME / "templates" / kind.template).is_file(), kind.name
