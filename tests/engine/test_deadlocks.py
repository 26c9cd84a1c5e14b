"""Two writes that wait for each other both succeed: one of them is begun anew."""

from __future__ import annotations

import contextlib
import threading

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit


def test_crossing_writes_both_happen(sales: Company) -> None:
    made = sales.write(
        SYSTEM,
        lambda unit: unit.records.save(
            [Create("account", {"name": name, "record_type": "enterprise"}) for name in ("One", "Two")]
        ),
    ).changes
    first, second = (each.id for each in made)
    meeting = threading.Barrier(2, timeout=2)
    runs: list[str] = []

    def crossing(one: str, other: str, name: str) -> None:
        def work(unit: Unit) -> None:
            runs.append(name)
            unit.records.save([Update("account", one, {"short_name": name})])
            with contextlib.suppress(threading.BrokenBarrierError):
                meeting.wait()  # both hold one record now; where writers queue, the second never comes
            unit.records.save([Update("account", other, {"short_name": name})])

        sales.write(SYSTEM, work)

    threads = [
        threading.Thread(target=crossing, args=pair) for pair in ((first, second, "left"), (second, first, "right"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with sales.read(SYSTEM) as unit:
        names = {unit.records.get("account", each).values["short_name"] for each in (first, second)}
        versions = [unit.records.get("account", each).version for each in (first, second)]
    assert len(names) == 1
    assert versions == [3, 3]
    assert len(runs) == (3 if sales.database.kind == "postgresql" else 2)
