"""What statements were compiled to, found again in no time where the same statement is executed again."""

from __future__ import annotations

from typing import Any
from weakref import ref

from sqlalchemy.util import LRUCache

MOST = 500
"""How many compiled statements an engine keeps, and for how many it knows the object."""
MOST_MET = 5000
"""How many objects it has met once and may meet again."""
MOST_ASKED = 2000
"""How many questions it keeps for the driver (`asking`)."""


class Compiled(LRUCache[Any, Any]):
    """SQLAlchemy's memory of compiled statements (`compiled_cache`), which knows those that are kept by their object.

    SQLAlchemy looks a statement up by the hash of all its parts, made anew for each execution: 16 µs for one of the
    fifteen of a record page, a twentieth of the page. One that is kept has the same key each time, a tuple: once that
    tuple has come twice, it is found by its identity, and to compare keys is to see that their parts are the same
    objects. What is built anew for each execution comes but once, and is found by its hash as ever.
    """

    __slots__ = ("_asked", "_known", "_met", "_questions")

    def __init__(self) -> None:
        """Nothing compiled yet."""
        super().__init__(MOST)
        self._known: dict[int, tuple[Any, Any]] = {}
        self._met: set[int] = set()
        self._questions: dict[int, Any] = {}
        self._asked: dict[int, tuple[ref[Any], int]] = {}

    def get(self, key: Any, default: Any = None) -> Any:
        """What was compiled for `key`: the dialect, the key of the statement, the names of the parameters given."""
        identity = id(key[1])
        known = self._known.get(identity)
        if known is not None and known[0] == key:
            return known[1]
        compiled = super().get(key, default)
        if compiled is not None:
            self._meet(identity, key, compiled)
        return compiled

    def _meet(self, identity: int, key: Any, compiled: Any) -> None:
        if identity in self._met:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[identity] = (key, compiled)
        else:
            if len(self._met) >= MOST_MET:
                self._met.clear()
            self._met.add(identity)

    def question(self, statement: Any) -> Any:
        """What was kept for this very statement; None where nothing was."""
        kept = self._questions.get(id(statement))
        return kept[1] if kept is not None and kept[0] is statement else None

    def meets(self, statement: Any) -> bool:
        """Note that a statement was executed; True where its object has come twice before, and likely comes again."""
        if len(self._asked) >= MOST_MET:
            self._asked.clear()
        met, times = self._asked.get(id(statement), (None, 0))
        if met is None or met() is not statement:  # that one is gone, and this one is where it was
            met, times = ref(statement), 0
        self._asked[id(statement)] = met, times + 1
        return times >= 2

    def keep(self, statement: Any, question: Any) -> None:
        """Keep `question` for `statement`."""
        if len(self._questions) >= MOST_ASKED:
            self._questions.clear()
        self._questions[id(statement)] = statement, question
