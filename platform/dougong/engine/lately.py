"""What a company was asked lately, asked again under a model to come.

Statements, templates and plans are made by the first request that needs them, and that one waits: for a record page of
a company of usual size ten times as long as for the next. So the process that is about to serve a revision rehearses:
it does again, under the new model and in a read that nobody sees, what people were doing a moment ago.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import structlog

from dougong.engine.actor import SYSTEM
from dougong.engine.audit import log as audit_log
from dougong.engine.beside import beside_requests
from dougong.engine.runtime import Runtime
from dougong.engine.unit import Unit

if TYPE_CHECKING:
    from dougong.engine.company import Company

Again = Callable[[Unit], object]
"""Does something again in a unit that only reads, in which nobody acts yet."""

MOST = 12
LATELY_SECONDS = 300.0
"""How many kinds of request are rehearsed, and for how long one counts as asked lately."""

_log = structlog.get_logger()


class Lately:
    """The last request of each kind."""

    def __init__(self) -> None:
        """Nothing so far."""
        self._asked: OrderedDict[Hashable, tuple[float, Again]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, kind: Hashable, again: Again) -> None:
        """Something of this `kind` was done, and `again` would do it once more, without writing anything."""
        with self._lock:
            self._asked[kind] = time.monotonic(), again
            self._asked.move_to_end(kind)
            if len(self._asked) > MOST:
                self._asked.popitem(last=False)

    def rehearse(self, company: Company, runtime: Runtime) -> None:
        """Do again what was done lately, under `runtime`, whose tables and columns must be there.

        What fails is left to the request that will need it: who asked may have gone, or the record.
        """
        since = time.monotonic() - LATELY_SECONDS
        with self._lock:
            asked = [(kind, again) for kind, (at, again) in self._asked.items() if at >= since]
        with beside_requests():
            for kind, again in asked:
                try:
                    _rehearse(company, runtime, again)
                except Exception as error:
                    _log.info("not rehearsed", company=company.name, kind=str(kind), error=str(error))


def _rehearse(company: Company, runtime: Runtime, again: Again) -> None:
    with company.read(SYSTEM) as opened:
        try:
            again(Unit(company, opened.connection, runtime, SYSTEM, opened.now, people=opened.people))
        finally:
            audit_log.pending(opened.connection).clear()  # nobody has read anything
