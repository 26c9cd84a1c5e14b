"""Publishes one change again and again, killed each time at another statement, and says what was found after each.

    python -m tests.engine.killed_publish URL

Prints one JSON object a line: {"at": statement, "killed": bool, "revision": state, "values": …, "columns": …}.
Run by `test_publish_killed`, in a process of its own because it forks and its children kill themselves.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from dougong.engine import revisions, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.plan import plan
from dougong.engine.publish import Publication, publish
from dougong.metadata.component import Component
from dougong.metadata.tree import Tree
from tests.companies import opened

LABEL = {"en": "Extra", "zh-CN": "附加"}


def field(name: str, **body: Any) -> Component:
    """A field component."""
    return Component("field", name, {"kind": "field", "name": name, "label": LABEL, **body})


def changed(tree: Tree) -> Tree:
    """`tree` with a field of another type, a new unique key, a new field and a new object: every kind of step."""
    bicycle = tree.components["object:bicycle"]
    constraint = {"by_model": {"type": "unique", "fields": ["model"]}}
    gear = {"kind": "object", "name": "gear", "label": LABEL, "title": {"field": "name"}, "id": "gear00000001"}
    return tree.put(
        field("bicycle.extra", id="extra0000001", type="integer"),
        field("bicycle.colour", id="colour000001", type="text", length=20),
        Component("object", "bicycle", {**bicycle.body, "constraints": {**bicycle.body["constraints"], **constraint}}),
        Component("object", "gear", gear),
        field("gear.name", id="gearname0001", type="text", length=40),
    )


def in_child(work: Callable[[], None]) -> int:
    """Fork and do `work`; the signal that ended the child, 0 for none."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def kill_at(number: int) -> None:
    """Kill this process before its statement `number` through SQLAlchemy, commits included."""
    count = 0

    def counted(*_: Any) -> None:
        nonlocal count
        count += 1
        if count >= number:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", counted)
    event.listen(Engine, "commit", counted)


def state(company: Company) -> dict[str, Any]:
    """What a reader sees: which tree is in force, and the values in it."""
    with company.read(SYSTEM) as unit:
        table = unit.runtime.storage.tables["bicycle"]
        rows = unit.connection.execute(select(table.parts["extra"][0]).order_by(table.table.c.frame_number))
        return {
            "hash": revisions.tree_of(unit.connection, unit.runtime.revision).content_hash,
            "values": [row[0] for row in rows],
            "parts": sorted(table.parts),
            "left": unit.connection.execute(select(tables.preparations)).all() == [],
        }


def warm(url: str) -> tuple[Tree, Tree]:
    """The trees before and after; this process has planned the publish by then, and what it forks need not start cold.

    Without the freeze, each fork would copy all that is imported as soon as it looks for circles in it.
    """
    with closing(opened(url)) as company:
        with company.read(SYSTEM) as unit:
            before = revisions.tree_of(unit.connection, unit.runtime.revision)
        after = changed(before)
        plan(company, Publication(tree=after))
        state(company)
    gc.collect()
    gc.freeze()
    return before, after


def main(url: str, step: int) -> None:
    """Try every `step`th statement until a publish comes through alive."""
    before, after = warm(url)
    at, signalled = 1, 9

    def killed() -> None:
        kill_at(at)
        publish(opened(url), Publication(tree=after))

    def look(label: str, then: Tree | None = None) -> Callable[[], None]:
        """What a program finds that was not there when it happened, and the publish with which it goes on."""

        def work() -> None:
            company = opened(url)
            print(json.dumps({"at": at, "when": label, "signal": signalled, **state(company)}), flush=True)  # noqa: T201
            if then is not None:
                publish(company, Publication(tree=then))

        return work

    while signalled:
        signalled = in_child(killed)
        in_child(look("killed", after))
        in_child(look("again", before))
        in_child(look("back"))
        at += step


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
