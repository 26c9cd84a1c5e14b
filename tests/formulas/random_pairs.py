"""Random formulas over rows of awkward values, held against Python on both databases.

``DOUGONG_PAIRS=100000`` asks for so many pairs of a formula and a row; ``DOUGONG_SEED`` repeats a run, whose seed is
printed. CI tries the same pairs every time, like all random tests.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table

from tests.formulas.sql_rows import Database, filled

ROWS = 60
PAIRS = int(os.environ.get("DOUGONG_PAIRS", "18000"))
SEED = int(os.environ.get("DOUGONG_SEED") or (0 if os.environ.get("CI") else random.SystemRandom().randrange(10**9)))
MOST_REFUSED = max(2 * PAIRS // ROWS // 20, 1)
"""How many of the formulas may have no SQL, on both databases together: 5 of 100."""

KINDS = (("sqlite", 18), ("postgresql", 39))


def mixed(pools: Mapping[str, Sequence[Any]], seed: int = 11) -> list[dict[str, Any]]:
    """Rows in which every value of every pool stands beside many others; the same for the same seed."""
    chosen = random.Random(seed)
    return [{name: chosen.choice(pool) for name, pool in pools.items()} for _ in range(ROWS)]


@contextmanager
def compared(
    url: Callable[[str], str], table: Callable[[], Table], rows: list[dict[str, Any]]
) -> Iterator[list[Database]]:
    """A database of each kind that holds `rows`."""
    made = [filled(url(kind), digits, table(), rows) for kind, digits in KINDS]
    try:
        yield made
    finally:
        for each in made:
            each.engine.dispose()


def on_pairs(*strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Run a function on as many random formulas as `PAIRS` asks for, each of which is tried on every row."""
    sys.stdout.write(f"DOUGONG_SEED={SEED} DOUGONG_PAIRS={PAIRS}\n")

    def decorate(agree: Callable[..., None]) -> Callable[[], None]:
        chosen = settings(
            max_examples=max(PAIRS // ROWS, 1),
            deadline=None,
            database=None,
            derandomize=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        tried: Callable[[], None] = hypothesis.seed(SEED)(chosen(given(*strategies)(agree)))
        return tried

    return decorate
