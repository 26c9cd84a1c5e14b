"""The pages for people name only what exists."""

from __future__ import annotations

import ast
import json
import re
from importlib import resources
from pathlib import Path

import pytest

import dougong.engine.fields  # noqa: F401  registers the field types
from dougong.metadata.check import check
from dougong.metadata.documents import read_folder, read_texts
from scripts import problems

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert re.match(r"https?:", target) or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_json_examples_are_json(page: Path) -> None:
    for example in re.findall(r"^```json\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        json.loads(example)


def test_the_object_of_the_readme_passes_the_check() -> None:
    """Beside the packages that ship, as a company's own, it has no problem at all."""
    (text,) = re.findall(r"^```json\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    shipped = resources.files("dougong.metadata") / "packages"
    read = [read_folder(shipped / name) for name in ("base", "sales-core")]
    own = read_texts({"object/site_visit.json": text.encode()})
    found = check([each for documents in (*read, own) for each in documents.components])
    assert [*own.problems, *(each for each in found.problems if "site_visit" in each.thing)] == []
    assert "object:site_visit" in found.tree.components


def test_the_objects_of_the_page_of_constraints_pass_the_check() -> None:
    """Beside the packages that ship, and a room to book."""
    texts = re.findall(r"^```json\n(.*?)^```", (ROOT / "docs/constraints.md").read_text("utf-8"), re.M | re.S)
    objects = {body["name"]: text for text in texts if (body := json.loads(text)).get("kind") == "object"}
    room = {"kind": "object", "name": "room", "label": {"en": "Room"}, "title": {"field": "name"},
            "fields": {"name": {"type": "text", "label": {"en": "Name"}}}}  # fmt: skip
    own = read_texts(
        {f"object/{name}.json": text.encode() for name, text in (*objects.items(), ("room", json.dumps(room)))}
    )
    shipped = resources.files("dougong.metadata") / "packages"
    read = [read_folder(shipped / name) for name in ("base", "sales-core")]
    found = check([each for documents in (*read, own) for each in documents.components])
    assert set(objects) == {"booking", "stock_move", "list_price"}
    assert [*own.problems, *(each for each in found.problems if any(name in each.thing for name in objects))] == []


def test_make_targets_named_in_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"`make ([a-z]+)`", page.read_text(encoding="utf-8")))
        assert named <= targets, page


def test_the_page_of_problems_says_what_the_code_says() -> None:
    assert problems.PAGE.read_text(encoding="utf-8") == problems.page(), "run: make reference"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('Problem(code="a-b", reason=msg("R."), fix=msg("F."))', [("a-b", "R.", "F.")]),
        ('def f():\n    why = msg("R.")\n    return refuse(x, "a-b", why, msg("F."))', [("a-b", "R.", "F.")]),
        ('refuse("a-b", msg("R {name}.", name=1))', [("a-b", "R {name}.", "")]),
        ('Problem(code="a-b", reason=reason)', []),
        ('print("a-b")', []),
    ],
)
def test_problems_are_found_in_code(code: str, found: list[tuple[str, str, str]]) -> None:
    """However the code is given: by name, in order, by way of a variable."""
    scopes = problems.scopes(ast.parse(code))
    calls = [(node, scope) for scope in scopes for node in ast.walk(scope) if isinstance(node, ast.Call)]
    assert [entry for call, scope in calls for entry in problems.reported(call, scope)] == found


def test_the_first_fill_of_the_page_of_fills_is_that_of_the_sales_package() -> None:
    """As it ships, but for its identity and a quantity that may be blank."""
    text = re.findall(r"^```json\n(.*?)^```", (ROOT / "docs/fill.md").read_text("utf-8"), re.M | re.S)[0]
    shipped = resources.files("dougong.metadata") / "packages/sales-core/fill/quote_line/unit_price.json"
    body = json.loads(shipped.read_text("utf-8"))
    body["where"] = body["where"].replace("BLANKVALUE($Record.quantity, 0)", "$Record.quantity")
    assert json.loads(text) == {"again": "until_edited", **{key: body[key] for key in body if key != "id"}}
