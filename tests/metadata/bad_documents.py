"""One thing wrong with the workshop, case by case: name → changes (see `workshop.changed`).

What is reported is in `bad_documents.txt`, in both languages; ``python -m tests.metadata.bad_documents`` writes it
anew, to be read before it is kept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dougong.engine.fields  # noqa: F401  the field types
from dougong.base.errors import Problem
from dougong.metadata.check import check
from dougong.metadata.documents import Documents, read_texts
from tests.metadata import (
    bad_access,
    bad_approvals,
    bad_assignments,
    bad_automations,
    bad_channels,
    bad_files,
    bad_formulas,
    bad_message_templates,
    bad_objects,
    bad_packages,
    bad_pages,
    bad_pools,
    bad_scenarios,
    bad_service_levels,
)
from tests.metadata.unsound import package
from tests.metadata.workshop import changed

GOLDEN = Path(__file__).with_name("bad_documents.txt")

CASES: dict[str, dict[str, Any]] = {
    **bad_access.CASES,
    **bad_files.CASES,
    **bad_objects.CASES,
    **bad_formulas.CASES,
    **bad_pages.CASES,
    **bad_approvals.CASES,
    **bad_automations.CASES,
    **bad_assignments.CASES,
    **bad_channels.CASES,
    **bad_message_templates.CASES,
    **bad_pools.CASES,
    **bad_service_levels.CASES,
    **bad_scenarios.CASES,
}
"""Cases in the company's own layer."""

OVERLAYS = bad_packages.OVERLAYS
PACKAGES = bad_packages.PACKAGES | bad_approvals.PACKAGES

NAMES = (*CASES, *OVERLAYS, *PACKAGES)


def read(name: str) -> Documents:
    """The documents of a case."""
    if name in CASES:
        return read_texts(changed(CASES[name]))
    if name in OVERLAYS:
        found = read_texts(changed({"package.json": package("base", namespace=None)}))
        return _both(found, OVERLAYS[name])
    found = read_texts(changed({}))
    for files in PACKAGES[name].values():
        found = _both(found, files)
    return found


def _both(found: Documents, files: dict[str, Any]) -> Documents:
    one = read_texts({file: json.dumps(body, ensure_ascii=False, indent=2).encode() for file, body in files.items()})
    return Documents((*found.components, *one.components), (*found.problems, *one.problems))


def written(problem: Problem) -> str:
    """A problem with everything that it says."""
    place = problem.place
    where = f"{place.file or '-'}:{place.line or 0}:{place.column or 0} {place.pointer or ''}".rstrip()
    return f"{problem.code}  {problem.thing}\n  {where}\n  {problem.text('en')}\n  {problem.text('zh-CN')}\n"


def reported(name: str) -> str:
    """What checking says to a case."""
    return f"## {name}\n" + "".join(map(written, check(read(name)).problems))


if __name__ == "__main__":
    GOLDEN.write_text("\n".join(reported(name) for name in NAMES), "utf-8")
