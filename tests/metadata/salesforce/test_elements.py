"""docs/from-salesforce.md has the place of every element that real files hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from dougong.metadata.salesforce.sources import read

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT.parent / "shared" / "sfdx_sample"
DOCS = (ROOT / "docs" / "from-salesforce.md").read_text("utf-8")

needs_sample = pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample of Salesforce metadata is not here")

ENUMERATIONS = {
    "allowedSubmitters.type": "Who submits",
    "approvalStep.assignedApprover.approver.type": "Who is asked",
    "rules.triggerType": "When a rule is asked",
    "fieldUpdates.operation": "What a field becomes",
    "alerts.recipients.type": "Who is told",
}
"""Elements whose values have a table of their own, and how its heading begins."""


def part(heading: str) -> str:
    """What stands below a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    below = DOCS.partition(f"\n{heading}")[2]
    return re.split(rf"\n#{{1,{len(level)}}} ", below)[0]


def named(text: str) -> set[str]:
    """What the first columns of the tables in `text` name."""
    rows = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def elements(root: Element, above: str = "") -> Iterator[tuple[str, str]]:
    """Every element below `root`: its path and its text."""
    for each in root:
        path = f"{above}.{each.tag}".lstrip(".")
        yield path, (each.text or "").strip()
        yield from elements(each, path)


def unnamed(pattern: str, heading: str) -> set[str]:
    """What files hold and the docs do not name: elements, and values of those that are enumerated."""
    place = named(part(heading))
    actions, operations = named(part("### What is done")), named(part("### Operations of criteria"))
    missing = set()
    for path in SAMPLE.glob(pattern):
        for name, text in elements(read(path)):
            if name not in place:
                missing.add(name)
            table = next((begin for key, begin in ENUMERATIONS.items() if key == name), None)
            if table is not None and text not in named(part(f"### {table}")):
                missing.add(f"{name}={text}")
            if re.search(r"[aA]ctions(\.action)?\.type$", name) and text not in actions:
                missing.add(f"{name}={text}")
            if name.endswith("criteriaItems.operation") and text not in operations:
                missing.add(f"{name}={text}")
    return missing


@needs_sample
@pytest.mark.parametrize(
    ("pattern", "heading", "least"),
    [
        ("**/*.approvalProcess*", "## Approval processes", 1),
        ("**/workflows/*.workflow*", "## Workflow rules and their actions", 1),
    ],
)
def test_every_element_of_real_files_has_a_place(pattern: str, heading: str, least: int) -> None:
    """Elements, types of actions, operations, triggers, recipients."""
    assert len(list(SAMPLE.glob(pattern))) >= least
    assert unnamed(pattern, heading) == set()


def test_every_row_says_where_or_why_not() -> None:
    """No row is empty; what is not expressible has a reason."""
    rows = [line for line in DOCS.splitlines() if line.startswith("| `")]
    assert len(rows) > 70
    cells = [re.split(r"(?<!\\)\|", row.strip().strip("|")) for row in rows]
    assert [row for row, each in zip(rows, cells, strict=True) if not each[1].strip()] == []
    assert [row for row in rows if "not expressible" in row and "because" not in row] == []
