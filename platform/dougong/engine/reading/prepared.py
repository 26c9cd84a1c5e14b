"""A bounded memory of statements that are ready to run, kept by the runtime of one revision."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from dougong.engine.runtime import Runtime

T = TypeVar("T")

LARGEST = 2000
"""How many statements one process keeps of one revision; past it, all are forgotten."""


def prepared(runtime: Runtime, key: Hashable, build: Callable[[], T], kind: str = "reading") -> T:
    """What `build` makes, made once per revision and `key`. Each `kind` has a memory of its own."""
    memory: dict[Hashable, Any] = runtime.prepared.setdefault(kind, {})
    found = memory.get(key)
    if found is None:
        if len(memory) >= LARGEST:
            memory.clear()
        found = memory[key] = build()
    return found
