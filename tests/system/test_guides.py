"""What the guides tell people to type does what the guides say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from dougong.base.hooks import Specifications, plugin_manager
from dougong.base.step_types import STEP_TYPES
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query, Sort
from dougong.engine.saving.batch import Create
from dougong.metadata.building.automations import build_automation
from dougong.metadata.index import Index
from dougong.metadata.layers import effective
from dougong.web.api.records import default_columns
from dougong.workflows.automations import kept
from tests.companies import ADMINISTRATOR, company_copy, person, sales  # noqa: F401
from tests.conftest import missing
from tests.forked import caller
from tests.system.serving import Place, serving
from tests.workflows.automations.conftest import all_runs, make, press, values, with_automation

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"(?:^`(?P<file>[^`\n]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
SERVER = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("database_kind", "guide"), [("sqlite", "first-object.md"), ("postgresql", "api.md")], ids=["first-object", "api"]
)
def test_every_command_of_a_guide_does_what_it_says(sales: Company, tmp_path: Path, guide: str) -> None:  # noqa: F811
    """In one shell, in the order of the page: files are written, commands succeed, and print what stands below them.

    What the commands do is tested on both kinds of database where it is done; a guide is read once.
    """
    if shutil.which("curl") is None:
        missing("the API guide is written for curl, which is not installed")
    place = Place(sales.database.writers.url.render_as_string(hide_password=False), tmp_path)
    caller(programs := tmp_path / "programs")
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    told: list[str] = []
    script = ["set -e"]
    with serving(place, 1) as (server,):
        for block in BLOCK.finditer((DOCS / guide).read_text("utf-8").replace(SERVER, server.url)):
            if block["file"]:
                (tmp_path / block["file"]).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / block["file"]).write_text(block["text"], "utf-8")
            elif block["kind"] == "sh":
                done = subprocess.run(
                    ["bash", "-c", "\n".join([*script, "exec 2>&1", block["text"]])],
                    cwd=tmp_path, env=place.environment() | {"PATH": path}, capture_output=True, text=True, timeout=120,
                )  # fmt: skip
                assert done.returncode == 0, (block["text"], done.stdout)
                told = done.stdout.splitlines()
                script += re.findall(r"^\w+=\$\(.*\)$", block["text"], re.MULTILINE)
            elif block["kind"] == "text":
                for line in block["text"].splitlines():
                    at = next((at for at, said in enumerate(told) if line.strip() in said), None)
                    assert at is not None, f"nothing printed says {line!r}: {told}"
                    told = told[at + 1 :] if guide == "first-object.md" else told[at:]
        assert "Traceback" not in server.said()


def example(file: str, has: str) -> dict[str, Any]:
    """What the one Python example of the guide that contains `has` defines, read as the file it would stand in."""
    blocks = BLOCK.finditer((DOCS / "plugins.md").read_text("utf-8"))
    (source,) = (each["text"] for each in blocks if each["kind"] == "python" and has in each["text"])
    found: dict[str, Any] = {}
    exec(compile(source, file, "exec"), found)
    return found


def test_the_plugin_of_the_guide_hides_what_it_says(sales: Company) -> None:  # noqa: F811
    """From those who are not administrators: the row and the field, and only those."""
    found = example("discretion.py", "class Discretion")
    sales.hooks = plugin_manager([found["plugin"]]).hook
    names = (found["CONFIDENTIAL"], "Open Optics")
    make = [Create("account", {"name": name, "record_type": "enterprise"}) for name in names]
    sales.write(SYSTEM, lambda unit: unit.records.save(make))
    seen = {}
    for login in ("admin", "li"):
        with sales.read(person(sales, login, ADMINISTRATOR)) as unit:
            every = unit.records.query(Query(object="account", columns=("name",), sort=(Sort("name"),)))
            account = unit.runtime.model.objects["account"]
            seen[login] = [row.values[0] for row in every.rows], "annual_revenue" in default_columns(unit, account)
    assert seen == {"admin": ([*names], True), "li": ([names[1]], False)}


def test_the_step_of_the_guide_does_what_it_says(sales: Company, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """In an automation: its formula is compiled, every record of a run is stamped, and the run keeps the answer."""
    monkeypatch.setattr(STEP_TYPES, "_entries", {**STEP_TYPES})
    hooks = plugin_manager([example("stamping.py", "class Stamp(")["Stamping"]()]).hook
    for step_type in chain.from_iterable(hooks.step_types()):
        STEP_TYPES.add(step_type)
    steps = [{"key": "seal", "do": "stamp", "with": {"text": '"Seen: " & name'}}]
    body = {"trigger": {"type": "button"}, "steps": steps}
    with sales.read(SYSTEM) as unit:
        index = Index(effective(revisions.tree_of(unit.connection, unit.runtime.revision)))
    with_automation(sales, build_automation(index, "contact.stamping", body))
    account = make(sales, "account", name="Wu Pumps", record_type="enterprise")
    ids = [make(sales, "contact", name=name, account=account) for name in ("Li", "Wang")]
    press(sales, "contact.stamping", *ids)
    assert [values(sales, "contact", id)["notes"] for id in ids] == ["Seen: Li", "Seen: Wang"]
    (run,) = all_runs(sales)
    with sales.read(SYSTEM) as unit:
        (note,) = kept.notes_of(unit, run.id)
    assert (run.status, note.state, note.output) == ("done", "done", {"stamped": 2})


def test_the_guide_names_every_hook() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (DOCS / "plugins.md").read_text("utf-8"), re.MULTILINE)
    assert rows and set(rows) == {name for name in vars(Specifications) if not name.startswith("_")}
