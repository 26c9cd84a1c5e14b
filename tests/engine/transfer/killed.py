"""A process that imports a file until it is killed: python -m tests.engine.transfer.killed ADDRESS FILE STOP."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from dougong.engine.actor import SYSTEM
from dougong.engine.transfer import batches, sheets
from dougong.engine.transfer.importing import run_import
from tests.companies import opened

BATCH = 20


def main(address: str, file: str, stop: int) -> None:
    """Import; within batch `stop`, its rows saved and not committed, say so and wait to be killed."""
    seen = 0
    carry_out = batches.carry_out

    def waiting(*arguments: object) -> object:
        nonlocal seen
        outcome = carry_out(*arguments)  # type: ignore[arg-type]
        seen += 1
        if seen == stop:
            sys.stdout.write("waiting\n")
            sys.stdout.flush()
            time.sleep(60)
        return outcome

    sys.modules["dougong.engine.transfer.importing"].carry_out = waiting  # type: ignore[attr-defined]
    table = sheets.read(os.path.basename(file), Path(file).read_bytes())
    run_import(opened(address), SYSTEM, table, object_name="account", key=("external_no",), batch=BATCH)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
