"""Every sentence that people may read exists in every language, with the same placeholders."""

from __future__ import annotations

import string
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from dougong.formulas import FUNCTIONS

ROOT = Path(__file__).parents[1]
ROOMS = ("platform", "metadata", "formulas", "workflows", "themes", "plugins")
CATALOGS = sorted((ROOT / "themes/dougong/themes/locale").glob("*/*.po"))
MARKS = ("msg", "_", "ngettext")
"""What Python and templates call to mark a text; its first argument is the key of the catalog."""


def extract(file: BinaryIO, suffix: str) -> Iterator[Any]:
    """Marked texts as Babel gives them: line, mark, the text or all texts of the call, comments."""
    if suffix == ".py":
        yield from extract_python(file, dict.fromkeys(MARKS), (), {"encoding": "utf-8"})
    else:
        yield from babel_extract(file, MARKS, (), {"encoding": "utf-8"})


def extracted() -> Iterator[tuple[str, str]]:
    """Every marked (text, place). A marked text that is no literal comes as an empty one."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix not in (".py", ".html", ".txt"):
                continue
            with path.open("rb") as file:
                for line, _mark, texts, _comments in extract(file, path.suffix):
                    first = texts if isinstance(texts, str) else next(iter(texts or ()), "")
                    yield first or "", f"{path.relative_to(ROOT)}:{line}"
    for each in FUNCTIONS.values():
        yield each.help.text, f"formula function {each.name}"


def used() -> Mapping[str, list[str]]:
    """Places by text."""
    found = defaultdict(list)
    for text, place in extracted():
        found[text].append(place)
    return found


USED = used()


def read(path: Path) -> Catalog:
    """The catalog in a `.po` file."""
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def key(message_id: str | tuple[str, ...] | list[str]) -> str:
    """The text under which a message is looked up: the singular."""
    return message_id if isinstance(message_id, str) else message_id[0]


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """A text, or its singular and plural, as a list."""
    return [text or ""] if isinstance(text, str | None) else list(text)


def test_what_is_marked_is_found() -> None:
    """The extraction itself works, or the tests below could not fail."""
    assert USED["Serve the pages and the API."][0].startswith("platform/dougong/cli/")


@pytest.mark.parametrize("language", ["zh_CN"])
def test_every_text_is_translated(language: str) -> None:
    known = {key(message.id) for path in CATALOGS if path.parent.name == language for message in read(path)}
    lacking = {text: places for text, places in USED.items() if text and text not in known}
    assert not lacking, "\n".join(f"{places[0]}: {text!r}" for text, places in sorted(lacking.items()))


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_catalog_is_whole(path: Path) -> None:
    """No entry is empty, fuzzy, unused or short of a placeholder."""
    wrong = []
    for message in read(path):
        if not message.id:
            continue
        if message.fuzzy or not all(forms(message.string)):
            wrong.append(f"not translated: {message.id!r}")
        if key(message.id) not in USED:
            wrong.append(f"used nowhere: {message.id!r}")
        # A plural may leave out the number that a singular implies, so each is held against all names.
        names = set().union(*map(placeholders, forms(message.id)))
        wrong += [f"other placeholders: {text!r}" for text in forms(message.string) if placeholders(text) != names]
    assert not wrong, "\n".join(wrong)


def test_no_two_catalogs_disagree() -> None:
    """One English text has one translation, whichever room says it."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in CATALOGS:
        for message in read(path):
            if message.id:
                found[path.parent.name, key(message.id)].add("|".join(forms(message.string)))
    assert not {text: said for text, said in found.items() if len(said) > 1}
