"""What automations cost an import: the same file into the same records, without any and with three on the object.

    python -m tests.benchmarks.automating [--rows 100000] [--database sqlite] [--rounds 3]

One sets a field of every record while it is saved, one runs afterwards for every tenth, one for every hundredth and
makes a record for each. Told are the seconds that passed, the CPU seconds of this process among them (without those
of a database server), and the most memory of its own that it held with and without them, looked at after every batch:
not the pages of the SQLite file that the system lends it (on Linux, which tells them apart; elsewhere all that was ever
held).
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dougong.cli import temporary_postgresql as postgresql
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.jobs import run_due
from dougong.engine.publish import Publication, publish
from dougong.engine.transfer import sheets
from dougong.engine.transfer.importing import run_import
from dougong.metadata.component import Component
from dougong.metadata.trees import Tree
from tests.benchmarks import report
from tests.companies import PACKAGES, opened, tree_of

LABEL = {"en": "Load", "zh-CN": "负载"}
FIELDS = {
    "name": {"type": "text", "label": LABEL, "required": True, "unique": True},
    "amount": {"type": "integer", "label": LABEL},
    "level": {"type": "text", "label": LABEL},
    "note": {"type": "text", "label": LABEL},
    "parent": {"type": "lookup", "label": LABEL, "target": "load"},
}


def _automation(own: str, when: str, steps: list[dict[str, Any]], **trigger: Any) -> Component:
    name = f"load.{own}"
    said = {"type": "record", "on": ["create", "change"], **trigger}
    body = {"kind": "automation", "name": name, "object": "load", "label": LABEL, "trigger": said, "when": when}
    return Component("automation", name, {**body, "steps": steps})


AUTOMATIONS = (
    _automation(
        "level",
        "ISNEW() || ISCHANGED(amount)",
        [{"key": "level", "do": "set", "with": {"level": 'IF(amount > 500, "high", "low")'}}],
        before_save=True,
    ),
    _automation(
        "tenth",
        "MOD(amount, 10) = 0 && ISCHANGED(amount)",
        [{"key": "note", "do": "set", "with": {"note": '"tenth " & TEXT(amount)'}}],
    ),
    _automation(
        "hundredth",
        "MOD(amount, 100) = 0 && ISCHANGED(amount)",
        [{"key": "make", "do": "create", "with": {"object": "load_note", "values": {"name": "name", "about": "id"}}}],
    ),
)


def tree(automated: bool) -> Tree:
    """Package base, two small objects, and the automations where wanted."""
    base = tree_of(PACKAGES / "base")
    note = {"name": FIELDS["note"] | {"required": True}, "about": {**FIELDS["parent"]}}
    made = [
        Component(kind, name, body)
        for own, fields in (("load", FIELDS), ("load_note", note))
        for kind, name, body in _object(own, fields)
    ]
    return Tree.of((*base.components.values(), *made, *(AUTOMATIONS if automated else ())))


def _object(own: str, fields: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "object", own, {"kind": "object", "name": own, "label": LABEL, "title": {"field": "name"}}
    for field, body in fields.items():
        yield "field", f"{own}.{field}", {"kind": "field", "name": f"{own}.{field}", **body}


def file(rows: int, turn: int) -> bytes:
    """The file that gives each record another amount than the time before."""
    lines = (f"L{number:07},{number * 7 % 1000 + turn}" for number in range(rows))
    return "\n".join(("Name,Amount", *lines)).encode()


MAPPING = {"object": "load", "columns": {"Name": {"field": "name"}, "Amount": {"field": "amount"}}}


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of an import and of the runs that it set off, CPU seconds of both, MiB of the most memory held."""

    importing: float
    running: float
    cpu: float
    memory: int


def load(company: Company, rows: int, turn: int) -> Taken:
    """Import once and carry out what that sets off."""
    held = [_held()]
    table = sheets.read("load.csv", file(rows, turn))
    started, begun = time.perf_counter(), time.process_time()
    done = run_import(company, SYSTEM, table, mapping=MAPPING, key=("name",), progress=lambda *_: held.append(_held()))
    imported = time.perf_counter()
    assert not done.problems, next(iter(done.problems.values()))
    while run_due(company):
        held.append(_held())
    return Taken(imported - started, time.perf_counter() - imported, time.process_time() - begun, max(held))


def _held() -> int:
    try:
        said = re.search(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        said = None
    return int(said[1]) // 1024 if said else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@contextmanager
def company(kind: str, automated: bool) -> Iterator[Company]:
    """A company of its own in a new database."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # the database server runs as somebody else
        if kind == "sqlite":
            with closing(opened(f"sqlite:///{folder}/load.sqlite3")) as found:
                publish(found, Publication(tree=tree(automated), message="load"))
                yield found
            return
        server = postgresql.shared(Path(folder))
        try:
            with postgresql.database(server) as url, closing(opened(url)) as found:
                publish(found, Publication(tree=tree(automated), message="load"))
                yield found
        finally:
            server.stop()


def main() -> None:
    """Measure in turn, the best of each counts; print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with company(given.database, False) as plain, company(given.database, True) as automated:
        for each in (plain, automated):
            load(each, given.rows, 0)
        turns = range(1, given.rounds + 1)
        found = [(load(plain, given.rows, turn), load(automated, given.rows, turn)) for turn in turns]
    without = min(each.importing for each, _ in found)
    importing, running = min(each.importing for _, each in found), min(each.running for _, each in found)
    held = [max(each.memory for each in some) for some in zip(*found, strict=True)]
    report.say(f"{given.database}, {given.rows:,} rows updated, seconds:")
    report.say(f"  without automations        {without:6.2f}")
    report.say(f"  with three                 {importing:6.2f}  ({importing / without:.2f} times)")
    report.say(f"  and what they set off      {running:6.2f}  ({(importing + running) / without:.2f} times in all)")
    cpu = [min(each.cpu for each in some) for some in zip(*found, strict=True)]
    report.say(f"  of these CPU, of ours      {cpu[1]:6.2f}  ({cpu[1] / cpu[0]:.2f} times in all)")
    report.say(f"  most memory held           {held[1]:6} MiB, without automations {held[0]} MiB")


if __name__ == "__main__":
    main()
