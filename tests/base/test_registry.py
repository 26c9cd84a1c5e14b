"""A registry: one entry per name, the nearest name for a wrong one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dougong.base.registry import Registry


@dataclass(frozen=True)
class Entry:
    """Something with a name; `mark` tells two of the same name apart."""

    name: str
    mark: int = 0


@pytest.fixture
def registry() -> Registry[Entry]:
    """Three entries."""
    filled: Registry[Entry] = Registry("field type")
    for name in ("text", "currency", "date"):
        filled.add(Entry(name))
    return filled


def test_entries_come_in_the_order_of_registration(registry: Registry[Entry]) -> None:
    assert [*registry] == ["text", "currency", "date"]
    assert len(registry) == 3
    assert registry["date"] == Entry("date")


def test_a_name_is_taken_once(registry: Registry[Entry]) -> None:
    with pytest.raises(ValueError, match="field type 'text' is registered twice") as caught:
        registry.add(Entry("text", mark=1))
    assert "mark=0" in str(caught.value)
    assert "mark=1" in str(caught.value)
    assert registry["text"].mark == 0


def test_importing_a_module_again_is_no_second_registration(registry: Registry[Entry]) -> None:
    entry = registry["text"]
    assert registry.add(entry) is entry


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("currancy", "unknown field type 'currancy'; did you mean 'currency'?"),
        ("xyz", "unknown field type 'xyz'"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(registry: Registry[Entry], name: str, message: str) -> None:
    with pytest.raises(LookupError) as caught:
        registry[name]
    assert str(caught.value) == message
    assert name not in registry


def test_a_class_registers_one_instance() -> None:
    registry: Registry[Entry] = Registry("kind")

    @registry.register
    class Plain(Entry):
        def __init__(self) -> None:
            super().__init__("plain")

    assert isinstance(registry["plain"], Plain)
